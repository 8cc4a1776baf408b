"""The right answer in feedback where it is a number: of a forecast, the actual value of its last step."""

import math
from collections.abc import Mapping
from typing import Any

import gradio as gr

from .predictor import InvalidInputError


def truth_schema(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return its JSON schema."""
    return {"type": "number", "description": f"The actual value: {_label(record)}."}


def check_truth(record: Mapping[str, Any], prediction: Mapping[str, Any], *, correct: bool, truth: Any) -> float | None:
    """Return the actual value, or None if it is not known; that of a prediction which is about right is not.

    Raises:
        InvalidInputError: it is not a finite number.
    """
    try:
        value = None if truth is None else float(truth)
    except (TypeError, ValueError, OverflowError):
        value = math.nan
    if value is not None and not math.isfinite(value):
        raise InvalidInputError("must be a finite number.")
    return value


def truth_component(record: Mapping[str, Any]) -> gr.Textbox:
    """Return the component for it; an empty `gr.Number` would be 0."""
    return gr.Textbox(label=f"Actual value, if known: {_label(record)}", max_lines=1)


def read_truth(value: Any) -> float | None:
    """Return the number in the component, or None if it is empty.

    Raises:
        InvalidInputError: it is not a number.
    """
    text = str(value or "").strip()
    try:
        return float(text) if text else None
    except ValueError:
        raise InvalidInputError("The actual value must be a number such as 12.5.") from None


def _label(record: Mapping[str, Any]) -> str:
    target, step = record["target"], record.get("step")
    label = f"{target['label']} in {target['unit']}" if target["unit"] else str(target["label"])
    return f"{label}, of the last {step}" if step else label
