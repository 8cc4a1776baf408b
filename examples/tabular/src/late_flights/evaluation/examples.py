"""The examples and errors of the demo."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.schema import Schema
from ..data.splits import Split, encode_target
from .decision import predicted_classes


def select_examples(schema: Schema, test: Split, probabilities: NDArray[np.float64]) -> list[int]:
    """Return the positions of three test rows: with a low, an uncertain and a high probability of the positive class.

    The low and the high one are the 10th and 90th percentile: the extremes are not typical. Where the class is rare,
    most high probabilities are false alarms, so the high one is a true positive.
    """
    scores = probabilities[:, schema.classes.index(schema.positive) if schema.positive else 0]
    order = scores.argsort(kind="stable")
    positives = order[(test.target == schema.positive).to_numpy()[order]]
    ranked = positives if len(positives) else order
    return [int(order[len(order) // 10]), int(np.abs(scores - 0.5).argmin()), int(ranked[-1 - len(ranked) // 10])]


def rank_errors(
    schema: Schema, test: Split, probabilities: NDArray[np.float64], decision: Mapping[str, Any] | None = None
) -> list[int]:
    """Return the positions of the wrong predictions, at the threshold of a referral, the most confident first."""
    predicted = predicted_classes(probabilities, schema, decision)
    wrong = np.flatnonzero(predicted != encode_target(test.target, schema))
    ranked: list[int] = wrong[(-probabilities[wrong, predicted[wrong]]).argsort(kind="stable")].tolist()
    return ranked


def prediction_errors(
    _schema: Schema, _splits: dict[str, Split], _predictions: dict[str, NDArray[np.float64]]
) -> dict[str, Any]:
    """Return no entries: probabilities say how certain a prediction is."""
    return {}


def format_truth(value: Any) -> str:
    """Return the class."""
    return str(value)
