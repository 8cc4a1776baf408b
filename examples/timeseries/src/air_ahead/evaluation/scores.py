"""Scores of the models with intervals, on all rows and on slices."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
import sklearn
from numpy.typing import NDArray

from ..config import Evaluate
from ..data.schema import Schema
from ..data.splits import Split, encode_target
from ..errors import UserError
from .base import Metric
from .bootstrap import draw_rows, unit_ids
from .intervals import Interval, percentile_interval, share
from .metrics import METRICS

Array = NDArray[Any]
# With fewer independent units an interval would look more precise than it is.
MIN_UNITS_OF_AN_INTERVAL = 10


@dataclass(frozen=True)
class Truth:
    """True values of some rows, rows first, and the numbers of their groups and folds, if any. Shapes (rows,)."""

    target: Array
    groups: Any = None
    folds: Any = None

    @property
    def units(self) -> NDArray[np.int64]:
        """The independent unit of each row, shape (rows,)."""
        return unit_ids(self.target, self.groups)


@dataclass(frozen=True)
class Outcome:
    """The true values of a split, and what the champion and, if that is another one, the simplest model predict."""

    truth: Truth
    predictions: Array
    decision: Mapping[str, Any] | None = None
    simplest: Array | None = None


def read_truth(part: Split, schema: Schema) -> Truth:
    """Return the true values and the groups of some rows."""
    return Truth(encode_target(part.target, schema), part.groups)


def primary_metric(name: str) -> Metric:
    """Return the metric `evaluate.metric` of `params.yaml`, by which models are compared.

    Raises:
        UserError: there is no metric of that name by which one model is better than another.
    """
    choices = {key: metric for key, metric in METRICS.items() if metric.higher_is_better is not None}
    if name not in choices:
        raise UserError(f"params.yaml: evaluate.metric {name!r} is unknown; choose one of {', '.join(choices)}")
    return choices[name]


def resample_scores(
    metric: Metric,
    truth: Truth,
    predictions: Mapping[str, Array],
    params: Evaluate,
    within: NDArray[np.bool_] | None = None,
) -> dict[str, NDArray[np.float64]]:
    """Return the metric of each model on the same bootstrap resamples, shape (resamples,); nan where it is undefined.

    With `within`, only these rows are scored; rows are drawn from the whole split all the same.
    """
    resamples = draw_rows(truth.target, truth.groups, params.resamples, params.seed)
    drawn = [rows if within is None else rows[within[rows]] for rows in resamples]
    # scikit-learn's input checks would take longer than the scores.
    with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
        return {
            name: np.array([score(metric, truth, prediction, rows) for rows in drawn])
            for name, prediction in predictions.items()
        }


def score(metric: Metric, truth: Truth, prediction: Array, rows: Any = slice(None)) -> float:
    """Return the metric of some rows; of a ranking its mean over folds, whose models are not on one scale."""
    target, predicted = truth.target[rows], prediction[rows]
    if truth.folds is None or not metric.ranking:
        return score_or_nan(metric, target, predicted)
    folds = truth.folds[rows]
    scores = [score_or_nan(metric, target[folds == fold], predicted[folds == fold]) for fold in np.unique(folds)]
    return float(np.mean([value for value in scores if np.isfinite(value)] or np.nan))


def score_or_nan(metric: Metric, target: Array, prediction: Array) -> float:
    """Return the metric, or nan where it is undefined: no rows, or nothing to rank."""
    if len(target) == 0 or (metric.ranking and len(np.unique(target)) < 2):
        return float("nan")
    return metric.score(target, prediction)


def score_with_interval(metric: Metric, truth: Truth, prediction: Array, samples: Array, confidence: float) -> Interval:
    """Return the score with its interval: of a share Wilson's, otherwise the percentiles of bootstrap samples."""
    if metric.hits:
        return Interval(**share(metric.hits(truth.target, prediction), truth.units, confidence))
    return percentile_interval(score(metric, truth, prediction), samples, confidence)


def score_models(
    truth: Truth,
    predictions: Mapping[str, Array],
    params: Evaluate,
    samples: Mapping[str, Mapping[str, Array]] | None = None,
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return every metric of every model: model → metric → value, low, high.

    `low` and `high` are None where there are too few independent units for an interval. With `samples`, by metric what
    `resample_scores` returned, other metrics have none either, but for shares: resampling takes most of the time.
    """
    few = len(np.unique(truth.units)) < MIN_UNITS_OF_AN_INTERVAL
    scores: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in predictions}
    for key, metric in METRICS.items():
        resampled: Mapping[str, Array] = {}
        if metric.hits and not few:
            resampled = dict.fromkeys(predictions, np.array([]))  # Wilson's interval needs none
        elif not few:
            resampled = resample_scores(metric, truth, predictions, params) if samples is None else samples.get(key, {})
        for name, prediction in predictions.items():
            if name in resampled:
                interval = score_with_interval(metric, truth, prediction, resampled[name], params.confidence)
                scores[name][key] = asdict(interval)
            else:
                scores[name][key] = {"value": score(metric, truth, prediction), "low": None, "high": None}
    return scores


def score_slices(
    metric: Metric, truth: Truth, prediction: Array, slices: Mapping[str, pd.Categorical], params: Evaluate
) -> list[dict[str, Any]]:
    """Return the metric on each slice: a good average can hide a group on which the model fails.

    The records have column, slice, rows, value, low, high. `value` is None where the metric is undefined, `low` and
    `high` where there are too few independent units or all resamples score the same.
    """
    records = []
    for column, labels in slices.items():
        for label in labels.categories:
            rows = np.asarray(labels == label)
            if rows.any():
                score = score_slice(metric, truth, prediction, rows, params)
                records.append({"column": column, "slice": str(label), "rows": int(rows.sum()), **score})
    return records


def score_slice(
    metric: Metric, truth: Truth, prediction: Array, rows: NDArray[np.bool_], params: Evaluate
) -> dict[str, Any]:
    """Return the metric of some rows: value, low, high, each None where it is undefined; see `score_slices`."""
    value = score_or_nan(metric, truth.target[rows], prediction[rows])
    if not np.isfinite(value):
        return {"value": None, "low": None, "high": None}
    if _count_units(metric, truth, rows) >= MIN_UNITS_OF_AN_INTERVAL:
        if metric.hits:
            return share(metric.hits(truth.target[rows], prediction[rows]), truth.units[rows], params.confidence)
        samples = resample_scores(metric, truth, {"champion": prediction}, params, within=rows)["champion"]
        interval = percentile_interval(value, samples, params.confidence)
        if interval.low < interval.high:
            return dict(asdict(interval))
    return {"value": value, "low": None, "high": None}


def _count_units(metric: Metric, truth: Truth, rows: NDArray[np.bool_]) -> int:
    units, target = truth.units[rows], truth.target[rows]
    if metric.ranking:
        return min(len(np.unique(units[target == value])) for value in np.unique(target))
    return len(np.unique(units))
