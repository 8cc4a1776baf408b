"""A prediction and its uncertainty as a sentence."""

import html
from collections.abc import Mapping
from typing import Any

from .decision import format_decision, predicted_class


def format_summary(probabilities: Mapping[str, float], record: Mapping[str, Any]) -> str:
    """Return the two most likely classes with their probabilities, and the decision, as HTML."""
    (label, probability), *others = sorted(probabilities.items(), key=lambda entry: -entry[1])
    second = f"; {percent(others[0][1])} for {html.escape(others[0][0])}" if others else ""
    text = f"<b>{percent(probability)} likely {html.escape(label)}</b>{second}"
    if decision := format_decision(record, probabilities):
        text += f"<br>{decision}"
    return f'<p class="summary" role="status">{text}</p>'


def percent(probability: float) -> str:
    """Return a probability in whole percent; never 0 % or 100 %, since no prediction is certain."""
    if probability > 0.99:
        return "over 99%"
    return f"{100 * probability:.0f}%" if probability >= 0.01 else "under 1%"


def describe_error(truth: str, probabilities: Mapping[str, float], record: Mapping[str, Any]) -> str:
    """Return the true class of a sample and the wrong prediction for it, as plain text."""
    label = predicted_class(record, probabilities)
    return f"{truth}, not {label} ({percent(probabilities[label])})"
