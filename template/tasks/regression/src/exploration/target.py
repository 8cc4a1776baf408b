"""What the data says about a number."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import skew as skewness
from sklearn.feature_selection import mutual_info_regression
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ..evaluation.figures import BLUE
from ..evaluation.markdown import rounded
from .report import Finding

FOLDS, MAX_CATEGORIES = 5, 8
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
    table = pd.DataFrame({"target": values.to_numpy()}, [f"{100 * level:.0f}%" for level in levels])
    table.index.name = f"share of {noun} below"
    return [Finding(0.5 + 0.3 * min(1.0, abs(skew) / 5), f"{text}.")], table


def measure_association(samples: pd.DataFrame, discrete: NDArray[np.bool_], target: pd.Series) -> pd.Series:
    """Return the share of the target's variance that each column would explain, from 0 to 1.

    It is 1 - exp(-2 I) of the mutual information I: for two normal variables, their squared correlation.
    """
    information = mutual_info_regression(samples, target.astype(float), discrete_features=discrete, random_state=0)
    return pd.Series((1 - np.exp(-2 * information)).round(6), samples.columns)


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
    if pd.api.types.is_numeric_dtype(values):
        axes.plot(values, target, ".", color=BLUE, markersize=3, alpha=0.4)
        return
    categories = values.value_counts().index[:MAX_CATEGORIES]
    groups = [target[values == category].astype(float) for category in categories]
    axes.boxplot(groups, tick_labels=[str(name)[:10] for name in categories], showfliers=False)
    axes.tick_params(axis="x", rotation=30)
