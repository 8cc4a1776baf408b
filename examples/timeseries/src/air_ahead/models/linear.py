"""Forecasts that are linear in the history, which `baseline`, `drift`, `ets` and `ridge` share."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from onnx import TensorProto, checker, helper, numpy_helper
from sklearn.model_selection import TimeSeriesSplit
from threadpoolctl import threadpool_limits

from ..data.schema import Schema
from ..data.splits import FOLDS, Split
from ..evaluation.metrics import QUANTILES

Array = NDArray[np.float64]
# Returns weights, shape (history, horizon), and an intercept, shape (horizon,), for windows.
FitWeights = Callable[[Split], tuple[Array, Array]]


@dataclass(frozen=True)
class LinearForecaster:
    """A linear point forecast with a prediction interval around it.

    Each step ahead is the last value, plus the weighted differences of the history from the last value, plus an
    intercept: a history that is higher by 1 gives a forecast that is higher by 1.

    Attributes:
        weights: shape (history, horizon).
        intercept: shape (horizon,).
        offsets: distance of each quantile from the point forecast, shape (horizon, 3).
        limits: smallest and largest possible value, to which the quantiles are clipped.
    """

    weights: Array
    intercept: Array
    offsets: Array
    limits: tuple[float, float]

    def predict(self, features: pd.DataFrame) -> Array:
        """Return quantiles of shape (origins, horizon, 3)."""
        points = point_forecast(features.to_numpy(dtype=np.float64), self.weights, self.intercept)
        return np.asarray((points[:, :, None] + self.offsets).clip(*self.limits))

    def export_onnx(self) -> bytes:
        """Return the model as ONNX: `history` (origins, history) → `quantiles` (origins, horizon, 3), both float32."""
        steps, horizon = self.weights.shape
        constants = {
            "last_index": np.array([steps - 1]),
            "weights": self.weights.astype(np.float32),
            "intercept": self.intercept.astype(np.float32),
            "quantile_axis": np.array([2]),
            "offsets": self.offsets.astype(np.float32),
            "minimum": np.float32(self.limits[0]),
            "maximum": np.float32(self.limits[1]),
        }
        nodes = [
            helper.make_node("Gather", ["history", "last_index"], ["last"], axis=1),
            helper.make_node("Sub", ["history", "last"], ["differences"]),
            helper.make_node("MatMul", ["differences", "weights"], ["weighted"]),
            helper.make_node("Add", ["weighted", "intercept"], ["change"]),
            helper.make_node("Add", ["last", "change"], ["points"]),
            helper.make_node("Unsqueeze", ["points", "quantile_axis"], ["columns"]),
            helper.make_node("Add", ["columns", "offsets"], ["unlimited"]),
            helper.make_node("Clip", ["unlimited", "minimum", "maximum"], ["quantiles"]),
        ]
        graph = helper.make_graph(
            nodes,
            "model",
            [helper.make_tensor_value_info("history", TensorProto.FLOAT, ["origins", steps])],
            [helper.make_tensor_value_info("quantiles", TensorProto.FLOAT, ["origins", horizon, len(QUANTILES)])],
            [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
        checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString())


def fit_linear(train: Split, schema: Schema, fit_weights: FitWeights) -> LinearForecaster:
    """Return a forecaster with weights that are fitted to all training windows, and the interval of unseen errors."""
    weights, intercept = fit_weights(train)
    return LinearForecaster(weights, intercept, interval_offsets(unseen_errors(train, fit_weights)), schema.limits)


def unseen_errors(train: Split, fit_weights: FitWeights) -> Array:
    """Return errors, actual minus forecast, on windows to which the weights were not fitted (rolling origin).

    The later half of the training windows is forecast in `FOLDS` parts, each with weights that are fitted to the
    windows before it. Windows between whose targets overlap with those of the part are left out.

    Returns:
        shape (origins, horizon).
    """
    count, horizon = train.target.shape
    # The later half, or less where that would leave nothing to fit before the gap.
    size = max(1, min(count // (2 * FOLDS), (count - horizon) // FOLDS))
    errors, rows = [], np.arange(count)
    for past, future in TimeSeriesSplit(FOLDS, test_size=size, gap=horizon - 1).split(rows):
        weights, intercept = fit_weights(train.take(np.isin(rows, past)))
        part = train.take(np.isin(rows, future))
        points = point_forecast(part.features.to_numpy(dtype=np.float64), weights, intercept)
        errors.append(part.target.to_numpy(dtype=np.float64) - points)
    return np.concatenate(errors)


def seasonal_naive(history: int, horizon: int, season: int) -> Array:
    """Return the weights, shape (history, horizon), with which each step repeats the value of one season before."""
    weights, steps = np.zeros((history, horizon)), np.arange(horizon)
    weights[steps % season - season, steps] = 1
    return weights


def point_forecast(history: Array, weights: Array, intercept: Array) -> Array:
    """Return the expected values, shape (origins, horizon)."""
    last = history[:, -1:]
    with single_thread():
        return np.asarray(last + (history - last) @ weights + intercept)


def single_thread() -> AbstractContextManager[object]:
    """Limit NumPy to one thread: parallel sums differ in the last bit, and so would the hash of the model."""
    limit: AbstractContextManager[object] = threadpool_limits(limits=1)
    return limit


def interval_offsets(errors: Array) -> Array:
    """Return the distance of each quantile from the point forecast, shape (horizon, 3): (below, 0, above).

    Each end is an empirical quantile of the errors (Linusson et al., 2014) with the finite-sample correction of split
    conformal prediction (Lei et al., 2018), and at least as far away as that of the step before: a forecast further
    ahead is not more certain, so a quantile that says so reflects the few errors. Errors of a series are not
    exchangeable, so coverage is not guaranteed; it is measured on the test split instead.

    Args:
        errors: actual minus forecast on windows to which the model was not fitted, shape (origins, horizon).
    """
    level = min(QUANTILES[-1] * (1 + 1 / len(errors)), 1.0)
    ends = (np.quantile(side, level, axis=0, method="inverted_cdf").clip(0) for side in (-errors, errors))
    below, above = (np.maximum.accumulate(end) for end in ends)
    return np.stack([-below, np.zeros_like(below), above], axis=1)
