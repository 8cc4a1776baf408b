"""Raw data for the tests, drawn at random from `schema.yaml`: the tests need neither the real data nor DVC.

It has the columns, types and missing values of the real data; the target depends on a few features.
"""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from late_flights.data.schema import Column, Schema, iso_date, load_schema
from late_flights.paths import ProjectPaths

from .raw_table import write_raw_table

ROWS = 600


def write_raw_data(paths: ProjectPaths) -> None:
    """Write random rows to `data/raw/`."""
    write_raw_table(paths, draw_table(load_schema(paths.schema), ROWS, seed=0))


def draw_table(schema: Schema, rows: int, seed: int) -> pd.DataFrame:
    """Return rows as text, with the column names of the file."""
    rng = np.random.default_rng(seed)
    # The target depends on numbers with many values first: tests move them a little.
    ranked = sorted(schema.features, key=lambda column: (column.kind != "number", is_coarse(column)))
    weights = dict(zip((column.name for column in ranked), (4.0, 1.0, 1.0), strict=False))
    score = rng.normal(scale=0.35, size=rows)
    table: dict[str, list[str]] = {}
    for column in schema.features:
        position = rng.random(rows)
        score += weights.get(column.name, 0.0) * position
        table[column.file_name] = drop_values(column, to_text(column, position), rng)
    rank = score.argsort().argsort() / rows
    table[schema.target.file_name] = to_text(schema.target, rank)
    others = {entry.column: ["x"] * rows for entry in schema.left_out}
    # Each row is a case of its own, so that the splits have the same shares of the classes.
    cases = {name: [iso_date(row) for row in range(rows)] for name in schema.group_columns}
    return pd.DataFrame(table | others | cases)


def is_coarse(column: Column) -> bool:
    """Return whether a column has few integers."""
    return column.whole and (column.maximum or 0) - (column.minimum or 0) < 10


def to_text(column: Column, position: np.ndarray) -> list[str]:
    """Return the values at positions from 0 (the minimum, or the first category) to 1."""
    if column.kind == "category":
        choices = sorted(column.choices)
        return [choices[min(int(place * len(choices)), len(choices) - 1)] for place in position]
    low, high = column.minimum or 0.0, column.maximum if column.maximum is not None else 1.0
    values = low + (high - low) * (0.01 + 0.98 * position)
    values = np.round(values) if column.whole else values
    return [format_date(column, value) if column.kind == "date" else repr(float(value)) for value in values]


def drop_values(column: Column, texts: list[str], rng: np.random.Generator) -> list[str]:
    """Replace some values by unlisted categories and empty cells, where the schema allows them."""
    draws = rng.random(len(texts))
    if column.others:
        texts = [f"unlisted {draw:.4f}" if draw < 0.05 else text for draw, text in zip(draws, texts, strict=True)]
    if column.nullable:
        texts = ["" if draw > 0.9 else text for draw, text in zip(draws, texts, strict=True)]
    return texts


def format_date(column: Column, days: float) -> str:
    """Return a date in the format of the file."""
    # Only pandas' periods know quarters, and only Python's dates ISO weeks.
    day: Any = pd.Period(iso_date(days), "D") if "%q" in column.date_format else date.fromisoformat(iso_date(days))
    return str(day.strftime(column.date_format or "%Y-%m-%d"))
