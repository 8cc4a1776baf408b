"""The inputs in reports: of the hardest cases, of groups with errors, and those that `monitor` compares."""

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..data.schema import MISSING, Column, Schema
from ..data.splits import Split
from .error_groups import Feature
from .markdown import rounded
from .values import format_value, format_with_unit

NOTE = (
    "The last columns are the inputs whose shuffling worsens the score on the validation split most. Where inputs are "
    "correlated, that is no measure of what each one adds."
)
# The most important inputs.
MAX_INPUTS = 5
DAYS_PER_YEAR = 365.2425


def case_inputs(record: dict[str, Any], schema: Schema, test: Split, position: int) -> dict[str, str]:
    """Return the most important inputs of a row by label, as text."""
    columns = {column.name: column for column in schema.features}
    shown = [columns[entry["name"]] for entry in record["inputs"][:MAX_INPUTS]]
    return {column.label: _format_cell(column, test.features[column.name].iloc[position]) for column in shown}


def _format_cell(column: Column, value: Any) -> str:
    if column.kind == "category":
        return str(value)
    return "" if math.isnan(value) else format_with_unit(column, float(value))


def error_features(schema: Schema, test: Split) -> list[Feature]:
    """Return all inputs: a date as a year, each category on its own, and which numbers are missing."""
    features = []
    for column in schema.features:
        values = test.features[column.name]
        if column.kind == "category":
            features += [Feature(f"{column.label} is", (values == level).to_numpy(), level) for level in column.levels]
            continue
        numbers = values.to_numpy(dtype=np.float64)
        label, missing = column.label, np.isnan(numbers)
        if column.kind == "date":
            label, numbers = f"{label} (year)", np.floor(1970 + numbers / DAYS_PER_YEAR)
        typical = 0.0 if missing.all() else float(np.nanmedian(numbers))
        number_format = rounded if column.kind == "date" else partial(format_value, column)
        features.append(Feature(label, np.where(missing, typical, numbers), number_format=number_format))
        if missing.any():
            features.append(Feature(f"{label} is", missing, MISSING))
    return features


def case_figures(_schema: Schema, _test: Split, _positions: list[int]) -> dict[str, Figure]:
    """Return no figure: a row is shown as text."""
    return {}


def reference_inputs(_exported: bytes, splits: Mapping[str, Split], schema: Schema) -> pd.DataFrame:
    """Return the columns that are compared: neither personal ones, nor dates, which always go on."""
    compared = [column.name for column in schema.features if column.kind != "date" and not column.personal]
    return splits["train"].features[compared]
