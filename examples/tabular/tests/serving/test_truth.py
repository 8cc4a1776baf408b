"""The right answer of a classification."""

from typing import Any

import gradio as gr
import pytest

from late_flights.serving.predictor import InvalidInputError
from late_flights.serving.truth import check_truth, read_truth, truth_component, truth_schema

RECORD = {"classes": ["a", "b"]}


@pytest.mark.parametrize(
    ("correct", "truth", "expected"),
    [(True, None, "a"), (True, "a", "a"), (False, "b", "b"), (False, None, None)],
)
def test_a_right_prediction_is_the_right_answer(correct: bool, truth: Any, expected: str | None) -> None:
    assert check_truth(RECORD, {"prediction": "a"}, correct=correct, truth=truth) == expected


@pytest.mark.parametrize(
    ("correct", "truth", "message"),
    [(True, "b", "another class than"), (False, "a", "the same class as"), (False, "c", "must be one of a, b.")],
)
def test_other_answers_are_refused(correct: bool, truth: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        check_truth(RECORD, {"prediction": "a"}, correct=correct, truth=truth)


def test_the_choices_are_the_classes() -> None:
    assert truth_schema(RECORD)["enum"] == ["a", "b"]
    with gr.Blocks():
        assert truth_component(RECORD).choices == [("a", "a"), ("b", "b")]
    assert [read_truth(choice) for choice in ("a", None, "")] == ["a", None, None]
