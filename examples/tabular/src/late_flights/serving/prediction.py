"""The prediction of a classifier, and how the demo shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray

from . import summary
from .decision import decide
from .odds import NEGLIGIBLE, format_odds, log_odds

__all__ = ["NEGLIGIBLE"]

MAX_CLASSES = 10
SHOWN_EXAMPLE = -1  # of the examples in champion.json, in the documentation of the API: a likely positive
PREDICTION_SCHEMAS: dict[str, Any] = {
    "prediction": {"type": "string", "description": "The most likely class."},
    "probabilities": {"type": "object", "additionalProperties": {"type": "number"}},
}
EXPLANATION = "The change of the log-odds of the positive or predicted class by each input, compared with its default."


@dataclass(frozen=True)
class Prediction:
    """The most likely class, and the probability of each class."""

    label: str
    probabilities: dict[str, float]


def to_prediction(scores: NDArray[np.float64], record: Mapping[str, Any]) -> Prediction:
    """Return the prediction of one row."""
    probabilities = {name: float(score) for name, score in zip(record["classes"], scores, strict=True)}
    return Prediction(max(probabilities, key=probabilities.__getitem__), probabilities)


def explained_scores(scores: NDArray[np.float64], record: Mapping[str, Any]) -> NDArray[np.float64]:
    """Return what an explanation is about: the log-odds of the positive class, or of the first row's likeliest."""
    classes, positive = record["classes"], record["positive"]
    return log_odds(scores[:, classes.index(positive) if positive in classes else int(scores[0].argmax())])


def explained_quantity(record: Mapping[str, Any]) -> str:
    """Return the name of what an explanation is about."""
    return f"the odds of {record['positive'] or 'the predicted class'}"


def format_shift(shift: float) -> str:
    """Return a contribution as a factor of the odds."""
    return format_odds(shift)


def format_truth(truth: Any, record: Mapping[str, Any]) -> str:
    """Return the true class of an example."""
    return str(truth)


def to_json(prediction: Prediction) -> dict[str, Any]:
    """Return the prediction as the REST API does."""
    return {"prediction": prediction.label, "probabilities": prediction.probabilities}


def output_value(prediction: Prediction) -> dict[str, float]:
    """Return what the output component shows."""
    return prediction.probabilities


def output_component(prediction: Prediction, record: Mapping[str, Any], elem_id: str) -> gr.Label:
    """Return the component that shows a prediction."""
    return gr.Label(
        output_value(prediction), num_top_classes=MAX_CLASSES, label=record["target"]["label"], elem_id=elem_id
    )


def format_summary(prediction: Prediction, record: Mapping[str, Any]) -> str:
    """Return the prediction and its uncertainty as a sentence, in HTML."""
    return summary.format_summary(prediction.probabilities, record)


def describe_error(truth: Any, prediction: Prediction, record: Mapping[str, Any]) -> str:
    """Return the true class of a row and the wrong prediction for it."""
    return summary.describe_error(str(truth), prediction.probabilities, record)


def is_decisive(scores: NDArray[np.float64], record: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Return for each row whether its outcome is not that of the first row: its referral, or its most likely class."""
    outcomes = [format_outcome(to_prediction(row, record), record) for row in scores]
    return np.array([outcome != outcomes[0] for outcome in outcomes])


def is_same(scores: NDArray[np.float64], record: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Return for each row whether its most likely class and its outcome are those of the first row."""
    likeliest = scores.argmax(axis=1)
    return np.asarray((likeliest == likeliest[0]) & ~is_decisive(scores, record))


def format_outcome(prediction: Prediction, record: Mapping[str, Any]) -> str:
    """Return what a decisive change leads to, the end of a sentence."""
    decision = decide(record, prediction.probabilities)
    otherwise = f"the prediction would be {prediction.label}"
    outcomes = {
        "refer": "it would be referred to a person",
        "pass": "it would not be referred to a person",
        "abstain": "no class would reach the threshold",
    }
    return outcomes.get(decision["action"], otherwise) if decision else otherwise
