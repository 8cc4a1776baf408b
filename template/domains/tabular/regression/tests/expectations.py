"""What the tests expect of a regression."""

import math
from typing import Any

import numpy as np
import pytest

from project_package.data.schema import Schema
from project_package.data.splits import Split
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


def check_errors(errors: list[tuple[Any, Prediction]]) -> None:
    """Check truths and predictions: the largest errors, the largest first."""
    sizes = [abs(truth - prediction.value) for truth, prediction in errors]
    assert sizes == pytest.approx(sorted(sizes, reverse=True), rel=0.02)  # inputs are rounded
