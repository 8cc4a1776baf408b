"""What the data says about a number."""

import textwrap
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import skew as skewness
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ..evaluation.figures import BLUE, literal
from ..evaluation.markdown import rounded
from .report import Finding

ASSOCIATION = "absolute rank correlation"
SUSPECTS = (
    "have a value far from what a cross-validated linear model predicts: an outlier, a wrong value, or a relation that "
    "is not linear"
)
NO_SUSPECTS = "No value is far from what a cross-validated linear model predicts."
FOLDS, MAX_CATEGORIES = 5, 8
MAX_LABEL = 28  # characters in a line
FAR = 5.0  # median absolute deviations of the errors


def summarize_target(target: pd.Series, noun: str) -> tuple[list[Finding], pd.DataFrame]:
    """Return the middle and the tails of the target."""
    levels = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
    values = target.astype(float).quantile(list(levels))
    text = f"Half of the {noun} have a target from {rounded(values[0.25])} to {rounded(values[0.75])}"
    skew = float(np.nan_to_num(skewness(target.to_numpy(dtype=float))))
    if abs(skew) > 1:
        side = "high" if skew > 0 else "low"
        text += f"; a few are very {side}, to {rounded(values[1.0 if skew > 0 else 0.0])}, and dominate squared errors"
    names = {0.0: "minimum", 0.5: "median", 1.0: "maximum"}
    table = pd.DataFrame({"target": values.to_numpy()}, [names.get(level, f"{level:.0%}") for level in levels])
    table.index.name = "quantile"
    return [Finding(0.5 + 0.3 * min(1.0, abs(skew) / 5), f"{text}.")], table


def measure_association(samples: pd.DataFrame, discrete: NDArray[np.bool_], target: pd.Series) -> pd.Series:
    """Return how closely the target's ranks follow each column, from 0 to 1.

    Of numbers it is the absolute rank correlation (Spearman). Of categories it is the correlation ratio of the ranks,
    less what as many random categories would have (T. Kelley, "An unbiased correlation ratio measure", 1935).
    """
    ranks: NDArray[np.float64] = np.asarray(target.astype(float).rank())
    measures = [_correlation_ratio if is_code else _spearman for is_code in discrete]
    values = [measure(samples[name], ranks) for name, measure in zip(samples, measures, strict=True)]
    return pd.Series(values, samples.columns).round(6)


def _spearman(values: pd.Series, ranks: NDArray[np.float64]) -> float:
    return 0.0 if values.nunique() < 2 else abs(float(np.corrcoef(values.rank(), ranks)[0, 1]))


def _correlation_ratio(codes: pd.Series, ranks: NDArray[np.float64]) -> float:
    within = pd.Series(ranks).groupby(codes.to_numpy()).var(ddof=0) * codes.value_counts().sort_index()
    spare = len(ranks) - codes.nunique()
    return 0.0 if spare < 1 else float(np.sqrt(max(0.0, 1 - within.sum() / spare / ranks.var(ddof=1))))


def format_association(value: float, rows: int) -> str:
    """Return the correlation with its 95% interval."""
    low, high = _interval(value, rows)
    return f"{value:.2f} [{low:.2f}, {high:.2f}]"


def is_negligible(value: float, rows: int) -> bool:
    """Return whether a column alone may have no information on the target."""
    return _interval(value, rows)[0] <= 0


def _interval(value: float, rows: int) -> tuple[float, float]:
    """Return the limits of a rank correlation (E. Fieller et al., "Tests for rank correlation coefficients", 1957)."""
    center, width = np.arctanh(min(value, 0.999999)), 1.96 * np.sqrt(1.06 / max(rows - 3, 1))
    return float(np.tanh(center - width)), float(np.tanh(center + width))


def suspicious_rows(vectors: NDArray[np.float64], target: pd.Series) -> list[int]:
    """Return the positions of rows whose value is far from what a linear model of the other rows predicts."""
    if len(target) < 2 * FOLDS:
        return []
    values = target.to_numpy(dtype=float)
    model = make_pipeline(StandardScaler(), Ridge(alpha=10.0))
    errors = values - cross_val_predict(model, vectors, values, cv=KFold(FOLDS, shuffle=True, random_state=0))
    distance = np.abs(errors - np.median(errors))
    limit = FAR * 1.4826 * float(np.median(distance))
    found = np.flatnonzero(distance > limit) if limit > 0 else np.array([], dtype=int)
    return [int(row) for row in found[np.argsort(-distance[found], kind="stable")]]


def draw_by_target(axes: Any, values: pd.Series, target: pd.Series) -> None:
    """Draw the target against a column of numbers, or its spread in the most frequent categories."""
    axes.set_ylabel(literal(textwrap.fill(str(target.name), MAX_LABEL)))
    if pd.api.types.is_numeric_dtype(values):
        axes.plot(values, target, ".", color=BLUE, markersize=3, alpha=0.4)
        return
    categories = values.value_counts().index[:MAX_CATEGORIES]
    groups = [target[values == category].astype(float) for category in categories]
    axes.boxplot(groups, tick_labels=[str(name)[:10] for name in categories], showfliers=False)
    axes.tick_params(axis="x", rotation=30)
