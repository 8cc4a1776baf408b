"""Exponential smoothing with additive trend and season (Holt, 1957; Winters, 1960), by statsmodels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from ..config import STRICT
from ..data.schema import Schema
from ..data.splits import Split, encode_target, join_windows
from .base import TrainingContext
from .linear import LinearForecaster, single_thread


@dataclass(frozen=True, config=STRICT)
class Params:
    """Hyperparameters, as statsmodels names them."""

    damped_trend: bool


def fit(train: Split, schema: Schema, params: Params, context: TrainingContext) -> LinearForecaster:
    """Estimate the smoothing parameters once, on the training series.

    With fixed smoothing parameters the forecast is a weighted sum of the history. The weight of a step is the forecast
    for a history of zeros with a one at that step.
    """
    history, target = train.features.to_numpy(dtype=np.float64), encode_target(train.target, schema)
    model: dict[str, Any] = {"trend": "add", "damped_trend": params.damped_trend}
    names = ["smoothing_level", "smoothing_trend", *(["damping_trend"] if params.damped_trend else [])]
    if schema.season > 1:
        model |= {"seasonal": "add", "seasonal_periods": schema.season}
        names.append("smoothing_seasonal")
    with single_thread():
        estimated = ExponentialSmoothing(join_windows(train).to_numpy(dtype=np.float64), **model).fit().params
        smoothing = {name: estimated[name] for name in names}
        steps = np.eye(history.shape[1])
        weights = np.stack([_forecast(step, target.shape[1], model, smoothing) for step in steps])
    return LinearForecaster.from_weights(weights, history, target, schema)


def _forecast(
    series: NDArray[np.float64], horizon: int, model: dict[str, Any], smoothing: dict[str, float]
) -> NDArray[np.float64]:
    fitted = ExponentialSmoothing(series, **model, initialization_method="heuristic").fit(optimized=False, **smoothing)
    return np.asarray(fitted.forecast(horizon))
