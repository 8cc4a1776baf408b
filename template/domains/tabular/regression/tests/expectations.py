"""What the tests expect of a regression."""

import math
from typing import Any

import numpy as np
import pytest

from project_package.data.schema import Column, Schema
from project_package.data.splits import Split
from project_package.evaluation.metrics import METRICS
from project_package.serving.prediction import Prediction

# A metric where higher is better, and its value for the mean.
METRIC, CHANCE = METRICS["r2"], 0.0
# A target of the demo's examples and shifts.
TARGET = Column("kind", "Kind", "number")
SHIFTS = ("+0.25", "-0.004")


def labels(numbers: np.ndarray) -> list[Any]:
    """Return a target that alternates between two values."""
    return [float(number % 2) for number in numbers]


def baseline_predictions(train: Split, schema: Schema, rows: int) -> np.ndarray:
    """Return the mean, for every row."""
    return np.full(rows, float(train.target.astype(float).mean()))


def direction_of(predictions: np.ndarray) -> np.ndarray:
    """Return a number per row that increases with the encoded target."""
    return predictions


def check_prediction(prediction: Prediction) -> None:
    """Check a prediction of the served model."""
    assert math.isfinite(prediction.value)


def check_response(response: Any, expected: Prediction) -> None:
    """Check a response of the API."""
    assert response == pytest.approx(expected.value, rel=1e-4)
