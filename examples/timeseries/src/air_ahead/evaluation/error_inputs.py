"""The inputs in reports: of the hardest cases, of groups with errors, and those that `monitor` compares."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from ..data.schema import Schema
from ..data.series import period_names
from ..data.splits import Split
from .error_groups import Feature
from .slices import slice_labels

NOTE = "Those that overlap with a worse one come last."


def case_inputs(_record: dict[str, Any], schema: Schema, test: Split, position: int) -> dict[str, str]:
    """Return the first step of a forecast and the last value before it."""
    (first,) = period_names(_first_steps(test)[[position]], schema)
    return {f"first {schema.step}": first, "last known value": f"{float(test.features.to_numpy()[position, -1]):.5g}"}


def error_features(schema: Schema, test: Split) -> list[Feature]:
    """Return the year of the first step of each forecast, and the change over the last cycle before it.

    Its season is one, too, if a forecast is shorter than all seasons.
    """
    history = test.features.to_numpy()
    change = history[:, -1] - history[:, -1 - schema.season]
    features = [Feature("year", _first_steps(test).year.to_numpy()), Feature("change over the last cycle", change)]
    if test.target.shape[1] < schema.season:
        ((label, seasons),) = slice_labels({"test": test}, schema, ["season"]).items()
        features += [Feature(f"{label} is", seasons == name, name) for name in seasons.categories]
    return features


def _first_steps(test: Split) -> pd.PeriodIndex:
    return pd.PeriodIndex(test.target.index) + 1


def case_figures(_schema: Schema, _test: Split, _positions: list[int]) -> dict[str, Figure]:
    """Return no figure: the demo shows each forecast as a chart."""
    return {}


def reference_inputs(_exported: bytes, _splits: Mapping[str, Split], _schema: Schema) -> pd.DataFrame:
    """Return no column: a request has a date and a number of steps, and the training split has neither."""
    return pd.DataFrame()
