"""Circular block bootstrap for overlapping forecasts (Politis and Romano, 1992).

Forecasts from successive origins share most of their target values: drawn one by one, they would make every interval
too narrow.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

# The noun for what is independent, and how many of them a promotion takes.
UNIT, MIN_UNITS = "non-overlapping forecasts", 1
# Longer blocks would leave so few of them that all resamples are nearly the same.
MIN_BLOCKS = 5


def unit_ids(target: NDArray[Any], groups: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """Return the number of the horizon-long period in which each forecast starts. Shape (origins,)."""
    ids: NDArray[np.int64] = np.arange(len(target)) // target.shape[1]
    return ids


def draw_rows(
    target: NDArray[Any], groups: NDArray[np.int64] | None, resamples: int, seed: int
) -> Iterator[NDArray[np.int64]]:
    """Yield the origins of each resample: blocks as long as the horizon, wrapping around at the end."""
    rng = np.random.default_rng(seed)
    origins, horizon = target.shape
    block = max(1, min(horizon, origins // MIN_BLOCKS))
    starts = rng.integers(origins, size=(resamples, -(-origins // block)))
    blocks = starts[:, :, None] + np.arange(block)
    yield from blocks.reshape(resamples, -1)[:, :origins] % origins
