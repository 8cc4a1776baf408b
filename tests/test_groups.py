"""Rows of one customer, patient or shop are noticed, and nothing else is taken for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlpath.create.schemas import tabular
from mlpath.dataset import DatasetProfile, inspect


def inspect_rows(folder: Path, names: str, rows: list[str]) -> DatasetProfile:
    path = folder / "table.csv"
    path.write_text("\n".join([names, *rows]) + "\n", encoding="utf-8")
    return inspect(path)


def repeated(name: str, values: int, times: int, others: str = "", cells: str = "") -> list[str]:
    """Return a header and rows: a column that repeats, two numbers, further cells, a class."""
    rows = [
        f"k{value:03},{value * 37 % 101}.25,{(value + turn * 7) * 53 % 97}{cells},"
        f"{'ny'[value * (turn + 3) % 3 == 0]}"
        for turn in range(times)
        for value in range(values)
    ]
    return [f"{name},tenure,usage{others},churned", *rows]


@pytest.mark.parametrize(
    "name", ["customer_id", "CustomerID", "custid", "Patient no.", "user", "id", "store", "unitid"]
)
def test_rows_of_a_case_stay_in_one_split(tmp_path: Path, name: str) -> None:
    header, *rows = repeated(name, 300, 4)
    profile = inspect_rows(tmp_path, header, rows)
    assert f"{name!r} repeats (300 values in 1,200 rows): its rows stay in one split." in (
        profile.notes
    )
    schema = tabular.build_schema(profile, "here", "unknown")
    assert schema["group"] == [name]
    assert {"column": name, "reason": "group: its rows stay in one split"} in schema["left_out"]
    assert [feature["name"] for feature in schema["features"]] == ["tenure", "usage"], "no leak"


@pytest.mark.parametrize(
    ("name", "values", "times", "others", "cells"),
    [
        ("customer_id", 15, 80, "", ""),  # too few groups
        ("customer_id", 1200, 1, "", ""),  # an identifier of rows
        ("customers", 300, 4, "", ""),  # a count
        ("user_type", 300, 4, "", ""),
        ("country", 60, 20, "", ""),
        ("season", 24, 50, "", ""),
        ("model", 300, 4, "", ""),
        ("ticket", 300, 4, "", ""),
        ("store", 300, 4, ",day", ",2024-01-0%d"),  # the future of known stores
    ],
)
def test_other_columns_that_repeat_are_no_group(
    tmp_path: Path, name: str, values: int, times: int, others: str, cells: str
) -> None:
    header, *rows = repeated(name, values, times, others, cells)
    rows = [row % (number % 9 + 1) if cells else row for number, row in enumerate(rows)]
    profile = inspect_rows(tmp_path, header, rows)
    assert profile.group == ""
    assert "group" not in tabular.build_schema(profile, "here", "unknown")


def test_a_class_in_few_groups_is_reported(tmp_path: Path) -> None:
    header, *rows = repeated("patient", 100, 4)
    rows = [f"{row[:-1]}{'ny'[row < 'k003']}" for row in rows]
    profile = inspect_rows(tmp_path, header, rows)
    assert profile.group == ""
    assert any(
        "'patient' repeats, but too few of its values have the class 'y'" in note
        for note in profile.notes
    )
