"""Contributions in log-odds."""

import numpy as np
import pytest

from late_flights.serving.odds import format_odds, log_odds


def test_log_odds() -> None:
    np.testing.assert_allclose(log_odds(np.array([0.5, 0.75, 0.1])), [0.0, np.log(3), -np.log(9)])


def test_certain_predictions_have_finite_log_odds() -> None:
    low, high = log_odds(np.array([0.0, 1.0]))
    assert low == pytest.approx(-high)
    assert np.isfinite(high)


@pytest.mark.parametrize(
    ("shift", "expected"),
    [(np.log(2.5), "odds × 2.50"), (-np.log(12), "odds ÷ 12"), (np.log(1234), "odds × 1,234"), (0.0, "odds × 1.00")],
)
def test_a_contribution_is_a_factor_of_the_odds(shift: float, expected: str) -> None:
    assert format_odds(shift) == expected
