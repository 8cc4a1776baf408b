"""Tables of many formats are read the same; errors are one line."""

import gzip
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from project_package.data import tables
from project_package.data.sampling import SAMPLING, Sampling, read_sampling, write_sampling
from project_package.data.tables import TableColumn, TableError, read_table
from project_package.data.text_files import blanks_to_tabs
from project_package.errors import UserError
from project_package.evaluation.markdown import describe_sampling

TEXT = "code,size,day\n01,1.5,2024-02-01\nNA,,2024-12-31\n"
COLUMNS = (
    TableColumn("code", "code", "category"),
    TableColumn("size", "size", "number"),
    TableColumn("day", "day", "date"),
)
NUMBER = TableColumn("size", "size", "number")


def read_columns(folder: Path, columns: Sequence[TableColumn], **options: Any) -> pd.DataFrame:
    frame: pd.DataFrame = read_table(folder, {"file": "table.csv", **options}, columns).frame
    return frame


def read(folder: Path, content: bytes, name: str = "table.csv", **options: Any) -> pd.DataFrame:
    (folder / name).write_bytes(content)
    frame: pd.DataFrame = read_table(folder, {"file": name, **options}, COLUMNS).frame
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


def test_compressed_tables_are_read(tmp_path: Path) -> None:
    check(read(tmp_path, gzip.compress(TEXT.encode()), "table.csv.gz"))
    with zipfile.ZipFile(tmp_path / "table.zip", "w") as archive:
        archive.writestr("inside/table.csv", TEXT)
    check(read(tmp_path, (tmp_path / "table.zip").read_bytes(), "table.zip", member="inside/table.csv"))


def test_numbers_have_currencies_units_and_multipliers(tmp_path: Path) -> None:
    content = "code|size\na\t|$1,234.5\n\u00a0a|-3 kg\nb|1.5M\nb|93%\nb|(7)\n".encode()
    replace = {"$": "", " kg": "", "M": "e6", "%": "", "(": "-", ")": ""}
    frame = read(tmp_path, content, delimiter="|", thousands=",", replace=replace)
    assert frame["code"].tolist() == ["a", "a", "b", "b", "b"]
    assert frame["size"].tolist() == [1234.5, -3, 1_500_000, 93, -7]


