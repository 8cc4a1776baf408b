"""A CSV file is read with the types of the schema."""

from pathlib import Path

import pandas as pd
import pytest

from project_package.data.tables import Reading, TableColumn, TableError, read_table

COLUMNS = (
    TableColumn("code", "code", "category"),
    TableColumn("size", "Size (cm)", "number"),
    TableColumn("day", "day", "date"),
)
TEXT = "code,Size (cm),day,other\n 01 ,1.5,2024-02-01,x\nNA,,2024-12-31,y\n"


def read(folder: Path, text: str) -> pd.DataFrame:
    (folder / "table.csv").write_text(text, encoding="utf-8")
    return read_table(folder, Reading("table.csv"), COLUMNS).frame


def test_categories_are_text_and_dates_are_days(tmp_path: Path) -> None:
    frame = read(tmp_path, TEXT)
    assert frame["code"].tolist() == ["01", "NA"]
    assert frame["size"].tolist() == pytest.approx([1.5, float("nan")], nan_ok=True)
    assert frame["day"].tolist() == [19754, 20088]


def test_all_column_names_are_returned(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(TEXT, encoding="utf-8")
    table = read_table(tmp_path, Reading("table.csv"), [*COLUMNS, TableColumn("missing", "missing", "number")])
    assert table.columns == ("code", "Size (cm)", "day", "other")
    assert list(table.frame) == ["code", "size", "day"]


@pytest.mark.parametrize(("old", "new", "column"), [("1.5", "seven", "size"), ("2024-02-01", "2024-13-01", "day")])
def test_a_column_with_an_invalid_value_is_text(tmp_path: Path, old: str, new: str, column: str) -> None:
    assert read(tmp_path, TEXT.replace(old, new))[column].tolist()[0] == new


def test_errors_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"data/raw/table\.csv not found; create it with: uv run dvc repro fetch"):
        read_table(tmp_path, Reading("table.csv"), COLUMNS)
    with pytest.raises(TableError, match=r"data/raw/table\.csv can't be read: .*line 3"):
        read(tmp_path, "code,day\n1,2\n1,2,3\n")
