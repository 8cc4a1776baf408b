"""The raw data of the small project: rows drawn from `schema.yaml`, so that the tests need neither the data nor DVC.

They have the columns, the types and the gaps of the data, and none of its content; the target follows from a few of the
features, so that there is something to learn.
"""

import numpy as np
import pandas as pd
import yaml

from .package import Layout, data

ROWS = 600


def write(layout: Layout) -> None:
    """Fill `data/raw/`, and have the small project's schema read it as a plain CSV file."""
    schema = data.load_schema(layout.schema)
    written = yaml.safe_load(layout.schema.read_text(encoding="utf-8"))
    written["reading"] = {"file": "rows.csv"}
    layout.schema.write_text(yaml.safe_dump(written, allow_unicode=True), encoding="utf-8")
    layout.raw.mkdir(parents=True, exist_ok=True)
    drawn(schema, ROWS, seed=0).to_csv(layout.raw / "rows.csv", index=False)


def drawn(schema: data.Schema, rows: int, seed: int) -> pd.DataFrame:
    """Rows as they would stand in the file, under the names that it has."""
    rng = np.random.default_rng(seed)
    # Numbers first, those of many values: what a test moves to see the answer move is a number.
    leading = sorted(schema.features, key=lambda column: (column.kind != "number", is_coarse(column)))
    weights = dict(zip((column.name for column in leading), (4.0, 1.0, 1.0), strict=False))
    score = rng.normal(scale=0.35, size=rows)
    table: dict[str, list[str]] = {}
    for column in schema.features:
        place = rng.random(rows)
        score += weights.get(column.name, 0.0) * place
        table[column.column or column.name] = texts(column, place, rng)
    rank = score.argsort().argsort() / rows
    table[schema.target.column or schema.target.name] = texts(schema.target, rank, None)
    for one in schema.left_out:
        table[one.column] = ["left out"] * rows
    return pd.DataFrame(table)


def is_coarse(column: data.Column) -> bool:
    """Whether it has so few whole numbers that moving it a little is no move at all."""
    return column.whole and (column.maximum or 0) - (column.minimum or 0) < 10


def texts(column: data.Column, place: np.ndarray, rng: np.random.Generator | None) -> list[str]:
    """The values at places from 0 (the least, or the first category) to 1; with `rng` some are missing or unlisted."""
    if column.kind == "category":
        choices = sorted(column.choices)
        found = [choices[min(int(one * len(choices)), len(choices) - 1)] for one in place]
    else:
        low, high = column.minimum or 0.0, column.maximum if column.maximum is not None else 1.0
        values = low + (high - low) * (0.01 + 0.98 * place)
        values = np.round(values) if column.whole else values
        found = [as_date(column, one) if column.kind == "date" else repr(float(one)) for one in values]
    lots = rng.random(len(found)) if rng is not None else np.ones(len(found))
    if rng is not None and column.others:
        found = [f"unlisted {lot:.4f}" if lot < 0.05 else text for lot, text in zip(lots, found, strict=True)]
    if rng is not None and column.nullable:
        found = ["" if lot > 0.9 else text for lot, text in zip(lots, found, strict=True)]
    return found


def as_date(column: data.Column, days: float) -> str:
    """The date in the format that the schema reads."""
    return pd.Period(data.iso_date(days), "D").strftime(column.date_format or "%Y-%m-%d")
