"""Metrics of a classification: targets are class indices (rows,), predictions are probabilities (rows, classes)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, brier_score_loss, f1_score, log_loss, roc_auc_score

from .base import Metric

Array = NDArray[Any]


def _roc_auc(target: Array, probabilities: Array) -> float:
    if probabilities.shape[1] == 2:
        # The Mann-Whitney statistic: the same value as that of `roc_auc_score` in a fraction of the time, which counts
        # in a bootstrap. A pair of equal scores is half a win.
        negative, positive = (np.sort(probabilities[target == label, 1]) for label in (0, 1))
        wins = sum(np.searchsorted(negative, positive, side).sum() for side in ("left", "right")) / 2
        return float(wins / (len(positive) * len(negative)))
    return float(roc_auc_score(*_one_vs_rest(target, probabilities), average="macro"))


def _average_precision(target: Array, probabilities: Array) -> float:
    return float(average_precision_score(*_one_vs_rest(target, probabilities), average="macro"))


def _one_vs_rest(target: Array, probabilities: Array) -> tuple[Array, Array]:
    classes = np.unique(target)
    return target[:, None] == classes, probabilities[:, classes]


def _f1(target: Array, probabilities: Array) -> float:
    return float(f1_score(target, probabilities.argmax(axis=1), labels=np.unique(target), average="macro"))


def _is_right(target: Array, probabilities: Array) -> Array:
    return np.asarray(probabilities.argmax(axis=1) == target)


def _accuracy(target: Array, probabilities: Array) -> float:
    return float(_is_right(target, probabilities).mean())


def _log_loss(target: Array, probabilities: Array) -> float:
    return float(log_loss(target, probabilities, labels=range(probabilities.shape[1])))


def _brier(target: Array, probabilities: Array) -> float:
    return float(brier_score_loss(target, probabilities, labels=range(probabilities.shape[1])))


METRICS = {
    "roc_auc": Metric("ROC AUC", _roc_auc, higher_is_better=True, ranking=True),
    # More telling than ROC AUC where a class is rare (Davis and Goadrich, 2006).
    "average_precision": Metric(
        "Average precision (macro)",
        _average_precision,
        higher_is_better=True,
        ranking=True,
        note="Average precision (macro) is the mean over all classes; a model that ignores the inputs scores 1 divided "
        "by the number of classes.",
    ),
    "f1": Metric("F1 (macro)", _f1, higher_is_better=True),
    "accuracy": Metric("Accuracy", _accuracy, higher_is_better=True, hits=_is_right),
    "log_loss": Metric("Log loss", _log_loss, higher_is_better=False),
    "brier": Metric("Brier score", _brier, higher_is_better=False),
}
