"""The raw table is loaded as schema.yaml describes it."""

import dataclasses
from pathlib import Path

import pytest

from project_package.data.loading import read_raw
from project_package.data.schema import Column, Schema
from project_package.data.tables import TableError

CODE = Column("code", "Code", "category", choices=("01", "NA"))


def load(folder: Path, text: str, schema: Schema) -> list[str]:
    (folder / "table.csv").write_text(text, encoding="utf-8")
    return [str(value) for value in read_raw(folder, schema)["code"]]


@pytest.fixture
def small() -> Schema:
    """A table of two columns of codes."""
    target = dataclasses.replace(CODE, name="target", nullable=True)
    return Schema("", "", target, (CODE,), reading={"file": "table.csv"}, too_rare=("rare",))


def test_categories_are_text(tmp_path: Path, small: Schema) -> None:
    assert load(tmp_path, "code,target\n01,NA\nNA,01\n", small) == ["01", "NA"]


def test_rows_without_a_target_or_of_a_rare_class_are_dropped(tmp_path: Path, small: Schema) -> None:
    assert load(tmp_path, "code,target\n01,NA\n02,\n03,rare\n", small) == ["01"]


def test_columns_of_the_group_are_text(tmp_path: Path, small: Schema) -> None:
    (tmp_path / "table.csv").write_text("code,target,shop\n01,NA,007\n", encoding="utf-8")
    assert read_raw(tmp_path, dataclasses.replace(small, group=("code", "shop")))["shop"].tolist() == ["007"]


def test_unknown_columns_are_kept_for_the_validation(tmp_path: Path, small: Schema) -> None:
    load(tmp_path, "code,moon\n01,full\n", small)
    assert list(read_raw(tmp_path, small)) == ["code", "moon"]


def test_a_missing_file_is_an_error(tmp_path: Path, small: Schema) -> None:
    with pytest.raises(TableError, match="not found"):
        read_raw(tmp_path, small)
