"""What the data says about classes."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import entropy
from sklearn.feature_selection import mutual_info_classif
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ..evaluation.markdown import escape
from .report import Finding, percent

ASSOCIATION = "uncertainty coefficient"
SUSPECTS = (
    "are of another class than a cross-validated linear model is nearly certain of: ambiguous, mislabeled, or beyond "
    "such a model"
)
NO_SUSPECTS = "No label is very unlikely to a cross-validated linear model."
UNLIKELY, LIKELY = 0.05, 0.9
FOLDS, MAX_CLASSES, MAX_CATEGORIES = 5, 6, 8
# How much more frequent than the rarest class the most frequent one may be.
BALANCED = 1.2


def summarize_target(target: pd.Series, noun: str) -> tuple[list[Finding], pd.DataFrame]:
    """Return the balance of the classes, and how many samples each has."""
    counts = target.value_counts()
    shares = counts / counts.sum()
    often, seldom, rarest = escape(str(counts.index[0])), escape(str(counts.index[-1])), shares.iloc[-1]
    if shares.iloc[0] <= BALANCED * rarest:
        limits = f"{100 * rarest:.1f}% to {100 * shares.iloc[0]:.1f}%"
        text = f"The classes are balanced: each of the {len(counts)} has {limits} of the {noun}."
    else:
        rank = "" if len(counts) < 3 else ", the rarest class" if (shares == rarest).sum() == 1 else " as other classes"
        text = f"{percent(shares.iloc[0])} of the {noun} are {often}, {percent(rarest)} are {seldom}{rank}."
    text += f" Always predicting {often} has an accuracy of {percent(shares.iloc[0])}."
    table = pd.DataFrame({noun: counts, "share": shares})
    table.index.name = "class"
    return [Finding(0.5 + 0.4 * float(shares.iloc[0] - 1 / len(counts)), text)], table


def measure_association(samples: pd.DataFrame, discrete: NDArray[np.bool_], target: pd.Series) -> pd.Series:
    """Return the share of the target's entropy that each column explains alone, from 0 to 1.

    It is the uncertainty coefficient (H. Theil, 1970): mutual information divided by the entropy of the target.
    """
    information = mutual_info_classif(samples, target.astype(str), discrete_features=discrete, random_state=0)
    share = np.clip(information / max(float(entropy(target.value_counts())), 1e-9), 0, 1)
    return pd.Series(share.round(6), samples.columns)


def format_association(value: float, _rows: int) -> str:
    """Return the coefficient of a column."""
    return f"{value:.2f}"


def is_negligible(value: float, _rows: int) -> bool:
    """Return whether a column alone has next to no information on the target."""
    return value < 0.01


def suspicious_rows(vectors: NDArray[np.float64], target: pd.Series) -> list[int]:
    """Return the positions of rows that a linear model of other rows gives another class, with near certainty."""
    counts = target.value_counts()
    if len(counts) < 2 or counts.min() < FOLDS:
        return []
    classes, codes = np.unique(target.astype(str), return_inverse=True)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    probabilities = cross_val_predict(model, vectors, codes, cv=folds, method="predict_proba")
    own = probabilities[np.arange(len(codes)), codes]
    found = np.flatnonzero((own < UNLIKELY) & (probabilities.max(axis=1) > LIKELY) & (len(classes) > 1))
    return [int(row) for row in found[np.argsort(own[found], kind="stable")]]


def draw_by_target(axes: Any, values: pd.Series, target: pd.Series) -> None:
    """Draw the distribution of a column in each of the most frequent classes."""
    classes = target.value_counts().index[:MAX_CLASSES]
    if pd.api.types.is_numeric_dtype(values):
        known = values.dropna()
        low, high = known.quantile([0.005, 0.995]) if len(known) else (0.0, 1.0)
        bins = np.linspace(low, high if high > low else low + 1, 21)
        for label in classes:
            axes.hist(known[target == label], bins=bins, density=True, histtype="step", linewidth=1.3, label=str(label))
        axes.set_yticks([])
        axes.set_ylabel("density")
        return
    categories = values.value_counts().index[:MAX_CATEGORIES]
    positions = np.arange(len(categories))
    for number, label in enumerate(classes):
        shares = [float((values[target == label] == category).mean()) for category in categories]
        width = 0.8 / len(classes)
        axes.bar(positions + number * width, shares, width, label=str(label))
    axes.set_ylabel("share of the class")
    axes.set_xticks(positions + 0.4, [str(name)[:10] for name in categories], rotation=30, ha="right")
