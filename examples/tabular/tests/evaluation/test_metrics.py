"""Metrics have the values that are computed by hand."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from late_flights.config import Evaluate
from late_flights.evaluation.metrics import METRICS
from late_flights.evaluation.scores import MIN_UNITS_OF_AN_INTERVAL, Truth, score_slices

TARGET = np.array([0, 1, 1, 0])
PROBABILITIES = np.array([[0.8, 0.2], [0.4, 0.6], [0.7, 0.3], [0.9, 0.1]])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("accuracy", 0.75),
        ("f1", (2 / 3 + 4 / 5) / 2),
        ("roc_auc", 1.0),
        ("average_precision", 1.0),
        ("brier", (0.04 + 0.16 + 0.49 + 0.01) / 4),
        ("log_loss", -(math.log(0.8) + math.log(0.6) + math.log(0.3) + math.log(0.9)) / 4),
    ],
)
def test_metrics_by_hand(name: str, expected: float) -> None:
    assert METRICS[name].score(TARGET, PROBABILITIES) == pytest.approx(expected)


@pytest.mark.parametrize("name", list(METRICS))
def test_perfect_probabilities_are_better_than_wrong_ones(name: str) -> None:
    perfect = np.eye(2)[TARGET]
    better = METRICS[name].score(TARGET, perfect) > METRICS[name].score(TARGET, 1 - perfect)
    assert better is METRICS[name].higher_is_better


def test_average_precision_is_stricter_than_roc_auc_with_a_rare_class() -> None:
    target = np.array([0] * 98 + [1] * 2)
    scores = np.concatenate([np.linspace(0, 0.9, 98), [0.89, 0.88]])
    probabilities = np.column_stack([1 - scores, scores])
    assert METRICS["roc_auc"].score(target, probabilities) > 0.97
    assert METRICS["average_precision"].score(target, probabilities) < 0.8


def test_rankings_ignore_classes_that_do_not_occur() -> None:
    probabilities = np.array([[0.8, 0.1, 0.1], [0.7, 0.1, 0.2], [0.1, 0.8, 0.1], [0.2, 0.6, 0.2]])
    for name in ("roc_auc", "average_precision"):
        assert METRICS[name].score(np.array([0, 0, 1, 1]), probabilities) == 1.0


def test_f1_ignores_classes_that_are_only_predicted() -> None:
    predictions = np.eye(2)[[0] * 9 + [1]]
    assert METRICS["f1"].score(np.zeros(10, dtype=int), predictions) == pytest.approx(2 * 0.9 / 1.9)


def test_a_ranking_of_a_slice_needs_two_classes_and_enough_rows_of_each() -> None:
    target = np.arange(100) < MIN_UNITS_OF_AN_INTERVAL - 1
    truth, slices = Truth(target.astype(int), np.arange(100)), np.where(np.arange(100) < 50, "both", "one class")
    params = Evaluate(metric="roc_auc", margin=0, confidence=0.9, resamples=100, seed=0, slices=[])
    labels: dict[str, Any] = {"half": pd.Categorical(slices)}
    scores = np.random.default_rng(0).random(100)
    probabilities = np.column_stack([1 - scores, scores])
    both, one_class = score_slices(METRICS["roc_auc"], truth, probabilities, labels, params)
    assert 0 < both["value"] < 1
    assert both["low"] is None
    assert one_class["value"] is None
