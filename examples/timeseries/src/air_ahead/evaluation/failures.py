"""Where a forecast fails: its worst origins, and how the error grows with the steps ahead."""

import numpy as np

from ..data.schema import Schema
from .base import Metric
from .markdown import escape, rounded
from .scores import Array, Outcome

MEASURE = "mean absolute error"
ERROR = Metric(MEASURE, lambda _, errors: float(errors.mean()), higher_is_better=False)
ORDER = "with the largest mean errors, without overlap where there are enough"


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
    """Return the mean error of the first and of the last step, and how often the interval misses on each side."""
    target, quantiles = outcome.truth.target, outcome.predictions
    errors, unit = np.abs(target - quantiles[..., 1]), f" {escape(schema.target.unit)}".rstrip()
    above, below = (float(side.mean()) for side in (target > quantiles[..., 2], target < quantiles[..., 0]))
    ahead = f" and {rounded(float(errors[:, -1].mean()))}{unit} {errors.shape[1]} {schema.step}s ahead"
    inside = ((quantiles[..., 0] <= target) & (target <= quantiles[..., 2])).mean(axis=0)
    last = f" and {inside[-1]:.0%} {len(inside)} {schema.step}s ahead" if len(inside) > 1 else ""
    return (
        f"The mean absolute error is {rounded(float(errors[:, 0].mean()))}{unit} one {schema.step} ahead"
        f"{ahead if errors.shape[1] > 1 else ''}. The actual value is above the 80% interval in {above:.0%} of the "
        f"forecasts, and below it in {below:.0%}: the interval contains {inside[0]:.0%} one {schema.step} ahead{last}."
    )
