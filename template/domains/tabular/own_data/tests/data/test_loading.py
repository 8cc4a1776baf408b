"""The raw table is loaded as schema.yaml describes it."""

import dataclasses
from datetime import date, timedelta
from pathlib import Path

import pytest

from project_package.data.excluded import ExcludedColumn
from project_package.data.loading import read_raw
from project_package.data.params import Prepare
from project_package.data.sampling import SAMPLING
from project_package.data.schema import Column, Schema
from project_package.data.splits import split
from project_package.data.tables import TableError
from project_package.data.validation import validate

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


@pytest.mark.parametrize("by", ["group", "time"])
def test_a_sample_keeps_groups_and_times_apart(tmp_path: Path, small: Schema, by: str) -> None:
    days = [date(2024, 1, 1) + timedelta(days=number // 40) for number in range(20_000)]
    rows = [f"{'01' if number % 3 else 'NA'},{number},{number // 40},{day}" for number, day in enumerate(days)]
    (tmp_path / "table.csv").write_text("target,size,customer,day\n" + "\n".join(rows), encoding="utf-8")
    size, reading = Column("size", "Size", "number"), {"file": "table.csv", "most_rows": 6_000}
    group = {"group": ("customer",)} if by == "group" else {"group": ("day",), "split": "time"}
    left_out = (ExcludedColumn("day" if by == "group" else "customer", "not used"),)
    schema = dataclasses.replace(small, features=(size,), reading=reading, left_out=left_out, **group)
    raw = read_raw(tmp_path, schema)
    parts = split(validate(raw, schema), schema, Prepare(seed=0, validation_share=0.2, test_share=0.2))
    assert raw.attrs[SAMPLING] == {"rows": len(raw), "total": 20_000, "seed": 0, "rare": {}}
    assert len(raw) == pytest.approx(6_000, rel=0.1)
    groups = {name: {int(number) // 40 for number in part.features["size"]} for name, part in parts.items()}
    assert not groups["train"] & groups["test"]
    assert not groups["train"] & groups["validation"]
    if by == "time":
        assert max(groups["train"]) < min(groups["validation"]) < max(groups["validation"]) < min(groups["test"])
        assert min(groups["train"]) == 0, "the sample begins where the table does"
        assert max(groups["test"]) == 499, "and ends where it does"


def test_a_missing_file_is_an_error(tmp_path: Path, small: Schema) -> None:
    with pytest.raises(TableError, match="not found"):
        read_raw(tmp_path, small)
