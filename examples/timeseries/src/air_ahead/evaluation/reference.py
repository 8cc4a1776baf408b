"""`models/champion/reference.json`: how inputs and predictions are distributed, with which `monitor` compares traffic.

A column is summarized by counts: of a number in ten intervals with equal counts and those beyond them, of a category by
level, and of missing values.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..data.schema import Schema
from ..data.splits import Split
from .error_inputs import reference_inputs
from .scores import Array

REFERENCE_FILE = "reference.json"
INTERVALS, MAX_LEVELS = 10, 20

Counts = NDArray[np.int64]
Column = Mapping[str, Any]


def build_reference(
    record: Mapping[str, Any], exported: bytes, splits: Mapping[str, Split], validation: Array, schema: Schema
) -> dict[str, Any]:
    """Return the contents of `reference.json`.

    The inputs are those of the training split; of texts, those of the validation split. The predictions are the
    champion's for the validation split, on which it was not trained.
    """
    inputs = reference_inputs(exported, splits, schema)
    return {
        "sha256": record["sha256"],
        "rows": {"inputs": len(inputs), "predictions": len(validation)},
        "distinct": not getattr(schema, "repeats", False),
        "inputs": [summarize(inputs[name]) for name in inputs],
        "predictions": [summarize(column) for column in predicted_columns(record, validation)],
    }


def predicted_columns(record: Mapping[str, Any], predictions: Array) -> list[pd.Series]:
    """Return the columns of predictions as the request log has them; none of a forecast, which follows its series."""
    classes = list(record["classes"])
    if classes:
        labels = pd.Series([classes[position] for position in predictions.argmax(axis=1)], name="label")
        positive = record["positive"]
        scores = predictions[:, classes.index(positive)] if positive in classes else predictions.max(axis=1)
        return [labels, pd.Series(scores, name="probability")]
    return [pd.Series(predictions, name="value")] if predictions.ndim == 1 else []


def summarize(values: pd.Series) -> dict[str, Any]:
    """Return name, kind, limits or levels, and counts of a column."""
    known = values.dropna()
    summary: dict[str, Any] = {"name": str(values.name)}
    if pd.api.types.is_numeric_dtype(values):
        summary |= {"kind": "number", "limits": _limits(to_numbers(known))}
    else:
        frequent = known.astype(str).value_counts()[:MAX_LEVELS]
        summary |= {"kind": "category", "levels": [str(level) for level in frequent.index]}
    return summary | {"counts": count_values(summary, values.astype(object).where(values.notna(), None)).tolist()}


def _limits(numbers: NDArray[np.float64]) -> list[float]:
    """Return the ends of intervals with equal counts; the first one is just below the smallest number."""
    if not len(numbers):
        return []
    quantiles = np.quantile(numbers, np.linspace(0, 1, INTERVALS + 1))
    limits: list[float] = np.unique([np.nextafter(numbers.min(), -np.inf), *quantiles[1:]]).tolist()
    return limits


def count_values(column: Column, values: Any) -> Counts:
    """Return how many values are in each interval or level of a column, how many are others, and how many None."""
    known = [value for value in values if value is not None]
    if column["kind"] == "number":
        size = len(column["limits"]) + 1
        # The interval between two limits contains the upper one.
        positions = np.searchsorted(column["limits"], to_numbers(known), side="left")
    else:
        index = {level: position for position, level in enumerate(column["levels"])}
        size = len(index) + 1
        positions = np.array([index.get(str(value), size - 1) for value in known], dtype=np.int64)
    return np.array([*np.bincount(positions, minlength=size), len(values) - len(known)], dtype=np.int64)


def to_numbers(values: Any) -> NDArray[np.float64]:
    """Return numbers with the precision of the model's inputs, so that a limit is equal to the value that it is."""
    return np.asarray(values, dtype=np.float32).astype(np.float64)


def reference_path(champion: Path) -> Path:
    """Return the path of the reference in the folder of the champion."""
    return champion / REFERENCE_FILE
