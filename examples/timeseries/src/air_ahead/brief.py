"""What the demo must know of a champion beside its file: the series itself, and forecasts to look at."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .data import Schema, Split, encode_target, series_of
from .params import Params


def brief_of(
    exported: bytes,  # noqa: ARG001  # every domain's takes the same
    predictions: Mapping[str, NDArray[Any]],
    splits: dict[str, Split],
    schema: Schema,
    params: Params,
) -> dict[str, Any]:
    """The keys of `champion.json` that only a demo of forecasts reads.

    Args:
        exported: the champion as ONNX.
        predictions: its answers, by split.
        splits: the forecasts that the series allows.
        schema: of the series.
        params: hold the months of history and horizon.
    """
    series = pd.concat([series_of(part) for part in splits.values()])
    series = series[~series.index.duplicated()].sort_index()
    return {
        "inputs": describe_inputs(pd.PeriodIndex(series.index), params),
        "examples": pick_examples(splits["test"], encode_target(splits["test"].target, schema), predictions["test"]),
        "history": params.prepare.history,
        "series": {
            "begins": str(series.index[0]),
            "values": [round(float(value), 4) for value in series],
            "filled": filled_months(splits, pd.PeriodIndex(series.index), params.prepare.history),
        },
    }


def describe_inputs(months: pd.PeriodIndex, params: Params) -> list[dict[str, Any]]:
    """The day that the demo pretends it is, and the months ahead that are asked for, with their ranges.

    The first day is the one with a whole history before it; the last ones are in the month after the series ends.
    """
    earliest, latest = months[params.prepare.history], months[-1] + 1
    today = {"name": "today", "label": "Today", "kind": "date", "unit": ""}
    ahead = {"name": "horizon", "label": "Months ahead", "kind": "number", "unit": ""}
    return [
        today
        | {
            "minimum": str(earliest.start_time.date()),
            "maximum": str(latest.end_time.date()),
            "default": str(latest.start_time.date()),
        },
        ahead | {"minimum": 1, "maximum": params.prepare.horizon, "default": params.prepare.horizon},
    ]


def pick_examples(test: Split, target: NDArray[np.float64], prediction: NDArray[Any]) -> list[dict[str, Any]]:
    """Three forecasts of the test years to start from, each with the truth: a good, a usual and the worst one."""
    order = np.abs(target - prediction[:, :, 1]).mean(axis=1).argsort(kind="stable")
    months = pd.PeriodIndex(test.target.index) + 1
    return [
        {
            "inputs": {"today": str(months[row].start_time.date()), "horizon": target.shape[1]},
            "truth": [round(float(value), 4) for value in target[row]],
        }
        for row in (order[len(order) // 10], order[len(order) // 2], order[-1])
    ]


def filled_months(splits: dict[str, Split], months: pd.PeriodIndex, history: int) -> list[str]:
    """The months that no forecast may be judged by: after the first history, those that are no split's target."""
    judged = set()
    for part in splits.values():
        origins = pd.PeriodIndex(part.target.index)
        judged |= {origin + step for origin in origins for step in range(1, part.target.shape[1] + 1)}
    return [str(month) for month in months[history:] if month not in judged]
