"""How good a set of predictions is: scores, bootstrap intervals, and the rule by which a model becomes champion."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
import sklearn
from numpy.typing import NDArray
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    f1_score,
    log_loss,
    mean_absolute_error,
    r2_score,
    roc_auc_score,
    root_mean_squared_error,
)

from .markdown import signed
from .mistakes import UserError

Array = NDArray[Any]


@dataclass(frozen=True)
class Metric:
    """A score of predictions against the truth, and which direction is better: None where a value between is right."""

    label: str
    score: Callable[[Array, Array], float]
    higher_is_better: bool | None


def _roc_auc(target: Array, probabilities: Array) -> float:
    if probabilities.shape[1] == 2:
        return float(roc_auc_score(target, probabilities[:, 1]))
    return float(roc_auc_score(*_classes_that_occur(target, probabilities), average="macro"))


def _average_precision(target: Array, probabilities: Array) -> float:
    return float(average_precision_score(*_classes_that_occur(target, probabilities), average="macro"))


def _classes_that_occur(target: Array, probabilities: Array) -> tuple[Array, Array]:
    """A column a class, in which the truth says whether it is the row's: each class is ranked against the rest."""
    found = np.unique(target)
    return target[:, None] == found, probabilities[:, found]


def _f1(target: Array, probabilities: Array) -> float:
    """The mean over the classes that occur; what is answered with another is wrong, and no class of its own."""
    return float(f1_score(target, probabilities.argmax(axis=1), labels=np.unique(target), average="macro"))


def _log_loss(target: Array, probabilities: Array) -> float:
    return float(log_loss(target, probabilities, labels=range(probabilities.shape[1])))


def _brier(target: Array, probabilities: Array) -> float:
    return float(brier_score_loss(target, probabilities, labels=range(probabilities.shape[1])))


# Classification: target of class indices (rows,), predictions of probabilities (rows, classes).
CLASSIFICATION = {
    "roc_auc": Metric("ROC AUC", _roc_auc, higher_is_better=True),
    # Where a class is rare, a ranking of mostly easy cases flatters ROC AUC (Davis and Goadrich, 2006). The mean over
    # the classes counts the rare one as much as the others.
    "average_precision": Metric("Average precision (macro)", _average_precision, higher_is_better=True),
    "f1": Metric("F1 (macro)", _f1, higher_is_better=True),
    "accuracy": Metric("Accuracy", lambda y, p: float((p.argmax(axis=1) == y).mean()), higher_is_better=True),
    "log_loss": Metric("Log loss", _log_loss, higher_is_better=False),
    "brier": Metric("Brier score", _brier, higher_is_better=False),
}

# These rank the rows, and there is nothing to rank where one class is all there is.
RANKINGS = (CLASSIFICATION["roc_auc"], CLASSIFICATION["average_precision"])

# Regression: target and predictions of numbers (rows,).
REGRESSION = {
    "mae": Metric("Mean absolute error", lambda y, p: float(mean_absolute_error(y, p)), higher_is_better=False),
    "rmse": Metric(
        "Root mean squared error", lambda y, p: float(root_mean_squared_error(y, p)), higher_is_better=False
    ),
    "r2": Metric("R²", lambda y, p: float(r2_score(y, p)), higher_is_better=True),
}

# Forecasts: target of numbers (origins, horizon), predictions of quantiles (origins, horizon, 3): the lower end of an
# 80 % interval, the median, the upper end.
QUANTILES = (0.1, 0.5, 0.9)


def _pinball(target: Array, quantiles: Array) -> float:
    missed, shares = target[..., None] - quantiles, np.array(QUANTILES)
    return float(np.maximum(shares * missed, (shares - 1) * missed).mean())


FORECAST = {
    "mae": Metric("Mean absolute error", lambda y, q: float(np.abs(y - q[..., 1]).mean()), higher_is_better=False),
    "rmse": Metric(
        "Root mean squared error", lambda y, q: float(np.sqrt(((y - q[..., 1]) ** 2).mean())), higher_is_better=False
    ),
    "pinball": Metric("Pinball loss", _pinball, higher_is_better=False),
    # 0.8 is right. An interval that holds more is too wide, and the best of all would hold everything: so it is shown
    # and decides nothing.
    "coverage": Metric(
        "Coverage of the 80 % interval",
        lambda y, q: float(((q[..., 0] <= y) & (y <= q[..., 2])).mean()),
        higher_is_better=None,
    ),
}


def metrics_for(task: str) -> dict[str, Metric]:
    """The metrics of a task, by the name that `params.yaml` uses."""
    return {"classification": CLASSIFICATION, "regression": REGRESSION, "forecast": FORECAST}[task]


def deciding(task: str, name: str) -> Metric:
    """The metric called `name`, by which one model can be better than another.

    Raises:
        UserError: the task has none of that name, or it has no better and worse.
    """
    able = {key: metric for key, metric in metrics_for(task).items() if metric.higher_is_better is not None}
    if name not in able:
        raise UserError(f"params.yaml: evaluate.metric is {name!r}; for {task} it is one of {', '.join(able)}")
    return able[name]


