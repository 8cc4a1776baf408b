"""Exponential smoothing with additive trend, damped or not, and additive season (Holt-Winters), by statsmodels.

See Hyndman and Athanasopoulos (2021), sections 8.2 and 8.3.
"""

from functools import partial
from typing import Any

import numpy as np
from pydantic.dataclasses import dataclass
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from ..config import STRICT
from ..data.schema import Schema
from ..data.splits import Split, join_windows
from .base import TrainingContext
from .linear import Array, LinearForecaster, fit_linear, single_thread


@dataclass(frozen=True, config=STRICT)
class Params:
    """Hyperparameters, as statsmodels names them."""

    damped_trend: bool


def fit(train: Split, schema: Schema, params: Params, context: TrainingContext) -> LinearForecaster:
    """Return the forecast with smoothing parameters that are estimated once, on the training series."""
    return fit_linear(train, schema, partial(fit_weights, season=schema.season, params=params))


def fit_weights(train: Split, season: int, params: Params) -> tuple[Array, Array]:
    """Return weights, shape (history, horizon), and an intercept of zeros.

    With fixed smoothing parameters the forecast is a weighted sum of the history. The weight of a step is the forecast
    for a history of zeros with a one at that step.
    """
    history, horizon = train.features.shape[1], train.target.shape[1]
    model: dict[str, Any] = {"trend": "add", "damped_trend": params.damped_trend}
    names = ["smoothing_level", "smoothing_trend", *(["damping_trend"] if params.damped_trend else [])]
    if season > 1:
        model |= {"seasonal": "add", "seasonal_periods": season}
        names.append("smoothing_seasonal")
    with single_thread():
        estimated = ExponentialSmoothing(join_windows(train).to_numpy(dtype=np.float64), **model).fit().params
        smoothing = {name: estimated[name] for name in names}
        weights = np.stack([_forecast(step, horizon, model, smoothing) for step in np.eye(history)])
    return weights, np.zeros(horizon)


def _forecast(series: Array, horizon: int, model: dict[str, Any], smoothing: dict[str, float]) -> Array:
    fitted = ExponentialSmoothing(series, **model, initialization_method="heuristic").fit(optimized=False, **smoothing)
    return np.asarray(fitted.forecast(horizon))
