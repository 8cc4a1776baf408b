"""The scores that a copy of the project reports."""

import math
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..config import Params, load_params
from ..data.loading import read_raw
from ..data.schema import Schema, load_schema
from ..data.splits import encode_target, split
from ..data.validation import validate
from ..evaluation.metrics import METRICS
from ..models.base import TrainingContext, fit_model
from ..paths import ProjectPaths

MAX_SAMPLES = 3000

Predictions = tuple[NDArray[Any], NDArray[np.float64]]


def predict(model: str, raw: Path, paths: ProjectPaths | None = None) -> Predictions:
    """Split the data, or evenly chosen rows of much data, train a model, return target and predictions of the test."""
    paths = paths or ProjectPaths()
    params, schema = load_params(paths.params), load_schema(paths.schema)
    rows, task = read_raw(raw, schema), str(schema.task)
    if task != "forecast" and len(rows) > MAX_SAMPLES:
        with suppress(ValueError):  # too few rows of a class
            return _train(model, rows[:: math.ceil(len(rows) / MAX_SAMPLES)], schema, params)
    return _train(model, rows, schema, params)


def _train(model: str, rows: Any, schema: Schema, params: Params) -> Predictions:
    splits = split(validate(rows, schema), schema, params.prepare)
    trained = fit_model(model, splits["train"], schema, params.train, TrainingContext(params.train.seed))
    return encode_target(splits["test"].target, schema), trained.predict(splits["test"].features)


def score(metric: str, predictions: Predictions) -> float:
    """Return the score of predictions by the metric of this name."""
    return METRICS[metric].score(*predictions)
