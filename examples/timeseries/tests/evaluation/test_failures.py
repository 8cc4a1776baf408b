"""Forecasts with large errors come first, and the summary has the errors by step and the misses of the interval."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from air_ahead.evaluation.failures import MEASURE, describe_case, rank_cases, summarize_errors
from air_ahead.evaluation.scores import Outcome, Truth

SCHEMA: Any = SimpleNamespace(step="week", target=SimpleNamespace(unit="kg"))
TARGET = np.array([[1.0, 2.0], [5.0, 2.0]])
MEDIAN, HIGH = np.array([[1.0, 3.0], [1.0, 2.0]]), np.array([[2.0, 3.0], [4.0, 3.0]])
OUTCOME = Outcome(Truth(TARGET), np.stack([TARGET - 2, MEDIAN, HIGH], axis=-1))


def test_the_largest_error_comes_first_with_its_worst_step() -> None:
    assert rank_cases(SCHEMA, OUTCOME) == [1, 0]
    case = describe_case(SCHEMA, OUTCOME, 1)
    assert case == {MEASURE: "2", "worst week ahead": "1", "actual": "5", "forecast": "1"}


def test_the_summary_has_both_ends_of_the_horizon() -> None:
    text = summarize_errors(SCHEMA, OUTCOME)
    assert text.startswith("The mean absolute error is 2 kg one week ahead and 0.5 kg 2 weeks ahead.")
    assert "above the 80% interval in 25% of the forecasts, and below it in 0%: " in text
    assert text.endswith("the interval contains 50% one week ahead and 100% 2 weeks ahead.")


def test_forecasts_that_overlap_with_a_worse_one_come_last() -> None:
    errors = np.array([1.0, 3.0, 2.0, 0.5])[:, None] * np.ones((4, 2))
    outcome = Outcome(Truth(np.zeros((4, 2))), np.stack([errors] * 3, axis=-1))
    assert rank_cases(SCHEMA, outcome) == [1, 3, 2, 0]
