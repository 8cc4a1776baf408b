"""Inputs and predictions of the REST API, as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from .odds import format_odds
from .predictor import Predictor

Json = dict[str, Any]

MAX_BYTES = 5_000_000
UPLOADS: dict[str, Any] = {}  # content types other than JSON
PRIVATE_INPUT = "the text"  # stored with feedback only by consent
WORD_SCHEMA: Json = {
    "type": "object",
    "properties": {"text": {"type": "string"}, "contribution": {"type": "number"}, "effect": {"type": "string"}},
}
EXPLANATION_SCHEMA: Json = {
    "type": "object",
    "description": "How much each known word changes the log-odds of the predicted class; the ignored end of the text.",
    "properties": {"words": {"type": "array", "items": WORD_SCHEMA}, "truncated": {"type": "string"}},
}


def input_schemas(predictor: Predictor) -> dict[str, Json]:
    """Return the JSON schema of the text."""
    spec = predictor.input
    description = f"{spec['label']}. {spec.get('advice', '')}".strip()
    schema = {"type": "string", "description": description, "default": spec["default"], "minLength": 1}
    return {spec["name"]: schema | {"maxLength": spec["maximum"]}}


def example_inputs(predictor: Predictor) -> Json:
    """Return the page's first text."""
    return {predictor.input["name"]: predictor.input["default"]}


def complete(predictor: Predictor, inputs: Mapping[str, Any]) -> str:
    """Return the text after checking it, or the default.

    Raises:
        InvalidInputError: it is not valid.
    """
    return predictor.validate(inputs.get(predictor.input["name"]))


def stored_inputs(predictor: Predictor, inputs: Mapping[str, Any]) -> Json:
    """Return the text as it is stored with feedback."""
    return {predictor.input["name"]: complete(predictor, inputs)}


def logged_inputs(predictor: Predictor, text: str) -> Json:
    """Return what the request log has of a text: numbers that describe it."""
    return dict(predictor.describe(text))


def predict(predictor: Predictor, texts: Sequence[str]) -> list[Json]:
    """Return the prediction of each text."""
    scores = predictor.predict_proba(list(texts))
    return [
        {
            "prediction": predictor.classes[row.argmax()],
            "probabilities": dict(zip(predictor.classes, row.tolist(), strict=True)),
        }
        for row in scores
    ]


def prediction_schemas(predictor: Predictor) -> dict[str, Json]:
    """Return the JSON schema of each key of a prediction."""
    return {
        "prediction": {"type": "string", "enum": list(predictor.classes)},
        "probabilities": {"type": "object", "additionalProperties": {"type": "number"}},
    }


def explain(predictor: Predictor, text: str) -> Json:
    """Return the contribution of each known word, in the order of the text."""
    explanation = predictor.explain(text)
    words = [
        {"text": piece.text, "contribution": piece.contribution, "effect": format_odds(piece.contribution)}
        for piece in explanation.pieces
        if piece.contribution is not None
    ]
    return {"words": words, "truncated": explanation.truncated}