@dataclass(frozen=True)
class Interval:
    """A score with the limits of its bootstrap interval."""

    value: float
    low: float
    high: float


# From fewer cases an interval would promise a precision that is not there: rows of a slice (groups of rows, where there
# are groups), of the rarer class where rows are ranked, stretches as long as the horizon where forecasts overlap.
FEWEST = 10
# To choose between models takes as many groups: with fewer, resamples are so alike that chance would choose.
FEWEST_GROUPS = 5


@dataclass(frozen=True)
class Duel:
    """One comparison of a more complex model with the simpler one that served until then.

    `too_few` groups to tell a gain from chance leave the simpler one in place. Of forecasts, `stretches` says how many
    lie beside each other in what they were measured on: of a few, the interval is too narrow, and the reader is told.
    """

    simpler: str
    challenger: str
    gain: Interval
    margin: float
    won: bool
    too_few: bool = False
    stretches: int | None = None

    def in_words(self, metric: Metric) -> str:
        """The outcome as a sentence for a report."""
        if self.too_few:
            return (
                f"{self.challenger} gains {signed(self.gain.value)} in {metric.label} over {self.simpler}, measured on "
                f"fewer than {FEWEST_GROUPS} groups, which may be chance: {self.simpler} serves."
            )
        gain = f"{signed(self.gain.value)} (interval {signed(self.gain.low)} to {signed(self.gain.high)})"
        verdict = "takes over" if self.won else f"does not clear the margin of {self.margin:g}: {self.simpler} serves"
        said = f"{self.challenger} gains {gain} in {metric.label} over {self.simpler} and {verdict}."
        if self.stretches is None or self.stretches >= FEWEST:
            return said
        return (
            f"{said} That is a hint, no proof: forecasts overlap, and of these only {self.stretches} fit side by side, "
            "too few for the interval to be as wide as it should be."
        )


