"""Metrics of a forecast: targets (origins, horizon), predictions are quantiles (origins, horizon, 3)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .base import Metric

Array = NDArray[Any]
# The limits of an 80% interval around the median.
QUANTILES = (0.1, 0.5, 0.9)


def _mae(target: Array, quantiles: Array) -> float:
    return float(np.abs(target - quantiles[..., 1]).mean())


def _rmse(target: Array, quantiles: Array) -> float:
    return float(np.sqrt(((target - quantiles[..., 1]) ** 2).mean()))


def _pinball(target: Array, quantiles: Array) -> float:
    error, levels = target[..., None] - quantiles, np.array(QUANTILES)
    return float(np.maximum(levels * error, (levels - 1) * error).mean())


def _is_covered(target: Array, quantiles: Array) -> Array:
    return np.asarray((quantiles[..., 0] <= target) & (target <= quantiles[..., 2]))


def _coverage(target: Array, quantiles: Array) -> float:
    return float(_is_covered(target, quantiles).mean())


METRICS = {
    "mae": Metric("Mean absolute error", _mae, higher_is_better=False, in_unit=True),
    "rmse": Metric("Root mean squared error", _rmse, higher_is_better=False, in_unit=True),
    "pinball": Metric("Pinball loss", _pinball, higher_is_better=False, in_unit=True),
    # Best at 0.8: an interval that contains more is too wide.
    "coverage": Metric("Coverage of the 80% interval", _coverage, higher_is_better=None, hits=_is_covered),
}
