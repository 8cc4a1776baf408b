"""Synthetic raw data for the tests: trend, season and noise, under the names and limits of `schema.yaml`."""

import numpy as np
import pandas as pd

from project_package.config import load_params
from project_package.data.params import Prepare
from project_package.data.schema import Schema, load_schema
from project_package.data.series import FREQUENCIES, first_day
from project_package.paths import ProjectPaths

from .raw_table import write_raw_table

TRAINING_WINDOWS = 200


def write_raw_data(paths: ProjectPaths) -> None:
    """Write a made-up series to `data/raw/`."""
    write_raw_table(paths, make_table(load_schema(paths.schema), load_params(paths.params).prepare))


def make_table(schema: Schema, prepare: Prepare) -> pd.DataFrame:
    """Return one row per step, long enough for the splits, with one missing value."""
    rows = prepare.history + prepare.validation + prepare.test + 8 * prepare.horizon + 3 * schema.season
    rows += TRAINING_WINDOWS
    steps, time = pd.period_range("2001-01-01", periods=rows, freq=FREQUENCIES[schema.step]), np.arange(rows)
    cycle = schema.season if schema.season > 1 else 10
    noise = np.random.default_rng(0).normal(size=rows)
    values = 100 + 0.05 * time + 10 * np.sin(2 * np.pi * time / cycle) + noise
    low, high = schema.target.minimum, schema.target.maximum
    if high is not None:
        low = high - 200 if low is None else low
        values = low + (high - low) * (0.2 + 0.6 * (values - values.min()) / np.ptp(values))
    elif low is not None:
        values += low
    texts = [repr(float(value)) for value in values]
    texts[prepare.history + TRAINING_WINDOWS // 2] = ""
    date_format = schema.date.date_format or "%Y-%m-%d"
    # Only pandas' periods know quarters, and only Python's dates ISO weeks.
    days = [step.asfreq("D", "start") if "%q" in date_format else first_day(step) for step in steps]
    dates = [day.strftime(date_format) for day in days]
    left_out = {column.column: "not used" for column in schema.left_out}
    return pd.DataFrame({schema.date_column: dates, schema.target_column: texts, **left_out})
