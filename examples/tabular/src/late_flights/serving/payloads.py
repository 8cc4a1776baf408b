"""Inputs and predictions of the REST API, as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from .inputs import encode_input
from .prediction import (
    EXPLANATION,
    PREDICTION_SCHEMAS,
    SHOWN_EXAMPLE,
    format_shift,
    is_same,
    to_json,
    to_prediction,
)
from .predictor import Predictor

Json = dict[str, Any]
Row = Mapping[str, Any]

MAX_BYTES = 5_000_000
UPLOADS: dict[str, Any] = {}  # content types other than JSON
MIN_EXAMPLE, MAX_EXAMPLE = 2, 12  # inputs of the example of the documentation
PRIVATE_INPUT = ""  # none is stored with feedback only by consent
EXPLANATION_SCHEMA: Json = {
    "type": "array",
    "description": EXPLANATION,
    "items": {
        "type": "object",
        "properties": {"input": {"type": "string"}, "contribution": {"type": "number"}, "effect": {"type": "string"}},
    },
}


def input_schemas(predictor: Predictor) -> dict[str, Json]:
    """Return the JSON schema of each input."""
    return {column["name"]: _input_schema(column) for column in predictor.inputs}


def _input_schema(column: Row) -> Json:
    description = f"{column['label']}, in {column['unit']}" if column["unit"] else column["label"]
    schema: Json = {"type": "string", "description": description, "default": column["default"]}
    if column["kind"] == "number":
        schema["type"] = "integer" if column["whole"] else "number"
        schema |= {"minimum": column["minimum"], "maximum": column["maximum"]}
    elif column["kind"] == "date":
        schema["format"] = "date"
        schema["description"] = f"{description}, from {column['minimum']} to {column['maximum']}"
    elif column["others"]:
        schema["examples"] = column["choices"]
    else:
        schema["enum"] = [*column["choices"], *([None] if column["nullable"] else [])]
    return schema | {"type": [schema["type"], "null"]} if column["nullable"] else schema


def example_inputs(predictor: Predictor) -> Json:
    """Return the inputs of a test row; of many those that contribute most: as many as its prediction takes."""
    examples = predictor.champion.record["examples"]
    if not examples:
        return {}
    row: Json = examples[SHOWN_EXAMPLE]["inputs"]
    if len(row) <= MAX_EXAMPLE:
        return {name: value for name, value in row.items() if value is not None}
    names = [part.name for part in predictor.explain(row) if row[part.name] is not None]
    candidates = [{name: row[name] for name in names[:count]} for count in range(MIN_EXAMPLE, len(names) + 1)]
    scores = predictor.scores([complete(predictor, inputs) for inputs in (row, *candidates)])
    same = is_same(scores, predictor.champion.record)[1:]
    return next((inputs for inputs, is_enough in zip(candidates, same, strict=True) if is_enough), dict(row))


def complete(predictor: Predictor, inputs: Row) -> Row:
    """Return valid inputs, with defaults for missing ones.

    Raises:
        InvalidInputError: an input is unknown or invalid.
    """
    return predictor.complete(inputs)


def stored_inputs(predictor: Predictor, inputs: Row) -> Json:
    """Return the inputs as they are stored with feedback: valid ones, and defaults."""
    return dict(complete(predictor, inputs))


def logged_inputs(predictor: Predictor, row: Row) -> Json:
    """Return what the request log has of complete inputs: not the personal ones; a date as days since 1970-01-01."""
    values = {
        column["name"]: encode_input(column, row[column["name"]])
        for column in predictor.inputs
        if not column.get("personal")
    }
    return {name: None if row[name] is None else value for name, value in values.items()}


def predict(predictor: Predictor, rows: Sequence[Row]) -> list[Json]:
    """Return the prediction of each complete row."""
    record = predictor.champion.record
    return [to_json(to_prediction(score, record)) for score in predictor.scores(rows)]


def prediction_schemas(predictor: Predictor) -> dict[str, Json]:
    """Return the JSON schema of each key of a prediction."""
    return PREDICTION_SCHEMAS


def explain(predictor: Predictor, row: Row) -> list[Json]:
    """Return the contribution of each input, the largest first."""
    return [
        {"input": part.name, "contribution": part.shift, "effect": format_shift(part.shift)}
        for part in predictor.explain(row)
    ]
