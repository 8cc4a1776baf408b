"""Inputs and forecasts of the REST API, as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from .predictor import Predictor

Json = dict[str, Any]

MAX_BYTES = 5_000_000
UPLOADS: dict[str, Any] = {}  # content types other than JSON
EXAMPLE_STEPS = 6  # of the example of the documentation
PRIVATE_INPUT = ""  # none is stored with feedback only by consent
NUMBERS: Json = {"type": "array", "items": {"type": "number"}}
PARTS: Json = {
    "type": "array",
    "items": {"type": "object", "properties": {"label": {"type": "string"}, "value": {"type": "number"}}},
}
EXPLANATION_SCHEMA: Json = {
    "type": "object",
    "description": "Of the last step: parts that add up to the forecast, and by how much it changes if all values of a "
    "past cycle are higher by 1.",
    "properties": {"time": {"type": "string"}, "parts": PARTS, "sensitivity": PARTS},
}


def input_schemas(predictor: Predictor) -> dict[str, Json]:
    """Return the JSON schemas of the date and of the number of steps."""
    today, horizon = predictor.inputs
    limits = f"{today['minimum']} to {today['maximum']}"
    date = {"type": "string", "format": "date", "description": f"First day of the forecast, {limits}"}
    steps = {key: horizon[key] for key in ("minimum", "maximum", "default")}
    return {
        today["name"]: date | {"default": today["default"]},
        horizon["name"]: {"type": "integer", "description": horizon["label"]} | steps,
    }


def example_inputs(predictor: Predictor) -> Json:
    """Return the inputs of a forecast with a typical error, a few steps ahead."""
    examples = predictor.champion.record["examples"]
    inputs: Json = examples[len(examples) // 2]["inputs"]
    return inputs | {"horizon": min(EXAMPLE_STEPS, inputs["horizon"])}


def complete(predictor: Predictor, inputs: Mapping[str, Any]) -> Json:
    """Return valid inputs, with defaults for missing ones.

    Raises:
        InvalidInputError: an input is invalid.
    """
    return predictor.complete(inputs)


def stored_inputs(predictor: Predictor, inputs: Mapping[str, Any]) -> Json:
    """Return the inputs as they are stored with feedback: valid ones, and defaults."""
    return dict(complete(predictor, inputs))


def logged_inputs(_predictor: Predictor, row: Json) -> Json:
    """Return what the request log has of valid inputs: all of them."""
    return dict(row)


def predict(predictor: Predictor, rows: Sequence[Json]) -> list[Json]:
    """Return the forecast for each row, with the coverage that the test split has as many steps ahead."""
    unit, forecasts = predictor.champion.record["target"]["unit"], [predictor.predict(row) for row in rows]
    coverage = measured_coverage(predictor)
    return [
        {
            "times": forecast.times,
            "prediction": forecast.median,
            "interval": list(zip(forecast.low, forecast.high, strict=True)),
            **({"coverage": coverage[: len(forecast.times)]} if coverage else {}),
            "actual": forecast.actual,
            "in_training": forecast.in_training,
            "unit": unit,
        }
        for forecast in forecasts
    ]


def measured_coverage(predictor: Predictor) -> list[float]:
    """Return the share of the test forecasts whose interval has the actual value, by step ahead.

    Records of older versions have none.
    """
    tested = predictor.champion.record.get("tested")
    return [round(count / tested["forecasts"], 4) for count in tested["covered"]] if tested else []


def prediction_schemas(predictor: Predictor) -> dict[str, Json]:
    """Return the JSON schema of each key of a forecast."""
    coverage = NUMBERS | {"description": "The share of the test forecasts in the interval, as many steps ahead."}
    return {
        "times": {"type": "array", "items": {"type": "string"}},
        "prediction": NUMBERS | {"description": "The forecast of each step."},
        "interval": {"type": "array", "items": NUMBERS, "description": "Both ends of the 80% interval of each step."},
        **({"coverage": coverage} if measured_coverage(predictor) else {}),
        "actual": {"type": "array", "items": {"type": ["number", "null"]}, "description": "What was measured."},
        "in_training": {"type": "boolean", "description": "Whether the model was trained on any of these steps."},
        "unit": {"type": "string"},
    }


def explain(predictor: Predictor, row: Json) -> Json:
    """Return the explanation of the forecast of the last step."""
    return asdict(predictor.explain(row))
