"""Where a classification fails: its hardest samples, and the classes that it confuses."""

from collections import Counter

import numpy as np

from ..data.schema import Schema
from .markdown import escape, table
from .scores import Array

MEASURE = "error rate"
MAX_PAIRS = 10


def measure_errors(target: Array, probabilities: Array) -> Array:
    """Return 1 for each wrong prediction and 0 for each right one, shape (rows,)."""
    return np.asarray((probabilities.argmax(axis=1) != target).astype(float))


def rank_cases(target: Array, probabilities: Array) -> list[int]:
    """Return the positions of all samples, those with the lowest probability of their class first."""
    ranked: list[int] = probabilities[range(len(target)), target].argsort(kind="stable").tolist()
    return ranked


def describe_case(schema: Schema, target: Array, probabilities: Array, position: int) -> dict[str, str]:
    """Return the true and the predicted class of a sample, with their probabilities."""
    row = probabilities[position]
    classes = {"truth": target[position], "prediction": row.argmax()}
    return {name: f"{schema.classes[index]} ({row[index]:.0%})" for name, index in classes.items()}


def summarize_errors(schema: Schema, target: Array, probabilities: Array) -> str:
    """Return how many most likely classes are wrong, and which pairs of classes are confused, as Markdown."""
    predicted = probabilities.argmax(axis=1)
    wrong = predicted != target
    pairs = Counter(zip(target[wrong].tolist(), predicted[wrong].tolist(), strict=True)).most_common(MAX_PAIRS)
    text = f"The most likely class is wrong for {wrong.sum():,} of them."
    rows = [[escape(schema.classes[true]), escape(schema.classes[other]), str(count)] for (true, other), count in pairs]
    return f"{text}\n\n{table(['truth', 'prediction', schema.sample_noun], rows)}" if rows else text
