"""The inputs of the rows in `reports/errors.md`."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..data.schema import MISSING, Schema
from ..data.splits import Split
from .demo_metadata import describe_rows
from .error_groups import Feature

# The most important inputs.
MAX_INPUTS = 5
DAYS_PER_YEAR = 365.2425


def case_inputs(record: dict[str, Any], schema: Schema, test: Split, position: int) -> dict[str, str]:
    """Return the most important inputs of a row by label, as text."""
    (row,) = describe_rows(schema, test, [position])
    values = {column["label"]: row["inputs"][column["name"]] for column in record["inputs"][:MAX_INPUTS]}
    return {
        label: "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
        for label, value in values.items()
    }


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
        features.append(Feature(label, np.where(missing, typical, numbers)))
        if missing.any():
            features.append(Feature(f"{label} is", missing, MISSING))
    return features


def case_figures(_schema: Schema, _test: Split, _positions: list[int]) -> dict[str, Figure]:
    """Return no figure: a row is shown as text."""
    return {}
