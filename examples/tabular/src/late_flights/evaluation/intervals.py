"""Intervals of scores: bootstrap percentiles, and Wilson's interval for shares."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Interval:
    """A value with the limits of its interval."""

    value: float
    low: float
    high: float


def percentile_interval(value: float, samples: NDArray[Any], confidence: float) -> Interval:
    """Return the percentile interval of bootstrap samples."""
    tail = (1 - confidence) / 2
    low, high = np.nanquantile(samples, [tail, 1 - tail])
    return Interval(value=value, low=float(low), high=float(high))


def share(hits: NDArray[Any], units: NDArray[np.int64], confidence: float) -> dict[str, Any]:
    """Return the share of hits with its Wilson interval, which also has a width where all or none are hits.

    Rows of one unit resemble each other, so the sample size of the interval is the number of units (E. Wilson,
    "Probable inference, the law of succession, and statistical inference", 1927). `hits` are booleans, rows first.
    """
    if not len(hits):
        return {"value": None, "low": None, "high": None}
    value, size = float(hits.mean()), len(np.unique(units))
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    center = (value + z**2 / (2 * size)) / (1 + z**2 / size)
    width = z / (1 + z**2 / size) * math.sqrt(value * (1 - value) / size + z**2 / (4 * size**2))
    return {"value": value, "low": max(0.0, center - width), "high": min(1.0, center + width)}


def compare_with_aim(aim_text: str, score: Mapping[str, Any], aim: float, *, at_most: bool = False) -> str:
    """Return whether a share of the test split meets its aim, as a sentence; empty if the share is undefined.

    The aim is met or missed only where the share's interval excludes it. With `at_most`, a smaller share is better.
    """
    if score["value"] is None:
        return ""
    value, low, high = (f"{100 * score[key]:.1f}" for key in ("value", "low", "high"))
    measured = f"{value}% [{low}%, {high}%]"
    if score["low"] <= aim <= score["high"]:
        return (
            f"Whether the aim is met, {aim_text}, is not established: the interval on the test split, {measured}, "
            f"includes {100 * aim:.4g}%."
        )
    is_met = score["high"] < aim if at_most else score["low"] > aim
    return f"The aim, {aim_text}, is {'met' if is_met else 'missed'} on the test split: {measured}."
