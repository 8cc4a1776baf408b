"""Feedback that is exported can be read and validated like the raw table."""

import dataclasses
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from late_flights.data import loading
from late_flights.data.feedback import to_record
from late_flights.data.feedback_file import write_records
from late_flights.data.schema import MISSING, Column, Schema
from late_flights.data.validation import validate
from late_flights.serving.payloads import stored_inputs
from late_flights.serving.predictor import Predictor

FEATURES = (
    Column("size", "Size", "number", minimum=0, maximum=10),
    Column("rooms", "Rooms", "number", whole=True, nullable=True, column="Number of rooms"),
    Column("kind", "Kind", "category", choices=("a", "b"), nullable=True),
    Column("sold", "Sold", "date", date_format="%d.%m.%Y", minimum=0, maximum=20_000),
)
INPUTS = {"size": 1.5, "rooms": 3.0, "kind": "a", "sold": "2020-12-31"}


@pytest.fixture
def own(schema: Schema) -> Schema:
    """A schema with every kind of column."""
    reading = {"file": "table.csv", "delimiter": ";", "decimal": ","}
    target = Column("y", "Y", "number", minimum=0)
    return dataclasses.replace(schema, features=FEATURES, target=target, reading=reading, left_out=(), group=("Case",))


def test_it_is_read_like_the_raw_table(
    schema: Schema, predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = schema.classes[0] if schema.classes else schema.target.minimum or 0.0
    inputs = [example["inputs"] for example in predictor.champion.record["examples"]]
    records = [to_record(stored_inputs(predictor, row), truth, schema) for row in inputs]
    write_records([record for record in records if record], schema, tmp_path / "table.csv")
    monkeypatch.setattr(loading, "RAW_FILE", "table.csv", raising=False)
    readable = dataclasses.replace(schema, reading={"file": "table.csv"})
    table = validate(loading.read_raw(tmp_path, readable), schema)
    assert len(table) == len(inputs)
    check_numbers(table, inputs, schema)


def check_numbers(table: pd.DataFrame, inputs: list[dict[str, Any]], schema: Schema) -> None:
    for column in schema.features:
        if column.kind == "number" and not column.nullable:
            assert table[column.name].tolist() == pytest.approx([row[column.name] for row in inputs])


def test_it_has_names_and_dialect_of_the_file(own: Schema, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [INPUTS, INPUTS | {"rooms": None, "kind": MISSING, "no feature any more": 1}]
    records = [record for row in rows if (record := to_record(row, 2.5, own))]
    write_records(records, own, tmp_path / "table.csv")
    lines = ["size;Number of rooms;kind;sold;y;Case", "1,5;3;a;31.12.2020;2,5;", "1,5;;;31.12.2020;2,5;"]
    assert (tmp_path / "table.csv").read_text(encoding="utf-8").splitlines() == lines
    write_records(records, own, None)
    assert capsys.readouterr().out.splitlines() == lines


@pytest.mark.parametrize(
    "change",
    [
        {"size": 11},
        {"size": None},
        {"size": "1"},
        {"size": True},
        {"kind": "c"},
        {"sold": "31.12.2020"},
        {"sold": "2100-01-01"},
        {"sold": None},
    ],
)
def test_what_differs_from_the_schema_is_left_out(own: Schema, change: dict[str, Any]) -> None:
    assert to_record(INPUTS | change, 2.5, own) is None
    assert to_record({name: INPUTS[name] for name in INPUTS if name not in change}, 2.5, own) is None
    assert to_record(INPUTS, -1, own) is None
