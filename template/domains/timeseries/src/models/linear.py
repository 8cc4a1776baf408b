"""The models, from the simplest to the most complex, and their way to ONNX.

Every model takes the history, shape (origins, steps), and answers with quantiles, shape (origins, horizon, 3): the
lower end of the interval, the forecast, the upper end (`metrics.QUANTILES`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import Ridge
from sklearn.model_selection import TimeSeriesSplit
from threadpoolctl import threadpool_limits

from .data import FOLDS, Schema, Split, encode_target, series_of
from .metrics import QUANTILES
from .mistakes import UserError
from .params import Train

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Linear:
    """Forecasts that are linear in the history; seasonal naive, exponential smoothing and ridge regression all are.

    Each step ahead is the origin's value, plus weights on how far each step before lies from it, plus `bias`: raise
    the whole history by 1, and the forecast rises by 1. Around it lie the ends of the interval. No quantile leaves
    `limits`.

    Attributes:
        weights: shape (steps of history, horizon).
        bias: shape (horizon,).
        sides: how far below and above the forecast each quantile lies, shape (horizon, 3).
        limits: the least and the most that is possible.
    """

    weights: Array
    bias: Array
    sides: Array
    limits: tuple[float, float]

    def predict(self, features: pd.DataFrame) -> Array:
        """Quantiles of shape (origins, horizon, 3)."""
        middle = forecast(features.to_numpy(dtype=np.float64), self.weights, self.bias)
        return np.asarray((middle[:, :, None] + self.sides).clip(*self.limits))


def forecast(history: Array, weights: Array, bias: Array) -> Array:
    """What is expected, shape (origins, horizon)."""
    level = history[:, -1:]
    return np.asarray(level + (history - level) @ weights + bias)


def fit(
    name: str,
    train: Split,
    schema: Schema,
    params: Train,
    checkpoint: Path | None = None,
    watch: Callable[[int, float], None] | None = None,
) -> Any:
    """The model called `name`, fitted to the training split.

    Args:
        name: one of `train.models` in `params.yaml`.
        train: the forecasts to learn from.
        schema: of the series.
        params: what each model may turn.
        checkpoint: where a training that takes long keeps its state, to go on after an interruption.
        watch: told the epoch and the held-out loss after each epoch, by a model that has epochs.

    Returns:
        A model with `predict`. A network has `export_onnx`, `history` and `facts` besides.

    Raises:
        ValueError: no model has that name.
    """
    if name == "deep" and params.deep:
        # Only a project that asked for a network has the module, and the libraries that it needs.
        return import_module(".deep", __package__).fit(train, schema, params, checkpoint, watch)
    history, target = train.features.to_numpy(dtype=np.float64), encode_target(train.target, schema)
    # One thread: parallel sums differ in their last bit from run to run, and with it the model's hash.
    with threadpool_limits(limits=1):
        if name == "baseline":
            return _baseline(history, target, schema)
        if name == "classical":
            return _classical(series_of(train), history, target, schema, damped=params.classical.damped)
        if name == "shallow":
            return _shallow(history, target, schema, params.shallow.alpha)
    raise UserError(f"no model is called {name!r}; see train.models in params.yaml")


def _baseline(history: Array, target: Array, schema: Schema) -> Linear:
    """Seasonal naive: every step will be what it was a season before; every year what the last one was."""
    weights = np.zeros((history.shape[1], target.shape[1]))
    for step in range(target.shape[1]):
        weights[step % schema.season - schema.season, step] = 1
    bias = np.zeros(target.shape[1])
    return Linear(weights, bias, _sides(target - forecast(history, weights, bias)), schema.limits)


def _classical(series: pd.Series, history: Array, target: Array, schema: Schema, *, damped: bool) -> Linear:
    """Exponential smoothing with trend and season, if there is one (Holt, 1957; Winters, 1960), by statsmodels.

    The smoothing constants are estimated once, on the training split. With these the forecast is a weighted sum of the
    history, and the weight of a step is what statsmodels answers to a history of zeros with a one at that step.
    """
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    method: dict[str, Any] = {"trend": "add", "damped_trend": damped}
    names = ["smoothing_level", "smoothing_trend", *(["damping_trend"] if damped else [])]
    if schema.season > 1:
        method |= {"seasonal": "add", "seasonal_periods": schema.season}
        names.append("smoothing_seasonal")
    known = method | {"initialization_method": "heuristic"}  # the level and season to begin with, from the history
    estimated = ExponentialSmoothing(series.to_numpy(dtype=np.float64), **method).fit().params
    constants = {name: estimated[name] for name in names}

    def answer(one: Array) -> Array:
        fitted = ExponentialSmoothing(one, **known).fit(optimized=False, **constants)
        return np.asarray(fitted.forecast(target.shape[1]))

    weights = np.stack([answer(one) for one in np.eye(history.shape[1])])
    bias = np.zeros(target.shape[1])
    return Linear(weights, bias, _sides(target - forecast(history, weights, bias)), schema.limits)


def _shallow(history: Array, target: Array, schema: Schema, alpha: float) -> Linear:
    """Ridge regression on how far each step of the history lies from the last one.

    What it was fitted to says too little about its errors, so the interval comes from the later half of the training
    split, forecast by fits to what lies before.
    """
    level = history[:, -1:]
    horizon = target.shape[1]
    # Less than half where that would leave nothing to fit: between the two lies a gap as long as a forecast.
    size = max(1, min(len(history) // (2 * FOLDS), (len(history) - horizon) // FOLDS))
    folds = TimeSeriesSplit(FOLDS, test_size=size, gap=horizon - 1)
    errors = []
    for earlier, later in folds.split(history):
        fitted = Ridge(alpha=alpha).fit((history - level)[earlier], (target - level)[earlier])
        # Of one step ahead, scikit-learn leaves the axis of the steps out.
        errors.append((target - level)[later] - fitted.predict((history - level)[later]).reshape(-1, horizon))
    fitted = Ridge(alpha=alpha).fit(history - level, target - level)
    weights, bias = fitted.coef_.reshape(horizon, -1).T.astype(np.float64), np.reshape(fitted.intercept_, horizon)
    return Linear(weights, bias, _sides(np.concatenate(errors)), schema.limits)


def _sides(errors: Array) -> Array:
    """How far the quantiles lie from the forecast, for each step ahead, shape (horizon, 3): (below, 0, above).

    They are quantiles of the errors, each end on its own (Linusson and others, 2014): a forecast that is usually too
    low needs more room above than below. The correction for the number of errors is that of split conformal prediction
    (Lei and others, 2018). Its guarantee is for errors that could come in any order, which those of a series are not:
    hence the measured coverage.
    """
    share = min(QUANTILES[-1] * (1 + 1 / len(errors)), 1.0)
    below, above = (np.quantile(one, share, axis=0, method="inverted_cdf").clip(0) for one in (-errors, errors))
    return np.stack([-below, np.zeros_like(below), above], axis=1)


def predict(model: Any, features: pd.DataFrame) -> Array:
    """Quantiles of shape (origins, horizon, 3)."""
    return np.asarray(model.predict(features), dtype=np.float64)


def export_onnx(model: Any, schema: Schema) -> bytes:  # noqa: ARG001  # every domain's takes it
    """The fitted model as ONNX: `history` float32 (origins, steps) → `answer` float32 (origins, horizon, 3)."""
    if hasattr(model, "export_onnx"):
        return bytes(model.export_onnx())
    # Here, since the evaluation, which imports this module too, exports nothing.
    from onnx import TensorProto, checker, helper, numpy_helper

    steps, horizon = model.weights.shape
    constants = {
        "last": np.array([steps - 1]),
        "weights": model.weights.astype(np.float32),
        "bias": model.bias.astype(np.float32),
        "third": np.array([2]),
        "sides": model.sides.astype(np.float32),
        "least": np.float32(model.limits[0]),
        "most": np.float32(model.limits[1]),
    }
    nodes = [
        helper.make_node("Gather", ["history", "last"], ["level"], axis=1),
        helper.make_node("Sub", ["history", "level"], ["distance"]),
        helper.make_node("MatMul", ["distance", "weights"], ["weighted"]),
        helper.make_node("Add", ["weighted", "bias"], ["change"]),
        helper.make_node("Add", ["level", "change"], ["middle"]),
        helper.make_node("Unsqueeze", ["middle", "third"], ["middles"]),
        helper.make_node("Add", ["middles", "sides"], ["quantiles"]),
        helper.make_node("Clip", ["quantiles", "least", "most"], ["answer"]),
    ]
    graph = helper.make_graph(
        nodes,
        "model",
        [helper.make_tensor_value_info("history", TensorProto.FLOAT, ["origins", steps])],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, ["origins", horizon, len(QUANTILES)])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    exported = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    checker.check_model(exported, full_check=True)
    return bytes(exported.SerializeToString())


def predict_onnx(exported: bytes, features: pd.DataFrame, schema: Schema) -> Array:
    """What the exported model answers, as it will when it serves; shaped like `predict`."""
    return loaded(exported, schema)(features)


def loaded(exported: bytes, schema: Schema) -> Callable[[pd.DataFrame], Array]:  # noqa: ARG001  # as above
    """The exported model, ready to answer again and again."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # as in the demo
    session = onnxruntime.InferenceSession(exported, options, providers=["CPUExecutionProvider"])

    def answer(features: pd.DataFrame) -> Array:
        history = features.to_numpy(dtype=np.float32)
        return np.asarray(session.run(["answer"], {"history": history})[0], dtype=np.float64)

    return answer


def export_difference(model: Any, exported: bytes, features: pd.DataFrame, schema: Schema) -> float:
    """The largest difference between the trained and the exported model's answers.

    Relative to how far the forecasts go from the origin's value: relative to a level of hundreds, a forecast of "as
    now" would be right.
    """
    trained = predict(model, features)
    scale = float(np.abs(trained - features.to_numpy(dtype=np.float64)[:, -1:, None]).max())
    return float(np.abs(trained - predict_onnx(exported, features, schema)).max()) / scale
