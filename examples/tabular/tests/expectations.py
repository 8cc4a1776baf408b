"""What the tests expect of a classification."""

from typing import Any

import numpy as np
import pytest

from second_look.data.schema import Column, Schema
from second_look.data.splits import Split
from second_look.evaluation.metrics import METRICS
from second_look.serving.prediction import MAX_CLASSES, Prediction

# A metric where higher is better, and its value for random predictions.
METRIC, CHANCE = METRICS["roc_auc"], 0.5
# A target of the demo's examples and shifts.
TARGET = Column("kind", "Kind", "category", choices=("even", "odd"))
SHIFTS = ("+25.0 points", "-0.4 points")


def labels(numbers: np.ndarray) -> list[Any]:
    """Return a target that alternates between two classes."""
    return ["odd" if number % 2 else "even" for number in numbers]


def baseline_predictions(train: Split, schema: Schema, rows: int) -> np.ndarray:
    """Return the frequency of each class, for every row."""
    return np.tile([float((train.target == label).mean()) for label in schema.classes], (rows, 1))


def direction_of(predictions: np.ndarray) -> np.ndarray:
    """Return a number per row that increases with the encoded target."""
    return predictions[:, -1]


def check_prediction(prediction: Prediction) -> None:
    """Check a prediction of the served model."""
    assert sum(prediction.probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert prediction.probabilities[prediction.label] == max(prediction.probabilities.values())


def check_response(response: Any, expected: Prediction) -> None:
    """Check a response of the API."""
    assert response["label"] == expected.label
    shown = {entry["label"]: entry["confidence"] for entry in response["confidences"]}
    assert len(shown) == min(len(expected.probabilities), MAX_CLASSES)
    assert all(expected.probabilities[label] == pytest.approx(value, abs=1e-6) for label, value in shown.items())
