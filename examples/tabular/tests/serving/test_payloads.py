"""What the REST API takes and returns for a table."""

import httpx
import pytest

from late_flights.serving import payloads
from late_flights.serving.payloads import _input_schema, example_inputs
from late_flights.serving.prediction import SHOWN_EXAMPLE, is_same, to_json
from late_flights.serving.predictor import Predictor


def test_predictions_and_explanations_are_those_of_the_page(address: str, predictor: Predictor) -> None:
    for example in predictor.champion.record["examples"]:
        row = example["inputs"]
        answer = httpx.post(f"{address}/predict?explain=1", json=row).json()
        expected = to_json(predictor.predict(row))
        assert {key: answer[key] for key in expected} == expected
        contributions = {part["input"]: part["contribution"] for part in answer["explanation"]}
        assert contributions == pytest.approx({part.name: part.shift for part in predictor.explain(row)})


def test_the_example_of_the_documentation_is_a_test_row_of_many_inputs_the_most_important(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = predictor.champion.record
    row = record["examples"][SHOWN_EXAMPLE]["inputs"]
    monkeypatch.setattr(payloads, "MAX_EXAMPLE", len(row))
    assert example_inputs(predictor) == {name: value for name, value in row.items() if value is not None}
    monkeypatch.setattr(payloads, "MAX_EXAMPLE", len(row) - 1)
    inputs = example_inputs(predictor)
    assert inputs.items() <= row.items()
    assert len(inputs) < len(row)
    assert is_same(predictor.scores([predictor.complete(row), predictor.complete(inputs)]), record)[1]


def test_the_schema_of_an_input_has_its_type_range_and_choices() -> None:
    column = {"name": "a", "label": "A", "unit": "", "kind": "number", "whole": False, "nullable": False}
    number = column | {"unit": "cm", "minimum": 0.5, "maximum": 9.5, "default": 1.5}
    day = column | {"kind": "date", "minimum": "2020-01-01", "maximum": "2024-12-31", "default": "2024-01-01"}
    category = column | {"kind": "category", "choices": ["x", "(missing)"], "others": False, "default": "x"}
    limits = {"minimum": 0.5, "maximum": 9.5, "default": 1.5}
    assert _input_schema(number) == {"type": "number", "description": "A, in cm", **limits}
    assert _input_schema(number | {"whole": True, "nullable": True})["type"] == ["integer", "null"]
    assert _input_schema(day) == {
        "type": "string",
        "format": "date",
        "description": "A, from 2020-01-01 to 2024-12-31",
        "default": "2024-01-01",
    }
    assert _input_schema(category)["enum"] == ["x", "(missing)"]
    assert _input_schema(category | {"nullable": True})["enum"] == ["x", "(missing)", None]
    assert "enum" not in _input_schema(category | {"others": True})
