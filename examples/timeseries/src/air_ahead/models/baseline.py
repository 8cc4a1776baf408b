"""Seasonal naive: each step repeats the value of one season before (Hyndman and Athanasopoulos, 2021, section 5.2)."""

import numpy as np
from pydantic.dataclasses import dataclass

from ..config import STRICT
from ..data.schema import Schema
from ..data.splits import Split, encode_target
from .base import TrainingContext
from .linear import LinearForecaster


@dataclass(frozen=True, config=STRICT)
class Params:
    """No hyperparameters."""


def fit(train: Split, schema: Schema, params: Params, context: TrainingContext) -> LinearForecaster:
    """Return the seasonal naive forecast; years, which have no season, repeat the last one."""
    history, target = train.features.to_numpy(dtype=np.float64), encode_target(train.target, schema)
    weights = np.zeros((history.shape[1], target.shape[1]))
    for step in range(target.shape[1]):
        weights[step % schema.season - schema.season, step] = 1
    return LinearForecaster.from_weights(weights, history, target, schema)
