"""Intervals of scores: bootstrap percentiles, and Wilson's interval for shares."""

import math
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
