"""Exploration of the rows of the training split."""

from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..data.schema import MISSING, Schema
from ..data.splits import Split
from ..evaluation.figures import with_unit
from ..evaluation.values import format_value
from .report import Exploration
from .samples import Presentation, explore_samples

MAX_CATEGORIES = 20


def explore(train: Split, validation: Split, schema: Schema) -> Exploration:
    """Return what the training split shows."""
    return explore_samples(
        describe(train, schema),
        describe(validation, schema),
        train.target,
        to_vectors(train, schema),
        schema.sample_noun,
        Presentation(
            formats={column.label: partial(format_value, column) for column in schema.features},
            units={column.label: column.unit for column in schema.features},
            target=with_unit(schema.target.label, schema.target.unit),
            groups=(train.groups, validation.groups) if train.cases is not None else None,
        ),
    )


def describe(split: Split, schema: Schema) -> pd.DataFrame:
    """Return the features under their labels; None where a category is missing."""
    columns = {}
    for column in schema.features:
        values = split.features[column.name]
        columns[column.label] = values.astype(object).replace(MISSING, None) if column.kind == "category" else values
    return pd.DataFrame(columns)


def to_vectors(split: Split, schema: Schema) -> NDArray[np.float64]:
    """Return numbers with the median where one is missing, and a column per frequent category."""
    names = [column.name for column in schema.features if column.kind == "category"]
    numbers = split.features.drop(columns=names).astype(float)
    parts = [numbers.fillna(numbers.median()).fillna(0)]
    for name in names:
        frequent = split.features[name].value_counts().index[:MAX_CATEGORIES]
        parts.append(pd.DataFrame({category: split.features[name] == category for category in frequent}).astype(float))
    return pd.concat(parts, axis=1).to_numpy(dtype=np.float64)
