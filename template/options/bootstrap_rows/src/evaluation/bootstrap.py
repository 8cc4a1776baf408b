"""Bootstrap resampling of independent rows (Efron and Tibshirani, 1993)."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

# The noun for what is drawn, and how many of them a promotion takes.
UNIT, MIN_UNITS = "rows", 1


def unit_ids(target: NDArray[Any], groups: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """Return the id of the independent unit of each row: the row itself. Shape (rows,)."""
    return np.arange(len(target))


def draw_rows(
    target: NDArray[Any], groups: NDArray[np.int64] | None, resamples: int, seed: int
) -> Iterator[NDArray[np.int64]]:
    """Yield the row indices of each resample, shape (rows,)."""
    rng = np.random.default_rng(seed)
    yield from rng.integers(len(target), size=(resamples, len(target)))
