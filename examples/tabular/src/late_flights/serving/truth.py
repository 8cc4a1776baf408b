"""The right answer of a classification in feedback: one of the classes."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from .predictor import InvalidInputError

MAX_LISTED = 20


def truth_schema(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return its JSON schema."""
    description = "The right class; of a right prediction, it is not needed."
    return {"type": "string", "description": description, "enum": record["classes"]}


def check_truth(record: Mapping[str, Any], prediction: Mapping[str, Any], *, correct: bool, truth: Any) -> str | None:
    """Return the right class, or None if it is not known.

    Raises:
        InvalidInputError: there is no such class, or it contradicts `correct`.
    """
    predicted = prediction["prediction"]
    if truth is None:
        return str(predicted) if correct else None
    classes = record["classes"]
    if truth not in classes:
        more = ", …" if len(classes) > MAX_LISTED else ""
        raise InvalidInputError(f"must be one of {', '.join(classes[:MAX_LISTED])}{more}.")
    if (truth == predicted) != correct:
        other = "another class than" if correct else "the same class as"
        raise InvalidInputError(
            f"is {other} the prediction, which is called {'right' if correct else 'wrong'}. Correct one of them."
        )
    return str(truth)


def truth_component(record: Mapping[str, Any]) -> gr.Dropdown:
    """Return the component for it."""
    return gr.Dropdown(record["classes"], value=None, label="If wrong, it is")


def read_truth(value: Any) -> Any:
    """Return the class in the component, or None if none is chosen."""
    return value or None
