"""What the demo must know of a champion beside its file: the inputs with their ranges and weight, and rows to try."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from . import metrics, models
from .data import Column, Schema, Split, iso_date
from .params import Params


def brief_of(
    exported: bytes, predictions: Mapping[str, NDArray[Any]], splits: dict[str, Split], schema: Schema, params: Params
) -> dict[str, Any]:
    """The keys of `champion.json` that only a tabular demo reads.

    Args:
        exported: the champion as ONNX.
        predictions: its answers, by split.
        splits: the rows.
        schema: the columns.
        params: name the metric by which the inputs are ranked.
    """
    return {
        "inputs": rank_inputs(exported, splits, schema, params.evaluate.metric, params.evaluate.seed),
        "examples": pick_examples(schema, splits["test"], predictions["test"]),
    }


def rank_inputs(
    exported: bytes, splits: dict[str, Split], schema: Schema, metric: str, seed: int
) -> list[dict[str, Any]]:
    """The inputs as the demo shows them, the one that the model leans on most first.

    Importance is what the metric loses on the validation split when one column is shuffled (Breiman, 2001).
    """
    described = {record["name"]: record for record in describe_inputs(schema, splits)}
    lost = models.importances(exported, splits["validation"], schema, metrics.metrics_for(schema.task)[metric], seed)
    ranked = sorted(described, key=lambda name: -lost[name])
    return [described[name] | {"importance": round(lost[name], 6)} for name in ranked]


def describe_inputs(schema: Schema, splits: dict[str, Split]) -> list[dict[str, Any]]:
    """What the demo needs of each feature: label, unit, range, choices, and the typical value as default.

    The range is that of the data: outside of it the model has seen nothing. The default is the training median (or the
    most frequent category).
    """
    rows = pd.concat([part.features for part in splits.values()])
    train = splits["train"].features
    return [_describe(column, rows[column.name], train[column.name]) for column in schema.features]


def _describe(column: Column, values: pd.Series, train: pd.Series) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": column.name,
        "label": column.label,
        "kind": column.kind,
        "unit": column.unit,
        # As long as the data holds to it: what it has must not be refused.
        "whole": column.whole and bool((values.dropna() % 1 == 0).all()),
        "minimum": None,
        "maximum": None,
        "choices": list(column.levels),
        "nullable": column.nullable,
        "others": column.others,
    }
    if column.kind == "category":
        return described | {"default": str(train.mode().iloc[0])}
    if column.kind == "date":
        limits = {"minimum": iso_date(values.min()), "maximum": iso_date(values.max())}
        return described | limits | {"default": iso_date(train.median())}
    return described | {
        "minimum": significant(values.min(), math.floor),
        "maximum": significant(values.max(), math.ceil),
        "default": float(round(train.median())) if column.whole else significant(train.median()),
    }


def _typed_in(column: Column, value: Any) -> str | float | None:
    """A value as a person would type it; None where there is none."""
    if column.kind == "category":
        return str(value)
    if math.isnan(value):
        return None
    return iso_date(value) if column.kind == "date" else significant(value)


def significant(value: float, rounding: Callable[[float], float] = round, digits: int = 4) -> float:
    """The value with four significant digits: what a person would type."""
    value = float(value)
    if value == 0:
        return 0.0
    places = digits - 1 - math.floor(math.log10(abs(value)))
    # Integer powers keep this exact where dividing by 1e-3 would not.
    scaled = rounding(value * 10**places) if places >= 0 else rounding(value / 10**-places)
    return scaled / 10**places if places >= 0 else float(scaled * 10**-places)


def pick_examples(schema: Schema, test: Split, prediction: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Three rows of the test split to start from: a low, a doubtful and a high answer, each with the truth."""
    if schema.task == "classification":
        scores = prediction[:, schema.classes.index(schema.positive) if schema.positive else 0]
        doubtful = int(np.abs(scores - 0.5).argmin())
    else:
        scores = prediction
        doubtful = int(np.abs(scores - np.median(scores)).argmin())
    order = scores.argsort(kind="stable")
    tenth = len(order) // 10  # the very lowest and highest are no typical cases
    high = order[-1 - tenth]
    if schema.positive and len(found := order[(test.target == schema.positive).to_numpy()[order]]):
        # Where the class is rare, even a high score is mostly a false alarm; one example should be real.
        high = found[-1 - len(found) // 10]
    examples = []
    for position in (order[tenth], doubtful, high):
        row = test.features.iloc[position]
        inputs = {column.name: _typed_in(column, row[column.name]) for column in schema.features}
        truth = test.target.iloc[position]
        examples.append({"inputs": inputs, "truth": truth if isinstance(truth, str) else significant(truth)})
    return examples
