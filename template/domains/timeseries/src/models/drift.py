"""Seasonal naive with drift: last season's values plus the mean change from one season to the next in the history.

Combines the seasonal naive and the drift method (Hyndman and Athanasopoulos, 2021, section 5.2). For years, which have
no season, it is the drift method: the line through the first and the last value of the history.
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
    """Return the weights of the history, shape (history, horizon): each season ahead adds the mean change once more."""
    pairs = history - season
    change = np.zeros(history)
    change[season:] += 1 / pairs
    change[:pairs] -= 1 / pairs
    seasons_ahead = np.arange(horizon) // season + 1
    return seasonal_naive(history, horizon, season) + change[:, None] * seasons_ahead
