"""The fields of feedback, and their checks; the page and the REST API have the same."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import payloads
from .problems import FieldError, invalid
from .request_body import MAX_NAME, suggest, type_problem
from .truth import truth_schema

Json = dict[str, Any]

MAX_REMARK = 1000
REQUEST_ID = re.compile(r"^[0-9a-f]{32}$")


@dataclass(frozen=True)
class Answer:
    """Feedback on a prediction, as it is sent."""

    correct: bool
    truth: Any = None  # the right answer, if it is known
    remark: str = ""
    consent: bool = False  # whether the remark, and inputs that are a text or an image, may be stored
    request_id: str | None = None
    inputs: Any = None  # of the prediction, unless its request id is enough


def answer_schemas(record: Mapping[str, Any]) -> dict[str, Json]:
    """Return the JSON schema of each field."""
    kept = f" and {payloads.PRIVATE_INPUT}" if payloads.PRIVATE_INPUT else ""
    return {
        "correct": {"type": "boolean", "description": "Whether the prediction is right."},
        "truth": truth_schema(record),
        "inputs": {"type": "object", "description": "The inputs of the prediction, as for `/predict`."},
        "request_id": {
            "type": "string",
            "description": "Instead of the inputs, the `request_id` of one of this server's latest predictions.",
            "pattern": REQUEST_ID.pattern,
        },
        "remark": {"type": "string", "description": "Free text; requires `consent`.", "maxLength": MAX_REMARK},
        "consent": {
            "type": "boolean",
            "description": f"Whether the remark{kept} may be stored.",
            "default": False,
        },
    }


def read_answer(document: Any, record: Mapping[str, Any]) -> Answer:
    """Return the fields in a document; a field that is null counts as missing.

    Raises:
        ApiError: names the invalid fields.
    """
    if not isinstance(document, dict):
        raise invalid([FieldError("body", "must be an object.")])
    fields = {name: value for name, value in document.items() if value is not None}
    schemas = answer_schemas(record)
    problems = {name: _problem(schemas, name, value) for name, value in fields.items()} | _missing(fields)
    if errors := [FieldError(name[:MAX_NAME], problem) for name, problem in problems.items() if problem]:
        raise invalid(errors[: len(schemas)])
    return Answer(**fields)


def _missing(fields: Mapping[str, Any]) -> dict[str, str]:
    problems = {}
    if "correct" not in fields:
        problems["correct"] = "is missing; set it to true or false."
    if "inputs" not in fields and "request_id" not in fields:
        problems["inputs"] = "is missing; send the inputs of the prediction, or its request_id."
    if fields.get("remark") and not fields.get("consent"):
        problems["consent"] = "must be true to store a remark."
    return problems


def _problem(schemas: Mapping[str, Json], name: str, value: Any) -> str:
    if name not in schemas:
        return f"There is no such field. {suggest(name, schemas)}"
    problem = type_problem(schemas[name], value)
    if not problem and name == "request_id" and not REQUEST_ID.fullmatch(value):
        return "must be the request_id of a prediction, 32 hexadecimal digits."
    if problem or name != "remark":
        return problem
    if len(value) > MAX_REMARK:
        return f"must have at most {MAX_REMARK:,} characters, not {len(value):,}. Shorten it."
    is_control = any(unicodedata.category(char) in ("Cc", "Cs") and char not in "\t\r\n" for char in value)
    return "must not contain control characters. Remove them." if is_control else ""
