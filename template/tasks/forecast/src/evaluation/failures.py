"""Where a forecast fails: its worst origins, and how the error grows with the steps ahead."""

import numpy as np

from ..data.schema import Schema
from .markdown import rounded
from .scores import Array
from .shares import Outcome

MEASURE = "mean absolute error"
ORDER = "with the largest mean error, the largest first, and last those that overlap with a worse one"


def measure_errors(_schema: Schema, outcome: Outcome) -> Array:
    """Return the mean absolute error of each forecast, shape (origins,)."""
    return np.asarray(np.abs(outcome.truth.target - outcome.predictions[..., 1]).mean(axis=1))


def rank_cases(schema: Schema, outcome: Outcome) -> list[int]:
    """Return the positions of all forecasts: those with the largest mean error first, and last those that overlap.

    Forecasts of overlapping steps have the same errors, so a forecast that overlaps with a worse one adds little.
    """
    horizon, apart, overlapping = outcome.truth.target.shape[1], list[int](), list[int]()
    for position in (-measure_errors(schema, outcome)).argsort(kind="stable").tolist():
        near = any(abs(position - other) < horizon for other in apart)
        (overlapping if near else apart).append(position)
    return apart + overlapping


def describe_case(schema: Schema, outcome: Outcome, position: int) -> dict[str, str]:
    """Return the mean error of a forecast, and its step with the largest error."""
    target, quantiles = outcome.truth.target[position], outcome.predictions[position]
    errors = np.abs(target - quantiles[:, 1])
    worst = int(errors.argmax())
    return {
        MEASURE: rounded(float(errors.mean())),
        f"worst {schema.step} ahead": str(worst + 1),
        "actual": f"{target[worst]:.5g}",
        "forecast": f"{quantiles[worst, 1]:.5g}",
    }


def summarize_errors(schema: Schema, outcome: Outcome) -> str:
    """Return the mean error of the first and of the last step, and how often the interval misses and on which side."""
    target, quantiles = outcome.truth.target, outcome.predictions
    errors, unit = np.abs(target - quantiles[..., 1]), f" {schema.target.unit}".rstrip()
    above, below = target > quantiles[..., 2], target < quantiles[..., 0]
    inside, (first, *_, last) = 1 - (above | below).mean(axis=0), errors.mean(axis=0)[[0, -1]]
    sides = f"The actual value is above the 80% interval in {above.mean():.0%} of the forecasts, and below it in"
    if len(inside) == 1:
        return f"The mean absolute error is {rounded(float(first))}{unit}. {sides} {below.mean():.0%}."
    near, far = f"one {schema.step} ahead", f"{len(inside)} {schema.step}s ahead"
    return (
        f"The mean absolute error is {rounded(float(first))}{unit} {near} and {rounded(float(last))}{unit} {far}. "
        f"{sides} {below.mean():.0%}; the interval has it in {inside[0]:.0%} {near} and in {inside[-1]:.0%} {far}."
    )
