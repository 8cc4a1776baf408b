"""The sentence with a prediction and its uncertainty."""

import pytest

from late_flights.serving.summary import describe_error, format_summary, percent


def test_the_two_most_likely_classes_are_named_and_escaped() -> None:
    text = format_summary({"a": 0.1, "<b>": 0.64, "c": 0.26}, {})
    assert "<b>64% likely &lt;b&gt;</b>; 26% for c</p>" in text


@pytest.mark.parametrize(
    ("probability", "text"),
    [(1.0, "over 99%"), (0.991, "over 99%"), (0.99, "99%"), (0.5, "50%"), (0.01, "1%"), (0.0, "under 1%")],
)
def test_no_prediction_is_certain(probability: float, text: str) -> None:
    assert percent(probability) == text


def test_an_error_has_the_truth_and_the_wrong_class() -> None:
    assert describe_error("a", {"a": 0.2, "b": 0.8}, {}) == "a, not b (80%)"
    referral = {"decision": {"rule": "refer", "positive": "a", "threshold": 0.1}}
    assert describe_error("b", {"a": 0.2, "b": 0.8}, referral) == "b, not a (20%)"
    assert describe_error("a", {"a": 0.05, "b": 0.95}, referral) == "a, not b (95%)"
