"""The examples of the demo."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.schema import Schema
from ..data.splits import Split


def select_examples(schema: Schema, test: Split, values: NDArray[np.float64]) -> list[int]:
    """Return the positions of three test rows: with a low, the median and a high prediction.

    The low and the high one are the 10th and 90th percentile: the extremes are not typical.
    """
    order = values.argsort(kind="stable")
    tenth = len(order) // 10
    return [int(order[tenth]), int(np.abs(values - np.median(values)).argmin()), int(order[-1 - tenth])]


def format_truth(value: Any) -> float:
    """Return the number with four significant digits."""
    return float(f"{value:.4g}")
