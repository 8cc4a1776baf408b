"""Feedback that is exported has the columns of the raw data."""

import csv
from pathlib import Path
from typing import Any

import pytest

from which_library.data.feedback import to_record
from which_library.data.feedback_file import write_records
from which_library.data.schema import Schema

TEXT = '<b>"Robert"); DROP TABLE</b>,\n=1+1'


def test_a_text_keeps_its_characters(schema: Schema, tmp_path: Path) -> None:
    record = to_record({schema.text.name: TEXT}, schema.classes[0], schema)
    assert record
    write_records([record], schema, tmp_path / "feedback.csv")
    delimiter = str((schema.reading or {}).get("delimiter", ","))
    with (tmp_path / "feedback.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file, delimiter=delimiter)
    assert row == dict.fromkeys(schema.columns, "") | {
        schema.text_column: TEXT,
        schema.target_column: schema.classes[0],
    }


@pytest.mark.parametrize(("inputs", "truth"), [({}, None), ({"text": 1}, None), (None, "no class")])
def test_what_differs_from_the_schema_is_left_out(schema: Schema, inputs: Any, truth: str | None) -> None:
    assert to_record({schema.text.name: TEXT} if inputs is None else inputs, truth or schema.classes[0], schema) is None
