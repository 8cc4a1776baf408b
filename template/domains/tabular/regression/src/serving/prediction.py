"""The prediction of a regressor, and how the demo shows it."""

import html
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray

from ..evaluation.markdown import rounded, signed
from .decision import format_decision

SHOWN_EXAMPLE = 1  # of the examples in champion.json, in the documentation of the API: the median prediction
NEGLIGIBLE = 0.0
"""Contributions up to this size are not shown."""
PREDICTION_SCHEMAS: dict[str, Any] = {
    "prediction": {"type": "number"},
    "unit": {"type": "string"},
}
EXPLANATION = "The change of the prediction by each input, compared with its default."


@dataclass(frozen=True)
class Prediction:
    """The predicted number, with the target's label and unit."""

    label: str
    value: float
    unit: str


def to_prediction(score: NDArray[np.float64], record: Mapping[str, Any]) -> Prediction:
    """Return the prediction of one row."""
    return Prediction(record["target"]["label"], float(score), record["target"]["unit"])


def explained_scores(scores: NDArray[np.float64], record: Mapping[str, Any]) -> NDArray[np.float64]:
    """Return what an explanation is about: the value."""
    return scores


def explained_quantity(record: Mapping[str, Any]) -> str:
    """Return the name of what an explanation is about."""
    return "the prediction"


def format_shift(shift: float) -> str:
    """Return a contribution in the target's unit."""
    return signed(shift)


def format_truth(truth: Any, record: Mapping[str, Any]) -> str:
    """Return the true value of an example with its unit."""
    return f"{truth:g} {record['target']['unit']}".strip()


def to_json(prediction: Prediction) -> dict[str, Any]:
    """Return the prediction as the REST API does."""
    return {"prediction": prediction.value, "unit": prediction.unit}


def output_value(prediction: Prediction) -> float:
    """Return what the output component shows: five significant digits."""
    return float(f"{prediction.value:.5g}")


def output_component(prediction: Prediction, record: Mapping[str, Any], elem_id: str) -> gr.Number:
    """Return the component that shows a prediction."""
    label = f"{prediction.label} ({prediction.unit})" if prediction.unit else prediction.label
    return gr.Number(output_value(prediction), label=label, interactive=False, elem_id=elem_id)


def format_summary(prediction: Prediction, record: Mapping[str, Any]) -> str:
    """Return the prediction as a sentence in HTML, with its 80% interval and tolerance if the record has them."""
    unit = f" {html.escape(prediction.unit)}" if prediction.unit else ""
    text = f"<b>about {rounded(prediction.value)}{unit}</b>"
    if "errors_80" in record:
        low, high = (rounded(prediction.value + error) for error in record["errors_80"])
        text += f"; 80% interval from {low} to {high}"
        if "covered_80" in record:  # older records have none
            covered, rows = record["covered_80"]
            text += f", which had {covered:,} of {rows:,} actual values of the test split"
    if decision := format_decision(record):
        text += f"<br>{decision}"
    return f'<p class="summary" role="status">{text}</p>'


def describe_error(truth: Any, prediction: Prediction, record: Mapping[str, Any]) -> str:
    """Return the true value of a row and the prediction for it."""
    return f"{format_truth(truth, record)}, not {rounded(prediction.value)}"


def is_decisive(scores: NDArray[np.float64], record: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Return for each row whether its prediction differs from the first one by more than the mean absolute error."""
    return np.asarray(np.abs(scores - scores[0]) > record["metrics"]["mae"]["value"])


def is_same(scores: NDArray[np.float64], record: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Return for each row whether its prediction is about that of the first row, up to the mean absolute error."""
    return ~is_decisive(scores, record)


def format_outcome(prediction: Prediction, record: Mapping[str, Any]) -> str:
    """Return what a decisive change leads to, the end of a sentence."""
    error = rounded(record["metrics"]["mae"]["value"])
    value = format_truth(float(rounded(prediction.value).replace(",", "")), record)
    return f"the prediction would be {value}, which is more than the mean absolute error ({error}) away"
