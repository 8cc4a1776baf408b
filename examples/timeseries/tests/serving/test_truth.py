"""The right answer where it is a number."""

from typing import Any

import gradio as gr
import pytest

from air_ahead.serving.predictor import InvalidInputError
from air_ahead.serving.truth import check_truth, read_truth, truth_component, truth_schema


@pytest.mark.parametrize("correct", [True, False])
def test_it_is_a_number_or_not_known(correct: bool) -> None:
    assert check_truth({}, {"prediction": 1.0}, correct=correct, truth=2) == 2.0
    assert check_truth({}, {"prediction": 1.0}, correct=correct, truth=None) is None


@pytest.mark.parametrize("truth", [float("nan"), float("inf"), 10**400, "two", []])
def test_other_answers_are_refused(truth: Any) -> None:
    with pytest.raises(InvalidInputError, match="must be a finite number"):
        check_truth({}, {"prediction": 1.0}, correct=False, truth=truth)


@pytest.mark.parametrize(
    ("unit", "more", "named"),
    [("cm", {}, "Height in cm"), ("", {}, "Height"), ("", {"step": "week"}, "Height, of the last week")],
)
def test_label_unit_and_step_are_named(unit: str, more: dict[str, str], named: str) -> None:
    record = {"target": {"label": "Height", "unit": unit}, **more}
    assert f"{named}." in truth_schema(record)["description"]
    with gr.Blocks():
        assert str(truth_component(record).label).endswith(f": {named}")


def test_text_is_read_as_a_number() -> None:
    assert [read_truth(text) for text in (None, " ", "0", "-1.5e3")] == [None, None, 0.0, -1500.0]
    with pytest.raises(InvalidInputError, match="must be a number such as"):
        read_truth("1,5")
