"""The raw table is loaded for the validation to check."""

from dataclasses import replace
from pathlib import Path

import pytest

from late_flights.data.excluded import ExcludedColumn
from late_flights.data.loading import read_raw
from late_flights.data.schema import Column, Schema
from late_flights.data.source import RAW_FILE

DAY = Column("day", "Day", "date", column="Day of visit", date_format="%d.%m.%Y")
TARGET = Column("code", "Code", "category", choices=("01", "NA"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = ["code,Day of visit,moon", "01,02.01.1970,full", "NA,,new", "99,30.02.1970,full"]
    (tmp_path / RAW_FILE).write_text("\n".join(rows), encoding="utf-8")
    return tmp_path


def test_categories_are_text_and_dates_are_days(folder: Path) -> None:
    table = read_raw(folder, Schema("", "", TARGET, (DAY,)))
    assert table["code"].tolist() == ["01", "NA", "99"]
    assert table["day"].fillna("missing").tolist() == [1, "missing", "30.02.1970"]
    assert table["moon"].tolist() == ["full", "new", "full"]


def test_what_the_schema_leaves_out_is_dropped(folder: Path) -> None:
    schema = replace(Schema("", "", TARGET, (DAY,)), left_out=(ExcludedColumn("moon", "no use"),), too_rare=("99",))
    table = read_raw(folder, schema)
    assert table.columns.tolist() == ["code", "day"]
    assert table["code"].tolist() == ["01", "NA"]
