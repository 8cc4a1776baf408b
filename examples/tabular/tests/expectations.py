"""What the tests expect of a classification."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from late_flights.data.schema import Schema
from late_flights.data.splits import Split, encode_target
from late_flights.evaluation.examples import rank_errors
from late_flights.evaluation.metrics import METRICS
from late_flights.serving.prediction import MAX_CLASSES, Prediction

# Models are scored by the area under the ROC curve: random predictions have 0.5, perfect ones 1.
METRIC, CHANCE = METRICS["roc_auc"], 0.5
# How the demo shows contributions of 0.25 and -0.02.
SHIFTS = ("odds × 1.28", "odds ÷ 1.02")


def baseline_predictions(train: Split, schema: Schema, rows: int) -> np.ndarray:
    """Return what the baseline predicts for each row: the frequency of each class. Shape (rows, classes)."""
    return np.tile([float((train.target == label).mean()) for label in schema.classes], (rows, 1))


def expected_target(predictions: np.ndarray) -> np.ndarray:
    """Return the expected class index of each row, from the probabilities."""
    return np.asarray(predictions @ np.arange(predictions.shape[1]))


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


def check_published(predictions: Sequence[Prediction], target: pd.Series, published: Mapping[str, Any]) -> None:
    """Check that the named classes are right as often as published."""
    right = [prediction.label == str(truth) for prediction, truth in zip(predictions, target, strict=True)]
    expected = published["accuracy"]["value"]
    assert np.mean(right) == pytest.approx(expected, abs=1e-4), f"{np.mean(right):.3f} are right, not {expected:.3f}"


def check_ranked_errors(schema: Schema, test: Split) -> None:
    """Check that the wrong predictions are ranked, the most confident first."""
    probabilities = np.random.default_rng(0).dirichlet(np.ones(len(schema.classes)), size=len(test.target))
    ranked = rank_errors(schema, test, probabilities)
    assert sorted(ranked) == np.flatnonzero(probabilities.argmax(axis=1) != encode_target(test.target, schema)).tolist()
    assert (np.diff(probabilities[ranked].max(axis=1)) <= 0).all()
