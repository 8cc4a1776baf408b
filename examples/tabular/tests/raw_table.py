"""Writes the raw table of a test project."""

from typing import Any

import pandas as pd
import yaml

from late_flights.paths import ProjectPaths


def write_raw_table(paths: ProjectPaths, table: pd.DataFrame, **changes: Any) -> None:
    """Write a CSV file to `data/raw/`, and let `schema.yaml` read it; `changes` are to other keys of the schema."""
    document = yaml.safe_load(paths.schema.read_text(encoding="utf-8"))
    document |= {"reading": {"file": "table.csv"}, **changes}
    paths.schema.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    paths.raw.mkdir(parents=True, exist_ok=True)
    table.to_csv(paths.raw / "table.csv", index=False)
