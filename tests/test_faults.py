"""Files as people publish them, each of which an earlier version profiled wrongly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlpath.create.schemas import tabular
from mlpath.dataset import DatasetProfile, inspect
from mlpath.errors import MlpathError

FILES = Path(__file__).parent / "data" / "faults"


def contents(profile: DatasetProfile) -> dict[str, str]:
    """Return the type of each column, or why it is left out."""
    return {
        column.name: f"left out: {column.reason}" if column.role == "left_out" else column.type
        for column in profile.columns
    }


def write_rows(folder: Path, header: str, rows: list[str], name: str = "table.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def cycle(*values: str, rows: int = 60) -> list[str]:
    return [values[n % len(values)] for n in range(rows)]


IDENTIFIER = "left out: identifier: every value differs"
PROJECTS: dict[str, tuple[str, str, int, dict[str, str]]] = {
    # File: domain, target, rows, and the content of each column.
    "unnamed_index_text.csv": (
        "text", "label", 60, {"column0": IDENTIFIER, "text": "text", "label": "category"},
    ),
    "year_names.csv": (
        "tabular", "1991", 60, {"country": IDENTIFIER, "1990": "number", "1991": "number"},
    ),
    "digit_names.csv": (
        "tabular", "label", 60,
        {"0": "number", "1": "number", "2": "number", "label": "category"},
    ),
    "title_then_blank.csv": (
        "tabular", "churn", 60, {"visits": "number", "rate": "number", "churn": "category"},
    ),
    "header_one_more.csv": (
        "tabular", "diagnosis", 60,
        {"id": IDENTIFIER, "radius": "number", "diagnosis": "category"},
    ),
    "leak_by_missing.csv": (
        "tabular", "status", 90,
        {
            "age": "number", "score": "number", "status": "category",
            "closed_at": "left out: leaks the target: whether it is missing determines it",
        },
    ),
    "leak_monotone.csv": (
        "tabular", "wage", 90,
        {
            "age": "number", "kind": "category", "wage": "number",
            "logwage": "left out: leaks the target: is in the same order as the target",
        },
    ),
    "copies_look_like_leaks.csv": (
        "tabular", "kind", 120,
        {
            "solidity": "number", "area": "number", "perimeter": "number", "temp": "number",
            "kind": "category",
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PROJECTS)
def test_domain_target_and_columns(name: str) -> None:
    domain, target, rows, columns = PROJECTS[name]
    profile = inspect(FILES / name)
    assert (profile.domain, profile.target, profile.rows) == (domain, target, rows)
    assert profile.ambiguities == ()
    assert contents(profile) == columns


@pytest.mark.parametrize(
    ("content", "message", "hint"),
    [
        ((FILES / "lfs_pointer.csv").read_text(), "a Git LFS pointer", "git lfs pull"),
        ("/annex/objects/SHA256E-s1--ab.csv\n", "a git-annex pointer", "git annex get"),
        ("outs:\n- md5: ab\n  path: x.csv\n", "a DVC pointer", "dvc pull"),
    ],
)
def test_pointers_to_data_are_refused(
    tmp_path: Path, content: str, message: str, hint: str
) -> None:
    path = tmp_path / "pointer.csv"
    path.write_text(content)
    with pytest.raises(MlpathError, match=message) as refused:
        inspect(path)
    assert hint in refused.value.hint


# ------------------------------------------------------------------------------------------- header


NUMBERED = [f"{n % 7 + 0.5},{n % 5 + 0.25},{'ab'[n % 3 == 0]}" for n in range(60)]
COUNTED = [f"City{n},{n * 37 % 101},{n * 53 % 97},{n * 71 % 89}" for n in range(60)]
LABELED = [f"{'good' if n % 3 else 'bad'} film number {n} by me,{'pn'[n % 2]}" for n in range(60)]


@pytest.mark.parametrize(
    ("header", "rows", "columns"),
    [
        ("0,1,label", NUMBERED, ["0", "1", "label"]),
        ("city,1990,2000,2010", COUNTED, ["city", "1990", "2000", "2010"]),
        ("city,1,2,3", COUNTED, ["city", "1", "2", "3"]),
        ("what was said,mood", LABELED, ["what was said", "mood"]),
        ("mood,plot", cycle("glad,comedy", "sad,drama", "glad,drama"), ["mood", "plot"]),
        (",mood", [f"t{n},{'pn'[n % 2]}" for n in range(60)], ["column0", "mood"]),
        ("City61,4,30,2", COUNTED, ["column0", "column1", "column2", "column3"]),
        ("bad film number 99 by me,p", LABELED, ["column0", "column1"]),
        ("sad,comedy", cycle("glad,comedy", "sad,drama"), ["column0", "column1"]),
        ("a,b,kind,,", NUMBERED, ["a", "b", "kind"]),
        ("Visits in 2024,,\na,b,kind", NUMBERED, ["a", "b", "kind"]),
        (",,\nVisits,,\n,,\na,b,kind", NUMBERED, ["a", "b", "kind"]),
        ("Visits in 2024\n\na,b,kind", NUMBERED, ["a", "b", "kind"]),
    ],
)
def test_header(tmp_path: Path, header: str, rows: list[str], columns: list[str]) -> None:
    profile = inspect(write_rows(tmp_path, header, rows))
    assert [column.name for column in profile.columns] == columns
    assert profile.rows == 60 + columns[0].startswith("column0") * ("mood" not in columns)


def test_skipped_titles_are_reported() -> None:
    notes = inspect(FILES / "title_then_blank.csv").notes
    assert any("The first 2 lines are skipped: 'Sales report 2024" in note for note in notes)


# ------------------------------------------------------------------------------- copies and leaks


def schema_of(profile: DatasetProfile) -> dict[str, Any]:
    return tabular.build_schema(profile, "here", "unknown")


def test_different_rows_that_look_equal_are_kept_and_reported() -> None:
    """They differ in the identifier, which no model uses."""
    profile = inspect(FILES / "equal_but_different_rows.csv")
    assert (profile.duplicate_rows, profile.lookalikes) == (0, 538)
    assert any("538 rows equal others in all features" in note for note in profile.notes)
    assert schema_of(profile)["repeats"] is True


def test_copies_of_a_row_are_not_kept(tmp_path: Path) -> None:
    rows = [f"{n * 37 % 101}.5,{n * 53 % 97}.25,{'ab'[n % 3 == 0]}" for n in range(60)]
    profile = inspect(write_rows(tmp_path, "a,b,kind", [*rows, rows[0], rows[1]]))
    assert (profile.duplicate_rows, profile.lookalikes) == (2, 0)
    assert "repeats" not in schema_of(profile)


def test_copies_of_a_case_are_reported_and_no_leak() -> None:
    notes = inspect(FILES / "copies_look_like_leaks.csv").notes
    assert any("80 rows are copies of others, equal in 'solidity'" in note for note in notes)


def test_a_reason_that_only_one_class_has_is_a_leak() -> None:
    notes = inspect(FILES / "tweets.csv").notes
    assert any("'negativereason' leaks the target" in note for note in notes)
