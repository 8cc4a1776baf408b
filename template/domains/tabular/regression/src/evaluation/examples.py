"""The examples and errors of the demo."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.schema import Schema
from ..data.splits import Split, encode_target


def select_examples(schema: Schema, test: Split, values: NDArray[np.float64]) -> list[int]:
    """Return the positions of three test rows: with a low, the median and a high prediction.

    The low and the high one are the 10th and 90th percentile: the extremes are not typical.
    """
    order = values.argsort(kind="stable")
    tenth = len(order) // 10
    return [int(order[tenth]), int(np.abs(values - np.median(values)).argmin()), int(order[-1 - tenth])]


def rank_errors(schema: Schema, test: Split, values: NDArray[np.float64], _decision: Any = None) -> list[int]:
    """Return the positions of all predictions, the one with the largest error first."""
    ranked: list[int] = (-np.abs(encode_target(test.target, schema) - values)).argsort(kind="stable").tolist()
    return ranked


def prediction_errors(
    schema: Schema, splits: dict[str, Split], predictions: dict[str, NDArray[np.float64]]
) -> dict[str, Any]:
    """Return `errors_80`: 80% of the validation rows have an error (actual minus predicted) between these limits.

    `covered_80` has how many rows of the test split have one, and how many rows it has.
    """
    errors = {part: encode_target(splits[part].target, schema) - predictions[part] for part in ("validation", "test")}
    low, high = (format_truth(limit) for limit in np.quantile(errors["validation"], [0.1, 0.9]))
    covered = (low <= errors["test"]) & (errors["test"] <= high)
    return {"errors_80": [low, high], "covered_80": [int(covered.sum()), len(covered)]}


def format_truth(value: Any) -> float:
    """Return the number with four significant digits."""
    return float(f"{value:.4g}")