def test_months_are_replaced_in_dates(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("day\n3. M\u00e4rz 2024\n5. May 2024\n", encoding="utf-8")
    columns = [TableColumn("day", "day", "date", "%d. %b %Y")]
    replace = {"M\u00e4rz": "Mar", " km": ""}
    assert read_columns(tmp_path, columns, replace=replace)["day"].tolist() == [19785, 19848]


def test_columns_are_computed_and_summary_rows_left_out(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("year,month,size\n2024,2,1\n2024,3,2\nTotal,,3\n", encoding="utf-8")
    columns = [TableColumn("day", "date", "date"), TableColumn("size", "size", "number")]
    computed = {"date": "TRY_CAST(concat(year, '-', month, '-1') AS DATE)"}
    frame = read_columns(tmp_path, columns, computed=computed, left_out_rows={"year": ["Total"]})
    assert frame.to_dict("list") == {"day": [19754, 19783], "size": [1, 2]}


def test_rows_below_a_key_of_a_json_object_are_read(tmp_path: Path) -> None:
    content = b'{"about": "x", "rows": [{"code": "01", "size": 1}, {"code": "02", "size": 2}]}'
    assert read(tmp_path, content, "table.json", format="json", records="rows")["size"].tolist() == [1, 2]


def test_parquet_and_json_are_read(tmp_path: Path) -> None:
    pd.DataFrame({"code": ["01", "NA"], "size": [1.5, None], "day": ["2024-02-01", "2024-12-31"]}).to_parquet(
        tmp_path / "table.parquet"
    )
    check(read(tmp_path, (tmp_path / "table.parquet").read_bytes(), "table.parquet", format="parquet"))
    lines = b'{"code": "01", "size": 1.5, "day": "2024-02-01"}\n{"code": "NA", "size": null, "day": "2024-12-31"}\n'
    check(read(tmp_path, lines, "table.jsonl", format="json"))
    check(read(tmp_path, b"[" + lines.strip().replace(b"\n", b",\n ") + b"]\n", "table.json", format="json"))


@pytest.mark.parametrize(
    ("text", "date_format"),
    [
        ("1974Q2", "%YQ%q"),
        ("1974-Q2", "%Y-Q%q"),
        ("Q2 1974", "Q%q %Y"),
        ("1974M04", "%YM%m"),
        ("Apr-1-1974", "%b-%d-%Y"),
    ],
)
def test_dates_are_read_as_the_schema_says(tmp_path: Path, text: str, date_format: str) -> None:
    (tmp_path / "table.csv").write_text(f"day\n{text}\n1974Q5\n", encoding="utf-8")
    columns = [TableColumn("day", "day", "date", date_format)]
    frame = read_table(tmp_path, {"file": "table.csv", "missing": ["", "1974Q5"]}, columns).frame
    assert frame["day"].tolist() == pytest.approx([1551, float("nan")], nan_ok=True)


def test_quoted_blanks_are_kept() -> None:
    assert blanks_to_tabs('"two words"  1\t 2 \n') == '"two words"\t1\t2\n'


def test_a_column_with_an_invalid_number_is_text(tmp_path: Path) -> None:
    frame = read(tmp_path, TEXT.replace("1.5", "seven").encode())
    assert frame["size"].tolist()[0] == "seven"


def test_a_missing_column_is_left_out(tmp_path: Path) -> None:
    assert list(read(tmp_path, b"code,day\n01,2024-02-01\n")) == ["code", "day"]


def test_a_large_table_is_sampled_and_keeps_rare_classes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = ["rare" if number % 1000 == 0 else "common" for number in range(50_000)]
    (tmp_path / "table.csv").write_text("code\n" + "\n".join(rows), encoding="utf-8")
    reading = {"file": "table.csv", "most_rows": 5_000}
    first, second = (read_table(tmp_path, reading, COLUMNS, stratum="code").frame for _ in range(2))
    assert f"sampled {len(first):,} of 50,000 rows" in capsys.readouterr().out
    assert len(first) == pytest.approx(5_000, rel=0.1)
    assert (first["code"] == "rare").sum() == 50
    assert first.equals(second)
    assert len(read_table(tmp_path, reading, COLUMNS).frame) == pytest.approx(5_000, rel=0.1)


def test_a_sample_does_not_depend_on_threads_and_contains_smaller_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "LONG_LINE_BYTES", 1 << 12)  # so that the file has parts for several threads
    rows = "\n".join(f"{number},1" for number in range(60_000))
    (tmp_path / "table.csv").write_text(f"size,number\n{rows}\n", encoding="utf-8")
    samples = {}
    for threads, most_rows in ((1, 2_000), (4, 2_000), (4, 6_000)):
        monkeypatch.setattr(tables, "MAX_THREADS", threads)
        reading = {"file": "table.csv", "most_rows": most_rows}
        samples[threads, most_rows] = read_table(tmp_path, reading, [NUMBER], stratum="size").frame["size"].tolist()
    assert samples[1, 2_000] == samples[4, 2_000]
    assert set(samples[4, 2_000]) < set(samples[4, 6_000])
    assert len(samples[4, 6_000]) == pytest.approx(6_000, rel=0.1), "a number is no class, however rare its values are"
    other = read_table(tmp_path, {"file": "table.csv", "most_rows": 2_000, "seed": 1}, [NUMBER]).frame["size"]
    assert set(other) != set(samples[1, 2_000])


def test_a_sample_is_stated_with_the_rare_classes_that_it_keeps(tmp_path: Path) -> None:
    rows = ["rare" if number % 20 == 0 else "common" for number in range(50_000)]
    (tmp_path / "table.csv").write_text("code\n" + "\n".join(rows), encoding="utf-8")
    frame = read_table(tmp_path, {"file": "table.csv", "most_rows": 5_000}, COLUMNS, stratum="code").frame
    expected: dict[str, Any] = {"rows": len(frame), "total": 50_000, "seed": 0, "rare": {"rare": 0.2}}
    assert frame.attrs[SAMPLING] == expected
    write_sampling(frame.assign(other=1)[frame["code"].notna()].reset_index(drop=True), tmp_path)
    assert read_sampling(tmp_path) == Sampling(**expected)
    sentence = describe_sampling(expected)
    assert f"Of the 50,000 rows of the raw data, a sample of {len(frame):,} is used" in sentence
    assert "(20 % of rare)" in sentence
    assert SAMPLING not in read_table(tmp_path, {"file": "table.csv"}, COLUMNS).frame.attrs


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (None, {}, "not found; restore it with: uv run dvc pull"),
        (TEXT.replace("NA", "café").encode("latin-1"), {}, "can't be read"),
        (b"code,size\n1,2\n3\n", {}, "line 3"),
        (b"not an archive", {"member": "inside.csv"}, "can't be read"),
    ],
    ids=["gone", "encoding", "ragged", "archive"],
)
def test_an_unreadable_file_is_an_error_of_one_line(
    tmp_path: Path, content: bytes | None, options: dict[str, Any], message: str
) -> None:
    if content is not None:
        (tmp_path / "table.csv").write_bytes(content)
    with pytest.raises(TableError) as caught:
        read_table(tmp_path, {"file": "table.csv", **options}, COLUMNS)
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_an_unknown_option_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^schema\.yaml: reading\.separator is unknown"):
        read_table(tmp_path, {"file": "table.csv", "separator": ";"}, COLUMNS)