def resample(
    metric: Metric,
    target: Array,
    predictions: Mapping[str, Array],
    *,
    resamples: int,
    seed: int,
    groups: NDArray[np.int64] | None = None,
    within: NDArray[np.bool_] | None = None,
) -> dict[str, NDArray[np.float64]]:
    """The metric on bootstrap resamples of the rows, the same rows for every model (Efron and Tibshirani, 1993).

    Rows of one group are alike, so groups are drawn whole (Field and Welsh, 2007): row by row, a model that fails on
    one group would look as if it failed by chance.

    Forecasts that follow each other share most of their months, so they are no independent rows: they are drawn in
    blocks as long as the horizon, around the end to the beginning (the circular block bootstrap of Politis and Romano,
    1992). Few rows make shorter blocks: fewer than five of them, and the resamples would all be alike.

    Args:
        metric: what is measured.
        target: the truth, rows first.
        predictions: of each model, rows first.
        resamples: how many.
        seed: of the draws.
        groups: the number of each row's group, counted from 0, shape (rows,); without, each row is one by itself.
        within: which rows count, shape (rows,); all of them are drawn all the same, so that blocks stay whole.

    Returns:
        One array of shape (resamples,) a model; where the metric is undefined (no row, one class only) stands nan.
    """
    rng = np.random.default_rng(seed)
    every: Iterable[NDArray[np.int64]]
    if groups is not None:
        sizes = np.bincount(groups)
        members = np.split(np.argsort(groups, kind="stable"), np.cumsum(sizes)[:-1])
        chosen = rng.integers(len(members), size=(resamples, len(members)))
        every = (np.concatenate([members[group] for group in drawn]) for drawn in chosen)
    else:
        block = max(1, min(target.shape[1], len(target) // 5)) if target.ndim > 1 else 1
        begins = rng.integers(len(target), size=(resamples, -(-len(target) // block)))
        every = (begins[:, :, None] + np.arange(block)).reshape(resamples, -1)[:, : len(target)] % len(target)
    draws = [drawn if within is None else drawn[within[drawn]] for drawn in every]
    # The arrays were checked when they were made; checking each of a thousand resamples costs more than scoring it.
    with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
        return {
            name: np.array([_score_or_nan(metric, target[rows], prediction[rows]) for rows in draws])
            for name, prediction in predictions.items()
        }


def _score_or_nan(metric: Metric, target: Array, prediction: Array) -> float:
    if len(target) == 0 or (metric in RANKINGS and len(np.unique(target)) < 2):
        return float("nan")
    return metric.score(target, prediction)


def interval(value: float, samples: Array, confidence: float) -> Interval:
    """The percentile interval of bootstrap samples around a score."""
    tail = (1 - confidence) / 2
    low, high = np.nanquantile(samples, [tail, 1 - tail])
    return Interval(value=value, low=float(low), high=float(high))


def _few(target: Array, groups: NDArray[np.int64] | None) -> bool:
    """Whether the cases that say nothing of each other are too few for an interval: whole groups, or stretches."""
    count = _stretches(target) if groups is None else len(np.unique(groups))
    return count is not None and count < FEWEST


def _stretches(target: Array) -> int | None:
    """How many forecasts lie beside each other, from the first step that is forecast to the last; None of rows."""
    if target.ndim == 1:
        return None
    origins, horizon = target.shape
    return int(origins + horizon - 1) // int(horizon)


def choose_champion(
    metric: Metric,
    target: Array,
    predictions: Mapping[str, Array],
    *,
    margin: float,
    confidence: float,
    resamples: int,
    seed: int,
    groups: NDArray[np.int64] | None = None,
) -> tuple[str, list[Duel]]:
    """Earned complexity: a model serves only if it beats the simpler one by a margin that is no accident.

    Args:
        metric: what is compared.
        target: the truth, shape (rows,).
        predictions: of each model, from the simplest to the most complex.
        margin: the least gain, in the metric's unit, that is worth the complexity.
        confidence: of the interval of the gain, which must exclude zero.
        resamples: of the bootstrap.
        seed: of the bootstrap.
        groups: of the rows, as in `resample`; with fewer than `FEWEST_GROUPS`, the simplest model stays.

    Returns:
        The champion's name, and every duel in turn.
    """
    sign = 1.0 if metric.higher_is_better else -1.0
    samples = resample(metric, target, predictions, resamples=resamples, seed=seed, groups=groups)
    values = {name: metric.score(target, prediction) for name, prediction in predictions.items()}
    too_few = groups is not None and len(np.unique(groups)) < FEWEST_GROUPS
    champion, *challengers = predictions
    duels = []
    for challenger in challengers:
        gain = interval(
            sign * (values[challenger] - values[champion]), sign * (samples[challenger] - samples[champion]), confidence
        )
        won = gain.value >= margin and gain.low > 0 and not too_few
        duel = Duel(champion, challenger, gain, margin, won, too_few, _stretches(target))
        duels.append(duel)
        champion = challenger if duel.won else champion
    return champion, duels


def score_all(
    task: str,
    target: Array,
    predictions: Mapping[str, Array],
    *,
    confidence: float,
    resamples: int,
    seed: int,
    groups: NDArray[np.int64] | None = None,
) -> dict[str, dict[str, dict[str, Any]]]:
    """Every metric of every model with its interval: model → metric → value, low, high.

    Without an interval, low and high are None: there are fewer than `FEWEST` groups, or stretches of forecasts.
    """
    scores: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in predictions}
    for key, metric in metrics_for(task).items():
        samples = resample(metric, target, predictions, resamples=resamples, seed=seed, groups=groups)
        for name, prediction in predictions.items():
            found = interval(metric.score(target, prediction), samples[name], confidence)
            scores[name][key] = asdict(found) | ({"low": None, "high": None} if _few(target, groups) else {})
    return scores


def score_slices(
    metric: Metric,
    target: Array,
    prediction: Array,
    slices: Mapping[str, pd.Categorical],
    *,
    confidence: float,
    resamples: int,
    seed: int,
    groups: NDArray[np.int64] | None = None,
) -> list[dict[str, Any]]:
    """The metric on parts of the rows: a good average can hide a group that the model fails.

    Args:
        metric: what is measured.
        target: the truth, shape (rows,).
        prediction: the champion's, rows first.
        slices: for each sliced column the label of each row, shape (rows,).
        confidence: of the intervals.
        resamples: of the bootstrap.
        seed: of the bootstrap.
        groups: of the rows, as in `resample`.

    Returns:
        One record a slice: column, slice, rows, and value, low, high. None stands for what is not known: the value
        where the metric is undefined, the interval where the cases are too few or all alike.
    """
    records = []
    for column, labels in slices.items():
        for label in labels.categories:
            rows = np.asarray(labels == label)
            if not rows.any():
                continue
            value = _score_or_nan(metric, target[rows], prediction[rows])
            score: dict[str, float | None] = {"value": None, "low": None, "high": None}
            if np.isfinite(value):
                score["value"] = value
                if _cases(metric, target, rows, groups) >= FEWEST:
                    drawn: dict[str, Any] = {"resamples": resamples, "seed": seed, "groups": groups, "within": rows}
                    samples = resample(metric, target, {"champion": prediction}, **drawn)["champion"]
                    found = interval(value, samples, confidence)
                    if found.low < found.high:
                        score = dict(asdict(found))
            records.append({"column": column, "slice": str(label), "rows": int(rows.sum()), **score})
    return records


def _cases(metric: Metric, target: Array, rows: NDArray[np.bool_], groups: NDArray[np.int64] | None) -> int:
    """How many cases a slice has that say nothing of each other: of the rarer class, where it is ranked."""
    places = np.flatnonzero(rows)
    block = target.shape[1] if target.ndim > 1 else 1
    cases = places // block if groups is None else groups[places]
    if metric in RANKINGS:
        return min(len(np.unique(cases[target[places] == found])) for found in np.unique(target[places]))
    return len(np.unique(cases))
