"""The OpenAPI document of the REST API, with the inputs in `champion.json`."""

from collections.abc import Mapping
from importlib.metadata import metadata
from typing import Any

from .. import PACKAGE, TITLE
from . import payloads, problems
from .decision import decision_schemas
from .example import REQUEST_ID, example_response
from .feedback_request import answer_schemas
from .predictor import Predictor
from .request_body import JSON, MAX_ROWS
from .truth import check_truth

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
OBJECT: Json = {"type": "object"}
ERRORS = {
    "400": "The body is malformed.",
    "403": "A page of another site asked a demo on this computer.",
    "413": "The body is too large.",
    "415": "The content type or encoding is not supported.",
    "422": "An input is invalid; `errors` names each.",
    "500": "The server failed.",
    "503": "There is no model, or too many requests are waiting.",
}


def document(predictor: Predictor, server: str) -> Json:
    """Return the document; `server` is the address that the paths start with."""
    prediction = payloads.prediction_schemas(predictor) | decision_schemas(predictor.champion.record)
    prediction |= {"explanation": payloads.EXPLANATION_SCHEMA}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": TITLE,
            "description": metadata(PACKAGE)["Summary"],
            "version": predictor.champion.record["sha256"][:12],
        },
        "servers": [{"url": server}],
        "paths": {
            "/predict": {"post": _predict(predictor)},
            "/feedback": {"post": _feedback(predictor)},
            "/health": {"get": _get("Status and lineage of the model", JSON, ("200", "503"))},
            "/metrics": {"get": _get("Metrics in the format of Prometheus", "text/plain")},
            "/openapi.json": {"get": _get("This document", JSON)},
            "/docs": {"get": _get("A page to try the API", "text/html")},
        },
        "components": {
            "schemas": {
                "Inputs": _object(payloads.input_schemas(predictor)) | {"additionalProperties": False},
                "Prediction": _object(prediction, "prediction"),
                "Model": _object({"name": TEXT, "version": {"type": ["integer", "null"]}, "sha256": TEXT}, "name"),
                "Problem": _problem(),
                "Feedback": _feedback_schema(predictor),
            }
        },
    }


def _predict(predictor: Predictor) -> Json:
    example = payloads.example_inputs(predictor)
    response = example_response(predictor, example)
    batch = _object({"rows": _array("Inputs") | {"minItems": 1, "maxItems": MAX_ROWS}}, "rows")
    inputs = {"anyOf": [_reference("Inputs"), batch | {"additionalProperties": False}]}
    uploads = {media_type: {"schema": upload.schema} for media_type, upload in payloads.UPLOADS.items()}
    answer = _object({"model": _reference("Model"), "request_id": TEXT}, "model", "request_id") | {
        "anyOf": [_reference("Prediction"), _object({"predictions": _array("Prediction")}, "predictions")]
    }
    return {
        "summary": "Predict",
        "description": f"For the inputs of one row, or up to {MAX_ROWS} rows. Missing inputs have their defaults.",
        "parameters": [
            {
                "name": "explain",
                "in": "query",
                "description": "Explain the predictions, too.",
                "schema": {"type": "boolean", "default": False},
            }
        ],
        "requestBody": {"required": True, "content": {JSON: {"schema": inputs, "example": example}} | uploads},
        "responses": {"200": _response("The prediction", JSON, answer, response)} | _problems(ERRORS),
    }


def _feedback(predictor: Predictor) -> Json:
    example = {"inputs": payloads.example_inputs(predictor), "correct": True}
    answer = {"prediction": {}, "correct": {"type": "boolean"}, "truth": {}}
    stored = {name: {"type": "boolean"} for name in ("inputs_stored", "remark_stored")}
    properties = {"id": TEXT, **answer, **stored, "model": _reference("Model")}
    errors = ERRORS | {
        "404": "The `request_id` is unknown.",
        "429": "There was too much feedback in the last hour.",
        "503": "There is no model, or the database is down.",
    }
    prediction = example_response(predictor, payloads.example_inputs(predictor))
    response = {
        "id": REQUEST_ID,
        "prediction": prediction["prediction"],
        "correct": True,
        "truth": check_truth(predictor.champion.record, prediction, correct=True, truth=None),
        "inputs_stored": not payloads.PRIVATE_INPUT,
        "remark_stored": False,
        "model": prediction["model"],
    }
    success = _response("What was stored", JSON, _object(properties, *properties), response)
    return {
        "summary": "Say whether a prediction is right",
        "description": "The prediction is that of the inputs, or of the `request_id`.",
        "requestBody": {"required": True, "content": {JSON: {"schema": _reference("Feedback"), "example": example}}},
        "responses": {"201": success} | _problems(errors),
    }


def _feedback_schema(predictor: Predictor) -> Json:
    fields = answer_schemas(predictor.champion.record)
    fields["inputs"] = _reference("Inputs") | {"description": fields["inputs"]["description"]}
    source = [{"required": ["inputs"]}, {"required": ["request_id"]}]
    return _object(fields, "correct") | {"additionalProperties": False, "anyOf": source}


def _problem() -> Json:
    error = _object({"field": TEXT, "detail": TEXT}, "field", "detail")
    properties = {"type": TEXT, "title": TEXT, "status": {"type": "integer"}, "detail": TEXT}
    return _object(properties | {"errors": {"type": "array", "items": error}}, *properties)


def _get(summary: str, media_type: str, statuses: tuple[str, ...] = ("200",)) -> Json:
    schema = OBJECT if media_type == JSON else TEXT
    return {"summary": summary, "responses": {status: _response(summary, media_type, schema) for status in statuses}}


def _problems(errors: Mapping[str, str]) -> Json:
    return {status: _response(text, problems.MEDIA_TYPE, _reference("Problem")) for status, text in errors.items()}


def _response(description: str, media_type: str, schema: Json, example: Json | None = None) -> Json:
    content = {"schema": schema} | ({"example": example} if example else {})
    return {"description": description, "content": {media_type: content}}


def _object(properties: Json, *required: str) -> Json:
    return {"type": "object", "properties": properties, "required": list(required)}


def _array(name: str) -> Json:
    return {"type": "array", "items": _reference(name)}


def _reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}
