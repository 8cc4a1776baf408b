"""What the demo must know of a champion beside its file: the series itself, and forecasts to look at."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .data import FREQUENCIES, Schema, Split, day_of, encode_target, names_of, series_of
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
        params: hold the steps of history and horizon.
    """
    series, gaps = whole(splits, schema)
    names = names_of(series.index, schema)
    return {
        "inputs": describe_inputs(pd.PeriodIndex(series.index), schema, params),
        "examples": pick_examples(splits["test"], encode_target(splits["test"].target, schema), predictions["test"]),
        "history": params.prepare.history,
        "learnt_until": str(day_of(splits["train"].target.index[-1] + splits["train"].target.shape[1])),
        "step": schema.step,
        "series": {
            "begins": str(day_of(series.index[0])),
            "values": [float(f"{value:.7g}") for value in series],
            "filled": [name for name, gap in zip(names, gaps, strict=True) if gap],
        },
    }


def describe_inputs(steps: pd.PeriodIndex, schema: Schema, params: Params) -> list[dict[str, Any]]:
    """The day that the demo pretends it is, and the steps ahead that are asked for, with their ranges.

    The first day is the one with a whole history before it; the last ones are in the step after the series ends.
    """
    earliest, latest = steps[params.prepare.history], steps[-1] + 1
    today = {"name": "today", "label": "Today", "kind": "date", "unit": ""}
    ahead = {"name": "horizon", "label": f"{schema.step.capitalize()}s ahead", "kind": "number", "unit": ""}
    return [
        today
        | {
            "minimum": str(day_of(earliest)),
            "maximum": str(day_of(latest + 1) - timedelta(days=1)),
            "default": str(day_of(latest)),
        },
        ahead | {"minimum": 1, "maximum": params.prepare.horizon, "default": params.prepare.horizon},
    ]


def pick_examples(test: Split, target: NDArray[np.float64], prediction: NDArray[Any]) -> list[dict[str, Any]]:
    """Three forecasts of the test split to start from, each with the truth: a good, a usual and the worst one."""
    order = np.abs(target - prediction[:, :, 1]).mean(axis=1).argsort(kind="stable")
    first = pd.PeriodIndex(test.target.index) + 1
    return [
        {
            "inputs": {"today": str(day_of(first[row])), "horizon": target.shape[1]},
            "truth": [float(f"{value:.7g}") for value in target[row]],
        }
        for row in (order[len(order) // 10], order[len(order) // 2], order[-1])
    ]


def whole(splits: dict[str, Split], schema: Schema) -> tuple[pd.Series, NDArray[np.bool_]]:
    """The series from the first history to the last target, and which of its steps nobody measured. Shape (steps,).

    Steps between so many gaps that no forecast reaches them are as they were before, and count as not measured.
    """
    parts = pd.concat([series_of(part) for part in splits.values()])
    reached = parts[~parts.index.duplicated()].sort_index()
    steps = pd.period_range(reached.index[0], reached.index[-1], freq=FREQUENCIES[schema.step])
    series = reached.reindex(steps)
    unknown = series.isna().to_numpy() | np.isin(names_of(steps, schema), splits["train"].filled)
    return series.ffill(), np.asarray(unknown, dtype=np.bool_)
