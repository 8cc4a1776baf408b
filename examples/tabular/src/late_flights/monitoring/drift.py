"""Drift: whether a column of the traffic is distributed as in the reference.

The test is chi-square of homogeneity on the counts of `evaluation/reference.py`, corrected for the number of columns
(Bonferroni). With many rows it finds differences that don't matter, so drift is also a matter of effect size: the
population stability index (PSI), the symmetric Kullback-Leibler divergence of both distributions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2_contingency

from ..config import Monitor
from ..evaluation.reference import Counts, count_values

MIN_EXPECTED = 3  # of a cell, for the chi-square distribution to hold
SMOOTHING = 0.5  # pseudo-count: the PSI of an empty cell would be infinite

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Drift:
    """The comparison of a column.

    Attributes:
        name: of the column.
        of: "input" or "prediction".
        psi: the effect size.
        p_value: corrected for the number of columns.
        missing: the share of missing values in the traffic.
        drifted: whether the distribution differs clearly.
    """

    name: str
    of: str
    psi: float
    p_value: float
    missing: float
    drifted: bool


def find_drift(
    reference: Mapping[str, Any], inputs: Sequence[Row], predictions: Sequence[Row], limits: Monitor
) -> list[Drift]:
    """Compare each column of the reference with the traffic, the largest effect first.

    Args:
        reference: the contents of `reference.json`.
        inputs: of each row; those of predictions by other models, too.
        predictions: of the rows that the champion predicted.
        limits: minimum number of rows, significance and effect size.
    """
    compared = [
        (of, column, rows)
        for of, rows in (("input", inputs), ("prediction", predictions))
        for column in reference[f"{of}s"]
        if len(rows) >= limits.min_rows and not (of == "input" and column["name"] in limits.ignore)
    ]
    drifts = [_compare(of, column, rows, len(compared), limits) for of, column, rows in compared]
    return sorted(drifts, key=lambda drift: -drift.psi)


def _compare(of: str, column: Row, rows: Sequence[Row], columns: int, limits: Monitor) -> Drift:
    values = [row.get(column["name"]) for row in rows]
    counts = pool(np.array([column["counts"], count_values(column, values)]))
    p_value = min(1.0, columns * homogeneity(counts))
    psi = stability_index(counts)
    return Drift(
        name=column["name"],
        of=of,
        psi=round(psi, 4),
        p_value=p_value,
        missing=round(values.count(None) / len(values), 4),
        drifted=p_value < limits.significance and psi >= limits.psi,
    )


def pool(counts: NDArray[np.int64]) -> Counts:
    """Join neighboring cells until each is expected to have enough rows of the smaller sample. Shape (2, cells)."""
    smaller = counts.sum(axis=1).min() / counts.sum()
    cells: list[Counts] = []
    for cell in counts.T:
        if cells and cells[-1].sum() * smaller < MIN_EXPECTED:
            cells[-1] = cells[-1] + cell
        else:
            cells.append(cell)
    if len(cells) > 1 and cells[-1].sum() * smaller < MIN_EXPECTED:
        cells[-2:] = [cells[-2] + cells[-1]]
    return np.array(cells).T


def homogeneity(counts: Counts) -> float:
    """Return the p-value of the chi-square test that both rows have the same distribution."""
    return float(chi2_contingency(counts, correction=False).pvalue) if counts.shape[1] > 1 else 1.0


def stability_index(counts: Counts) -> float:
    """Return the population stability index of two rows of counts."""
    smoothed = counts + SMOOTHING
    first, second = smoothed / smoothed.sum(axis=1, keepdims=True)
    return float(((first - second) * np.log(first / second)).sum())
