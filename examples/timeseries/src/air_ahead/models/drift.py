"""Seasonal naive with drift: the values of the last season plus the growth since the same step of the season before.

This is the forecast of an ARIMA(0,1,0)(0,1,0) model (Hyndman and Athanasopoulos, 2021, section 9.9); gaps of the series
are filled by it, too. Years have no season: the line through the first and the last value
of the history continues (the drift method, section 5.2).
"""

import numpy as np
from pydantic.dataclasses import dataclass

from ..config import STRICT
from ..data.schema import Schema
from ..data.splits import Split
from .base import TrainingContext
from .linear import Array, LinearForecaster, fit_linear, seasonal_naive


@dataclass(frozen=True, config=STRICT)
class Params:
    """No hyperparameters."""


def fit(train: Split, schema: Schema, params: Params, context: TrainingContext) -> LinearForecaster:
    """Return the forecast, whose weights need no training."""
    weights = drift_weights(train.features.shape[1], train.target.shape[1], schema.season)
    return fit_linear(train, schema, lambda _part: (weights, np.zeros(weights.shape[1])))


def drift_weights(history: int, horizon: int, season: int) -> Array:
    """Return the weights of the history, shape (history, horizon): each season ahead adds the growth once more."""
    steps = season if season > 1 else history - 1
    growth = np.zeros(history)
    growth[-1], growth[-1 - steps] = season / steps, -season / steps
    seasons_ahead = np.arange(horizon) // season + 1
    return seasonal_naive(history, horizon, season) + growth[:, None] * seasons_ahead
