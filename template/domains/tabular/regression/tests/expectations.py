"""What the tests expect of a regression."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from project_package.data.schema import Schema
from project_package.data.splits import Split, encode_target
from project_package.evaluation.examples import rank_errors
from project_package.evaluation.metrics import METRICS
from project_package.serving.prediction import Prediction

# Models are scored by R²: the mean has 0, perfect predictions 1.
METRIC, CHANCE = METRICS["r2"], 0.0
# How the demo shows contributions of 0.25 and -0.02.
SHIFTS = ("+0.25", "-0.02")


def baseline_predictions(train: Split, schema: Schema, rows: int) -> np.ndarray:
    """Return what the baseline predicts for each row: the mean. Shape (rows,)."""
    return np.full(rows, float(train.target.astype(float).mean()))


def expected_target(predictions: np.ndarray) -> np.ndarray:
    """Return the expected target of each row: the prediction itself."""
    return predictions


def check_prediction(prediction: Prediction) -> None:
    """Check a prediction of the served model."""
    assert math.isfinite(prediction.value)


def check_response(response: Any, expected: Prediction) -> None:
    """Check a response of the API."""
    assert response == pytest.approx(expected.value, rel=1e-4)


def check_published(predictions: Sequence[Prediction], target: pd.Series, published: Mapping[str, Any]) -> None:
    """Check that the shown values have the published error."""
    errors = [abs(prediction.value - truth) for prediction, truth in zip(predictions, target, strict=True)]
    expected = published["mae"]["value"]
    assert np.mean(errors) == pytest.approx(expected, rel=1e-4), (
        f"the error is {np.mean(errors):.3g}, not {expected:.3g}"
    )


def check_ranked_errors(schema: Schema, test: Split) -> None:
    """Check that all predictions are ranked, the one with the largest error first."""
    target = encode_target(test.target, schema)
    values = target + np.random.default_rng(0).normal(size=len(target))
    ranked = rank_errors(schema, test, values)
    assert sorted(ranked) == list(range(len(target)))
    assert (np.diff(np.abs(values - target)[ranked]) <= 0).all()
