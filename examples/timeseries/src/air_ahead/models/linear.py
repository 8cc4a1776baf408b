"""Forecasts that are linear in the history, which `baseline`, `ets` and `ridge` share."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from onnx import TensorProto, checker, helper, numpy_helper
from threadpoolctl import threadpool_limits

from ..data.schema import Schema
from ..evaluation.metrics import QUANTILES

Array = NDArray[np.float64]


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

    @classmethod
    def from_weights(cls, weights: Array, history: Array, target: Array, schema: Schema) -> LinearForecaster:
        """Return a forecaster without intercept whose interval comes from its errors on the training windows."""
        intercept = np.zeros(target.shape[1])
        errors = target - point_forecast(history, weights, intercept)
        return cls(weights, intercept, interval_offsets(errors), schema.limits)

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
    conformal prediction (Lei et al., 2018). Errors of a series are not exchangeable, so coverage is not guaranteed; it
    is measured on the test split instead.

    Args:
        errors: actual minus forecast, shape (origins, horizon).
    """
    level = min(QUANTILES[-1] * (1 + 1 / len(errors)), 1.0)
    below, above = (np.quantile(side, level, axis=0, method="inverted_cdf").clip(0) for side in (-errors, errors))
    return np.stack([-below, np.zeros_like(below), above], axis=1)
