"""Seasonal naive: each step repeats the value of one season before (Hyndman and Athanasopoulos, 2021, section 5.2)."""

import numpy as np
from pydantic.dataclasses import dataclass

from ..config import STRICT
from ..data.schema import Schema
from ..data.splits import Split
from .base import TrainingContext
from .linear import LinearForecaster, fit_linear, seasonal_naive


@dataclass(frozen=True, config=STRICT)
class Params:
    """No hyperparameters."""


def fit(train: Split, schema: Schema, params: Params, context: TrainingContext) -> LinearForecaster:
    """Return the seasonal naive forecast; years, which have no season, repeat the last one."""
    weights = seasonal_naive(train.features.shape[1], train.target.shape[1], schema.season)
    return fit_linear(train, schema, lambda _part: (weights, np.zeros(weights.shape[1])))
