"""The part of `champion.json` that only the demo reads: inputs with range and importance, and examples."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..config import Params
from ..data.schema import Column, Schema, iso_date
from ..data.splits import Split, encode_target
from ..models.inference import predict_onnx
from .base import Metric
from .candidate import Candidate
from .examples import format_truth, prediction_errors, rank_errors, select_examples
from .scores import primary_metric

SHUFFLES = 5
MAX_ERRORS = 6


def demo_metadata(
    selected: Candidate, decision: Any, splits: dict[str, Split], schema: Schema, params: Params
) -> dict[str, Any]:
    """Return the inputs, the most important first, three examples and the worst errors of the test split."""
    inputs = {entry["name"]: entry for entry in describe_inputs(schema, splits)}
    metric, seed = primary_metric(params.evaluate.metric), params.evaluate.seed
    importance = permutation_importance(selected.exported, splits["validation"], schema, metric, seed)
    ranked = sorted(inputs, key=lambda name: -importance[name])
    test, predicted = splits["test"], selected.predictions
    worst = rank_errors(schema, test, predicted["test"], decision)
    return {
        "inputs": [inputs[name] | {"importance": round(importance[name], 6)} for name in ranked],
        "examples": describe_rows(schema, test, select_examples(schema, test, predicted["test"])),
        "errors": describe_rows(schema, test, worst[:MAX_ERRORS]),
        **prediction_errors(schema, splits, predicted),
    }


def permutation_importance(
    exported: bytes, split: Split, schema: Schema, metric: Metric, seed: int
) -> dict[str, float]:
    """Return by how much the metric worsens when a column is shuffled (Breiman, 2001), by column."""
    rng = np.random.default_rng(seed)
    target = encode_target(split.target, schema)
    sign = 1.0 if metric.higher_is_better else -1.0
    names = [str(name) for name in split.features]
    shuffled = [
        split.features.assign(**{name: rng.permutation(split.features[name])})
        for name in names
        for _ in range(SHUFFLES)
    ]
    # One call for all rows: starting a session takes longer than predicting.
    predictions = predict_onnx(exported, pd.concat([split.features, *shuffled]), schema)
    full, *scores = (metric.score(target, part) for part in np.split(predictions, len(shuffled) + 1))
    means = np.reshape(scores, (len(names), SHUFFLES)).mean(axis=1)
    return {name: sign * (full - float(mean)) for name, mean in zip(names, means, strict=True)}


def describe_inputs(schema: Schema, splits: dict[str, Split]) -> list[dict[str, Any]]:
    """Return label, unit, range, choices and default of each feature.

    The range is that of the data. The default is the training median, or the most frequent category.
    """
    rows = pd.concat([part.features for part in splits.values()])
    train = splits["train"].features
    return [_describe_input(column, rows[column.name], train[column.name]) for column in schema.features]


def _describe_input(column: Column, values: pd.Series, train: pd.Series) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": column.name,
        "label": column.label,
        "kind": column.kind,
        "unit": column.unit,
        "whole": column.whole and bool((values.dropna() % 1 == 0).all()),
        "minimum": None,
        "maximum": None,
        "choices": list(column.levels),
        "nullable": column.nullable,
        "others": column.others,
        **({"personal": True} if column.personal else {}),
        **({"section": column.section} if column.section else {}),
    }
    if column.kind == "category":
        return entry | {"default": str(train.mode().iloc[0])}
    if column.kind == "date":
        limits = {"minimum": iso_date(values.min()), "maximum": iso_date(values.max())}
        return entry | limits | {"default": iso_date(train.median())}
    return entry | {
        "minimum": round_significant(values.min(), math.floor),
        "maximum": round_significant(values.max(), math.ceil),
        "default": float(round(train.median())) if column.whole else round_significant(train.median()),
    }


def describe_rows(schema: Schema, split: Split, positions: Sequence[int]) -> list[dict[str, Any]]:
    """Return the inputs and the true target of some rows."""
    rows = []
    for position in positions:
        row = split.features.iloc[position]
        inputs = {column.name: _input_value(column, row[column.name]) for column in schema.features}
        rows.append({"inputs": inputs, "truth": format_truth(split.target.iloc[position])})
    return rows


def _input_value(column: Column, value: Any) -> str | float | None:
    if column.kind == "category":
        return str(value)
    if math.isnan(value):
        return None
    return iso_date(value) if column.kind == "date" else round_significant(value)


def round_significant(value: float, rounding: Callable[[float], float] = round, digits: int = 4) -> float:
    """Return the value with four significant digits."""
    value = float(value)
    if value == 0:
        return 0.0
    places = digits - 1 - math.floor(math.log10(abs(value)))
    # Multiplying and dividing by integers is exact where dividing by 1e-3 is not.
    if places >= 0:
        return float(rounding(value * 10**places) / 10**places)
    return float(rounding(value / 10**-places) * 10**-places)
