"""Bootstrap resampling of whole groups of similar rows (Field and Welsh, 2007).

Rows of one group resemble each other: drawn one by one, they would make every interval too narrow.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

# The noun for what is drawn, and how many of them a promotion takes: with fewer, all resamples are nearly the same.
UNIT, MIN_UNITS = "groups", 5


def unit_ids(target: NDArray[Any], groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the id of the independent unit of each row: its group. Shape (rows,)."""
    return groups


def draw_rows(
    target: NDArray[Any], groups: NDArray[np.int64], resamples: int, seed: int
) -> Iterator[NDArray[np.int64]]:
    """Yield the row indices of each resample; `groups` holds the number of each row's group, counted from 0."""
    rng = np.random.default_rng(seed)
    rows = np.argsort(groups, kind="stable")
    members = np.split(rows, np.cumsum(np.bincount(groups))[:-1])
    for drawn in rng.integers(len(members), size=(resamples, len(members))):
        # Where each row is a group of its own, an index is a hundred times faster.
        yield rows[drawn] if len(members) == len(rows) else np.concatenate([members[group] for group in drawn])
