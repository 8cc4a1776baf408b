"""Where a classification fails: its hardest samples, and the classes that it confuses."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from ..data.schema import Schema
from .base import Metric
from .decision import predicted_classes
from .markdown import escape, rounded, table
from .scores import Array, Outcome

MEASURE = "error rate"
ERROR = Metric(MEASURE, lambda _, errors: float(errors.mean()), False, hits=lambda _, errors: errors > 0)
ORDER = "whose true class has the lowest predicted probability, the lowest first"
MAX_PAIRS = 10


def measure_errors(schema: Schema, outcome: Outcome) -> Array:
    """Return 1 for each wrong prediction and 0 for each right one, shape (rows,)."""
    return np.asarray((_predict(schema, outcome) != outcome.truth.target).astype(float))


def rank_cases(_schema: Schema, outcome: Outcome) -> list[int]:
    """Return the positions of all samples, those with the lowest probability of their class first."""
    target = outcome.truth.target
    ranked: list[int] = outcome.predictions[range(len(target)), target].argsort(kind="stable").tolist()
    return ranked


def describe_case(schema: Schema, outcome: Outcome, position: int) -> dict[str, str]:
    """Return the true and the predicted class of a sample, with their probabilities."""
    row = outcome.predictions[position]
    classes = {"truth": outcome.truth.target[position], "prediction": _predict(schema, outcome)[position]}
    return {name: f"{schema.classes[index]} ({_format_probability(row[index])})" for name, index in classes.items()}


def _format_probability(value: float) -> str:
    return "under 1%" if value < 0.005 else "over 99%" if value >= 0.995 else f"{value:.0%}"


def summarize_errors(schema: Schema, outcome: Outcome) -> str:
    """Return what counts as a prediction, how many are wrong, and which classes are confused, as Markdown."""
    target, predicted = outcome.truth.target, _predict(schema, outcome)
    wrong = predicted != target
    pairs = Counter(zip(target[wrong].tolist(), predicted[wrong].tolist(), strict=True)).most_common(MAX_PAIRS)
    text = f"{_explain_prediction(schema, outcome)} Wrong: {wrong.sum():,} of {len(target):,} predictions."
    rows = [
        [escape(schema.classes[true]), escape(schema.classes[other]), f"{count:,}"] for (true, other), count in pairs
    ]
    return f"{text}\n\n{table(['truth', 'prediction', schema.sample_noun], rows)}" if rows else text


def _predict(schema: Schema, outcome: Outcome) -> NDArray[np.int64]:
    return predicted_classes(outcome.predictions, schema, outcome.decision)


def _explain_prediction(schema: Schema, outcome: Outcome) -> str:
    decision = outcome.decision
    if not decision:
        return "The prediction is the most likely class."
    threshold = rounded(decision["threshold"])
    if decision["rule"] == "abstain":
        return (
            "The prediction is the most likely class, even where its probability is below the decision's threshold of "
            f"{threshold} and the decision is left to a person."
        )
    positive = escape(decision["positive"])
    return (
        f"{escape(schema.sample_noun).capitalize()} with a probability of {positive} of at least {threshold}, the "
        f"decision's threshold, are referred and count as predicted {positive}."
    )
