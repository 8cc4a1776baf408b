"""The raw table is loaded as text, for the validation to check."""

from dataclasses import replace
from pathlib import Path

from project_package.data.loading import read_raw
from project_package.data.schema import ExcludedColumn, Schema
from project_package.data.source import RAW_FILE


def test_cells_are_text_and_empty_ones_are_missing(schema: Schema, tmp_path: Path) -> None:
    (tmp_path / RAW_FILE).write_text("code,size\n01,1.50\nNA,\n", encoding="utf-8")
    table = read_raw(tmp_path, schema)
    assert table["code"].tolist() == ["01", "NA"]
    assert table["size"].fillna("missing").tolist() == ["1.50", "missing"]


def test_columns_that_the_schema_leaves_out_are_dropped(schema: Schema, tmp_path: Path) -> None:
    (tmp_path / RAW_FILE).write_text("code,moon\n1,full\n", encoding="utf-8")
    schema = replace(schema, left_out=(ExcludedColumn("moon", "no use"),))
    assert list(read_raw(tmp_path, schema)) == ["code"]
