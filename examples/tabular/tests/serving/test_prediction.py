"""Which changes of a row change its outcome: the referral, where the decision refers rows, or the most likely class."""

from typing import Any

import numpy as np
import pytest

from late_flights.serving.prediction import format_outcome, is_decisive, is_same, to_prediction

SCORES = np.array([[0.8, 0.2], [0.65, 0.35], [0.4, 0.6]])


@pytest.mark.parametrize(
    ("decision", "decisive", "outcome"),
    [
        (None, [False, False, True], "the prediction would be yes"),
        ({"rule": "refer", "positive": "yes"}, [False, True, True], "it would be referred to a person"),
        ({"rule": "abstain", "positive": None}, [False, False, True], "the prediction would be yes"),
    ],
)
def test_a_change_is_decisive_if_the_outcome_is_another(
    decision: dict[str, Any] | None, decisive: list[bool], outcome: str
) -> None:
    record: dict[str, Any] = {"classes": ["no", "yes"], "positive": "yes"}
    if decision:
        record |= {"decision": {**decision, "threshold": 0.3}}
    assert is_decisive(SCORES, record).tolist() == decisive
    assert format_outcome(to_prediction(SCORES[-1], record), record) == outcome


def test_the_outcome_below_the_threshold() -> None:
    record: dict[str, Any] = {"classes": ["no", "yes"], "positive": "yes"}
    rules = {
        "refer": ("yes", "it would not be referred to a person"),
        "abstain": (None, "no class would reach the threshold"),
    }
    for rule, (positive, outcome) in rules.items():
        decision = {"rule": rule, "positive": positive, "threshold": 0.9}
        assert format_outcome(to_prediction(SCORES[0], record), record | {"decision": decision}) == outcome


def test_rows_are_the_same_if_class_and_referral_are() -> None:
    record: dict[str, Any] = {"classes": ["no", "yes"], "positive": "yes"}
    assert is_same(SCORES, record).tolist() == [True, True, False]
    referral = record | {"decision": {"rule": "refer", "positive": "yes", "threshold": 0.3}}
    assert is_same(SCORES[1:], referral).tolist() == [True, False]  # both are referred, the classes differ
