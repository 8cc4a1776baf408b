"""Where a regression fails: its largest errors, and in which direction it errs."""

import numpy as np

from ..data.schema import Schema
from .base import Metric
from .markdown import escape, rounded, signed
from .scores import Array, Outcome

MEASURE = "mean absolute error"
ERROR = Metric(MEASURE, lambda _, errors: float(errors.mean()), higher_is_better=False)
ORDER = "with the largest error, the largest first"


def measure_errors(_schema: Schema, outcome: Outcome) -> Array:
    """Return the absolute error of each row, shape (rows,)."""
    return np.asarray(np.abs(outcome.truth.target - outcome.predictions))


def rank_cases(schema: Schema, outcome: Outcome) -> list[int]:
    """Return the positions of all rows, those with the largest error first."""
    ranked: list[int] = (-measure_errors(schema, outcome)).argsort(kind="stable").tolist()
    return ranked


def describe_case(schema: Schema, outcome: Outcome, position: int) -> dict[str, str]:
    """Return the true and the predicted value of a row, and the error."""
    true, predicted = float(outcome.truth.target[position]), float(outcome.predictions[position])
    return {"truth": f"{true:g}", "prediction": rounded(predicted), "error": signed(predicted - true)}


def summarize_errors(schema: Schema, outcome: Outcome) -> str:
    """Return the size of a typical and of the largest error, and the bias of low and high predictions."""
    predicted = outcome.predictions
    errors, unit = predicted - outcome.truth.target, f" {escape(schema.target.unit)}".rstrip()
    middle = np.median(predicted)
    # By the actual value, every model would seem to overestimate low and to underestimate high ones.
    low, high = (errors[side].mean() for side in (predicted <= middle, predicted >= middle))
    half, most, worst = (rounded(float(np.quantile(np.abs(errors), level))) for level in (0.5, 0.9, 1))
    return (
        f"Half of the errors are at most {half}{unit}, nine of ten at most {most}{unit}, the largest is {worst}{unit}. "
        f"Predicted minus actual is {signed(float(low))}{unit} on average in the lower half of the predictions, and "
        f"{signed(float(high))}{unit} in the upper half."
    )
