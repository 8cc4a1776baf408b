"""The demo over HTTP: predictions, examples, explanations and errors."""

import json
from typing import Any

import gradio as gr
import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from late_flights.serving.demo import _input_component, _input_components, contribution_bars
from late_flights.serving.prediction import describe_error
from late_flights.serving.predictor import Contribution, Predictor

from ..expectations import SHIFTS, check_response


def test_every_input_has_a_default(client: Client, predictor: Predictor) -> None:
    check_response(client.predict(api_name="/predict"), predictor.predict({}))


def test_inputs_have_names(client: Client, predictor: Predictor) -> None:
    for example in predictor.champion.record["examples"]:
        row = dict(reversed(example["inputs"].items()))
        check_response(client.predict(**row, api_name="/predict"), predictor.predict(row))


def test_errors_of_the_test_split_are_offered(address: str, predictor: Predictor) -> None:
    page = httpx.get(f"{address}/config").text
    for error in predictor.champion.record["errors"]:
        text = describe_error(error["truth"], predictor.predict(error["inputs"]), predictor.champion.record)
        assert json.dumps(text)[1:-1] in page or text in page


def test_contributions_are_bars(predictor: Predictor) -> None:
    bars = contribution_bars(predictor, [Contribution("a", "A & B", 0.25), Contribution("b", "B", -0.02)])
    assert "A &amp; B" in bars
    assert all(shift in bars for shift in SHIFTS)


def test_without_contributions_the_explanation_says_so(predictor: Predictor) -> None:
    text = contribution_bars(predictor, predictor.explain({}))
    assert "no input changes the prediction" in text
    assert predictor.inputs[0]["label"] in text


@pytest.mark.parametrize("value", [1e9, "seven", None])
def test_an_invalid_number_is_an_error(client: Client, predictor: Predictor, value: Any) -> None:
    columns = [column for column in predictor.inputs if column["kind"] == "number" and not column["nullable"]]
    if not columns:
        pytest.skip("no input is a required number")
    with pytest.raises(AppError) as caught:
        client.predict(**{columns[0]["name"]: value}, api_name="/predict")
    assert str(caught.value).startswith(f"{columns[0]['label']} must ")


def test_inputs_are_below_the_headings_of_the_schema(predictor: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = [{key: value for key, value in column.items() if key != "section"} for column in predictor.inputs]
    first, *others = plain
    for columns, headings in (
        ([first | {"section": "First"}, *others], ["First", "Other inputs"][: len(plain)]),
        (plain, [f"Less important inputs ({max(len(plain) - 8, 0)})"]),
    ):
        monkeypatch.setattr(predictor, "inputs", tuple(columns))
        with gr.Blocks() as page:
            components = _input_components(predictor)
        assert list(components) == [column["name"] for column in plain]
        assert [block.label for block in page.blocks.values() if isinstance(block, gr.Accordion)] == headings


def test_every_kind_of_input_has_a_component(predictor: Predictor) -> None:
    base = {"unit": "cm", "whole": False, "nullable": False, "choices": [], "minimum": 0.0, "maximum": 1.0}
    kinds = [
        base | {"name": "a", "label": "A", "kind": "number", "default": 0.5},
        base | {"name": "b", "label": "B", "kind": "number", "default": None, "nullable": True},
        base | {"name": "c", "label": "C", "kind": "category", "default": "x", "choices": ["x"], "unit": ""},
        base | {"name": "d", "label": "D", "kind": "date", "default": "2024-01-01"},
    ]
    with gr.Blocks():
        components = [_input_component(column) for column in kinds]
    assert [type(component).__name__ for component in components] == ["Slider", "Number", "Dropdown", "DateTime"]
