"""A table is read as it was written, whatever wrote it; what can't be read is told in a line."""

import gzip
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from .package import data

reading = import_module(f"{data.__package__}.reading")

TEXT = "code,size,day\n01,1.5,2024-02-01\nNA,,2024-12-31\n"
WANTED = (
    reading.Wanted("code", "code", "category"),
    reading.Wanted("size", "size", "number"),
    reading.Wanted("day", "day", "date"),
)


def read(folder: Path, content: bytes, name: str = "table.csv", **options: Any) -> pd.DataFrame:
    (folder / name).write_bytes(content)
    frame: pd.DataFrame = reading.read(folder, reading.Reading(file=name, **options), WANTED).frame
    return frame


def check(frame: pd.DataFrame) -> None:
    assert frame["code"].tolist() == ["01", "NA"]
    assert frame["size"].tolist() == pytest.approx([1.5, float("nan")], nan_ok=True)
    assert frame["day"].tolist() == [19754, 20088]


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (TEXT.encode(), {}),
        (TEXT.encode("utf-8-sig"), {}),
        (TEXT.replace("\n", "\r\n").encode(), {}),
        (TEXT.replace("\n", "\r\n", 1).encode(), {"mixed_line_ends": True}),
        (TEXT.encode("utf-16"), {"encoding": "utf-16"}),
        (TEXT.replace(",", ";").replace("1.5", "1,5").encode(), {"delimiter": ";", "decimal": ","}),
        (TEXT.replace(",", "\t").encode(), {"delimiter": "\t"}),
        (
            b"  code size day\n 01   1.5  2024-02-01\n NA   ?  2024-12-31\n",
            {"delimiter": "whitespace", "missing": ("", "?")},
        ),
        (b"made in 2024\n" + TEXT.encode(), {"skip": 1}),
        (
            b'"size" "day"\n"01"  1.5  "2024-02-01"\n"NA"  ""  "2024-12-31"\n',
            {"delimiter": "whitespace", "skip": 1, "header": False, "names": ("code", "size", "day")},
        ),
        (TEXT.replace("01,", " 01 ,").replace("NA", "NA  ").encode(), {}),
    ],
    ids=["plain", "mark", "windows", "mixed", "utf-16", "semicolon", "tab", "blanks", "skip", "row names", "padded"],
)
def test_a_table_is_read_as_it_was_written(tmp_path: Path, content: bytes, options: dict[str, Any]) -> None:
    check(read(tmp_path, content, **options))


def test_packed_tables_are_read(tmp_path: Path) -> None:
    check(read(tmp_path, gzip.compress(TEXT.encode()), "table.csv.gz"))
    with zipfile.ZipFile(tmp_path / "table.zip", "w") as archive:
        archive.writestr("inside/table.csv", TEXT)
    check(read(tmp_path, (tmp_path / "table.zip").read_bytes(), "table.zip", member="inside/table.csv"))


def test_other_formats_are_read(tmp_path: Path) -> None:
    pd.DataFrame({"code": ["01", "NA"], "size": [1.5, None], "day": ["2024-02-01", "2024-12-31"]}).to_parquet(
        tmp_path / "table.parquet"
    )
    check(read(tmp_path, (tmp_path / "table.parquet").read_bytes(), "table.parquet", format="parquet"))
    lines = b'{"code": "01", "size": 1.5, "day": "2024-02-01"}\n{"code": "NA", "size": null, "day": "2024-12-31"}\n'
    check(read(tmp_path, lines, "table.jsonl", format="json"))
    check(read(tmp_path, b"[" + lines.strip().replace(b"\n", b",\n ") + b"]\n", "table.json", format="json"))


@pytest.mark.parametrize(
    ("written", "date_format"),
    [
        ("1974Q2", "%YQ%q"),
        ("1974-Q2", "%Y-Q%q"),
        ("Q2 1974", "Q%q %Y"),
        ("1974M04", "%YM%m"),
        ("Apr-1-1974", "%b-%d-%Y"),
    ],
)
def test_dates_are_read_as_the_schema_says(tmp_path: Path, written: str, date_format: str) -> None:
    (tmp_path / "table.csv").write_text(f"day\n{written}\n1974Q5\n", encoding="utf-8")
    wanted = [reading.Wanted("day", "day", "date", date_format)]
    found = reading.read(tmp_path, reading.Reading(file="table.csv", missing=("", "1974Q5")), wanted).frame
    assert found["day"].tolist() == pytest.approx([1551, float("nan")], nan_ok=True)


def test_a_line_of_blanks_between_words_keeps_what_is_quoted() -> None:
    assert reading._squeezed('"two words"  1\t 2 \n') == '"two words"\t1\t2\n'


def test_what_is_no_number_comes_as_it_stands(tmp_path: Path) -> None:
    frame = read(tmp_path, TEXT.replace("1.5", "seven").encode())
    assert frame["size"].tolist()[0] == "seven"


def test_a_column_that_is_not_there_is_left_out(tmp_path: Path) -> None:
    assert list(read(tmp_path, b"code,day\n01,2024-02-01\n")) == ["code", "day"]


def test_a_large_table_is_sampled_and_keeps_rare_classes(tmp_path: Path) -> None:
    rows = ["rare" if number % 1000 == 0 else "common" for number in range(50_000)]
    (tmp_path / "table.csv").write_text("code\n" + "\n".join(rows), encoding="utf-8")
    asked = reading.Reading(file="table.csv", most_rows=5_000)
    once, again = (reading.read(tmp_path, asked, WANTED, stratum="code") for _ in range(2))
    assert once.rows == 50_000
    assert len(once.frame) == pytest.approx(5_000, rel=0.1)
    assert (once.frame["code"] == "rare").sum() == 50
    assert once.frame.equals(again.frame)


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (None, {}, "is not there; `uv run dvc pull` brings it"),
        (TEXT.replace("NA", "café").encode("latin-1"), {}, "can't be read"),
        (b"code,size\n1,2\n3\n", {}, "line 3"),
        (b"not packed", {"member": "inside.csv"}, "can't be read"),
    ],
    ids=["gone", "encoding", "ragged", "archive"],
)
def test_what_can_not_be_read_is_told_in_a_line(
    tmp_path: Path, content: bytes | None, options: dict[str, Any], said: str
) -> None:
    if content is not None:
        (tmp_path / "table.csv").write_bytes(content)
    with pytest.raises(reading.ReadingError) as caught:
        reading.read(tmp_path, reading.Reading(file="table.csv", **options), WANTED)
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
