"""Metadata of the champion that only the demo reads: the series, the inputs, examples and the worst errors."""

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..config import Params
from ..data.schema import Schema
from ..data.series import FREQUENCIES, first_day, period_names
from ..data.splits import Split, encode_target, join_windows
from .candidate import Candidate

MAX_ERRORS = 6


def demo_metadata(
    selected: Candidate, decision: Any, splits: dict[str, Split], schema: Schema, params: Params
) -> dict[str, Any]:
    """Return the keys of `champion.json` that only the demo reads."""
    series, unmeasured = join_splits(splits, schema)
    names = period_names(series.index, schema)
    train, test = splits["train"].target, splits["test"].target
    tested = test, encode_target(test, schema), selected.predictions["test"]
    return {
        "inputs": describe_inputs(pd.PeriodIndex(series.index), schema, params),
        "examples": pick_examples(*tested),
        "errors": pick_errors(*tested),
        "tested": count_outcomes(*tested[1:], (decision or {}).get("tolerance")),
        "history": params.prepare.history,
        "trained_until": str(first_day(train.index[-1] + train.shape[1])),
        "step": schema.step,
        "series": {
            "begins": str(first_day(series.index[0])),
            "values": [_round(value) for value in series],
            "filled": [name for name, missing in zip(names, unmeasured, strict=True) if missing],
        },
    }


def describe_inputs(periods: pd.PeriodIndex, schema: Schema, params: Params) -> list[dict[str, Any]]:
    """Return the demo's two inputs with their ranges: the date of the forecast and the number of steps ahead.

    The earliest date has a complete history before it; the latest one is in the step after the series ends.
    """
    earliest, latest = (first_day(period) for period in (periods[params.prepare.history], periods[-1] + 1))
    last_day = first_day(periods[-1] + 2) - timedelta(days=1)
    today = {"name": "today", "label": "Today", "kind": "date", "unit": ""}
    steps = {"name": "horizon", "label": f"{schema.step.capitalize()}s ahead", "kind": "number", "unit": ""}
    return [
        {**today, "minimum": str(earliest), "maximum": str(last_day), "default": str(latest)},
        {**steps, "minimum": 1, "maximum": params.prepare.horizon, "default": params.prepare.horizon},
    ]


def pick_examples(test: pd.DataFrame, target: NDArray[Any], quantiles: NDArray[Any]) -> list[dict[str, Any]]:
    """Return a good, a typical and the worst forecast of the test split (10th, 50th, 100th percentile of the MAE)."""
    order = _rank(target, quantiles)
    rows = [order[len(order) // 10], order[len(order) // 2], order[-1]]
    return [_describe(test, row) | {"actual": [_round(value) for value in target[row]]} for row in rows]


def pick_errors(test: pd.DataFrame, target: NDArray[Any], quantiles: NDArray[Any]) -> list[dict[str, Any]]:
    """Return the worst forecasts of the test split, the worst first; none forecasts a step that a worse one does."""
    origins, chosen = pd.PeriodIndex(test.index).asi8, list[int]()
    for row in _rank(target, quantiles)[::-1]:
        if all(abs(origins[row] - origins[other]) >= target.shape[1] for other in chosen):
            chosen.append(row)
    return [_describe(test, row) for row in chosen[:MAX_ERRORS]]


def count_outcomes(target: NDArray[Any], quantiles: NDArray[Any], tolerance: float | None) -> dict[str, Any]:
    """Return how many forecasts of the test split there are, and by step ahead how many were accurate.

    `covered` counts actual values within the interval, `within` those at most the tolerance away, if there is one.
    """
    low, median, high = np.moveaxis(quantiles, 2, 0)
    counts = {"forecasts": len(target), "covered": ((low <= target) & (target <= high)).sum(axis=0).tolist()}
    if tolerance is not None:
        counts["within"] = (np.abs(target - median) <= tolerance).sum(axis=0).tolist()
    return counts


def _rank(target: NDArray[Any], quantiles: NDArray[Any]) -> list[int]:
    order: list[int] = np.abs(target - quantiles[:, :, 1]).mean(axis=1).argsort(kind="stable").tolist()
    return order


def _describe(test: pd.DataFrame, row: int) -> dict[str, Any]:
    today = first_day(pd.PeriodIndex(test.index)[row] + 1)
    return {"inputs": {"today": str(today), "horizon": test.shape[1]}}


def join_splits(splits: dict[str, Split], schema: Schema) -> tuple[pd.Series, NDArray[np.bool_]]:
    """Return the series from the first history to the last target, and whether each step was not measured.

    Steps that no window covers, between long runs of filled ones, repeat the last value and count as not measured.
    """
    parts = pd.concat([join_windows(part) for part in splits.values()])
    covered = parts[~parts.index.duplicated()].sort_index()
    periods = pd.period_range(covered.index[0], covered.index[-1], freq=FREQUENCIES[schema.step])
    series = covered.reindex(periods)
    filled = np.isin(period_names(periods, schema), splits["train"].filled)
    return series.ffill(), np.asarray(series.isna().to_numpy() | filled, dtype=np.bool_)


def _round(value: float) -> float:
    return float(f"{value:.7g}")
