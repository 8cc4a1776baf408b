"""Shares of rows, with an interval."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .scores import Array, Truth


@dataclass(frozen=True)
class Outcome:
    """The true values of a split, the champion's predictions for it, rows first, and the decision, if there is one."""

    truth: Truth
    predictions: Array
    decision: Mapping[str, Any] | None = None


def compare_with_aim(aim_text: str, value: float | None, aim: float, *, at_most: bool = False) -> str:
    """Return whether a share of the test split meets its aim, as a sentence; empty if the share is undefined.

    Args:
        aim_text: the aim, as in "referring at most 20%".
        value: the share on the test split.
        aim: the share to reach, or with `at_most` not to exceed.
        at_most: whether a smaller share is better.
    """
    if value is None:
        return ""
    shown = round(value, 3)  # as in the sentence
    is_met = shown <= aim if at_most else shown >= aim
    return f"The aim, {aim_text}, is {'met' if is_met else 'missed'} on the test split: {shown:.1%}."


def share(hits: Array, units: NDArray[np.int64], confidence: float) -> dict[str, Any]:
    """Return the share of hits with its Wilson interval, which also has a width where all or none are hits.

    Rows of one unit resemble each other, so the sample size of the interval is the number of units (E. Wilson,
    "Probable inference, the law of succession, and statistical inference", 1927).

    Args:
        hits: booleans, rows first.
        units: the independent unit of each row, shape (rows,).
        confidence: of the interval.
    """
    if not len(hits):
        return {"value": None, "low": None, "high": None}
    value, size = float(hits.mean()), len(np.unique(units))
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    center = (value + z**2 / (2 * size)) / (1 + z**2 / size)
    width = z / (1 + z**2 / size) * math.sqrt(value * (1 - value) / size + z**2 / (4 * size**2))
    return {"value": value, "low": max(0.0, center - width), "high": min(1.0, center + width)}
