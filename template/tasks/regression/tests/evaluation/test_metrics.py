"""Metrics have the values that are computed by hand."""

import math

import numpy as np
import pytest

from project_package.evaluation.metrics import METRICS


@pytest.mark.parametrize(("name", "expected"), [("mae", 1.0), ("rmse", math.sqrt(1.5)), ("r2", 1 - 6 / 20)])
def test_metrics_by_hand(name: str, expected: float) -> None:
    target, prediction = np.array([0.0, 2.0, 4.0, 6.0]), np.array([1.0, 2.0, 3.0, 8.0])
    assert METRICS[name].score(target, prediction) == pytest.approx(expected)


@pytest.mark.parametrize("name", list(METRICS))
def test_perfect_values_are_better_than_wrong_ones(name: str) -> None:
    target = np.array([0.0, 1.0, 1.0, 0.0])
    better = METRICS[name].score(target, target) > METRICS[name].score(target, 1 - target)
    assert better is METRICS[name].higher_is_better
