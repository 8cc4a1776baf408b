"""Metrics have the values that are computed by hand."""

import math

import numpy as np
import pytest

from air_ahead.errors import UserError
from air_ahead.evaluation.metrics import METRICS
from air_ahead.evaluation.scores import primary_metric


@pytest.mark.parametrize(
    ("name", "expected"), [("mae", 1.0), ("rmse", math.sqrt(1.5)), ("pinball", 3.8 / 12), ("coverage", 0.75)]
)
def test_metrics_by_hand(name: str, expected: float) -> None:
    target = np.array([[0.0, 2.0], [4.0, 6.0]])
    median = np.array([[0.0, 3.0], [3.0, 8.0]])
    quantiles = np.stack([median - 1, median, median + 1], axis=-1)
    # Pinball losses: 0.1 + 0 + 0.1, 0 + 0.5 + 0.2, 0.2 + 0.5 + 0 and 0.9 + 1 + 0.3.
    assert METRICS[name].score(target, quantiles) == pytest.approx(expected)


def test_coverage_can_not_be_the_primary_metric() -> None:
    """The widest interval would be the best."""
    with pytest.raises(UserError, match=r"'coverage' is unknown; choose one of mae, rmse, pinball$"):
        primary_metric("coverage")
