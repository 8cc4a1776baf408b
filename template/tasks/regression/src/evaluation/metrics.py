"""Metrics of a regression: targets and predictions are numbers of shape (rows,)."""

from typing import Any

from numpy.typing import NDArray
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from .base import Metric

Array = NDArray[Any]


def _mae(target: Array, prediction: Array) -> float:
    return float(mean_absolute_error(target, prediction))


def _rmse(target: Array, prediction: Array) -> float:
    return float(root_mean_squared_error(target, prediction))


def _r2(target: Array, prediction: Array) -> float:
    return float(r2_score(target, prediction))


METRICS = {
    "mae": Metric("Mean absolute error", _mae, higher_is_better=False, in_unit=True),
    "rmse": Metric("Root mean squared error", _rmse, higher_is_better=False, in_unit=True),
    "r2": Metric("R²", _r2, higher_is_better=True),
}
