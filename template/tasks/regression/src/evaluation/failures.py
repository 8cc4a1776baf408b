"""Where a regression fails: its largest errors, and in which direction it errs."""

import numpy as np

from ..data.schema import Schema
from .markdown import rounded, signed
from .scores import Array

MEASURE = "mean absolute error"


def measure_errors(target: Array, predictions: Array) -> Array:
    """Return the absolute error of each row, shape (rows,)."""
    return np.asarray(np.abs(target - predictions))


def rank_cases(target: Array, predictions: Array) -> list[int]:
    """Return the positions of all rows, those with the largest error first."""
    ranked: list[int] = (-measure_errors(target, predictions)).argsort(kind="stable").tolist()
    return ranked


def describe_case(schema: Schema, target: Array, predictions: Array, position: int) -> dict[str, str]:
    """Return the true and the predicted value of a row, and the error."""
    true, predicted = float(target[position]), float(predictions[position])
    return {"truth": f"{true:g}", "prediction": rounded(predicted), "error": signed(predicted - true)}


def summarize_errors(schema: Schema, target: Array, predictions: Array) -> str:
    """Return the size of a typical and of the largest error, and the bias of low and high values."""
    errors, unit = predictions - target, f" {schema.target.unit}".rstrip()
    low, high = (errors[side].mean() for side in (target <= np.median(target), target >= np.median(target)))
    half, most, worst = (rounded(float(np.quantile(np.abs(errors), level))) for level in (0.5, 0.9, 1))
    return (
        f"Half of the errors are at most {half}{unit}, nine of ten at most {most}{unit}, the largest is {worst}{unit}. "
        f"Predictions are off by {signed(float(low))}{unit} on average where the actual value is below the median, and "
        f"by {signed(float(high))}{unit} where it is above."
    )
