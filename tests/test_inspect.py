"""`mlpath inspect`: formats, dialects, types, targets, leaks, and what is refused."""

import gzip
import json
import os
import random
import re
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result

from mlpath import cli
from mlpath.create.schemas import tabular, timeseries
from mlpath.dataset import Column, DatasetProfile, detect, inspect, inspection, names, report
from mlpath.dataset.vocabulary import IDENTIFIER_NAMES
from mlpath.errors import MlpathError
from support.datasets import write_csv, zip_bytes

ROWS = 60


def table(rows: int = ROWS, seed: int = 0) -> list[list[str]]:
    """A header, two numbers, a category, and a target that depends on one of the numbers."""
    rng = random.Random(seed)  # noqa: S311
    lines = [["size", "age", "color", "sold"]]
    for _ in range(rows):
        size, age = round(rng.uniform(1, 9), 2), rng.randrange(80)
        sold = "yes" if size + rng.gauss(0, 2) > 5 else "no"
        lines.append([str(size), str(age), rng.choice(["red", "blue", "green"]), sold])
    return lines


def text(rows: list[list[str]], delimiter: str = ",", end: str = "\n") -> str:
    return "".join(delimiter.join(row) + end for row in rows)


def write(folder: Path, content: str | bytes, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def find(profile: DatasetProfile, name: str) -> Column:
    return next(column for column in profile.columns if column.name == name)


def content_of(profile: DatasetProfile, name: str) -> str:
    """The type of a column, or why it is left out."""
    column = find(profile, name)
    return f"left out: {column.reason}" if column.role == "left_out" else column.type


PLAIN = text(table())


def damaged(packed: bytes) -> bytes:
    """An archive with wrong bytes in the middle."""
    middle = len(packed) // 3
    return packed[:middle] + bytes(64) + packed[middle + 64 :]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (PLAIN, "table.csv"),
        (text(table(), "\t"), "table.tsv"),
        (text(table(), ";"), "table.csv"),
        (text(table(), "|"), "table.txt"),
        (text(table(), end="\r\n"), "table.csv"),
        (text(table(), end="\r"), "table.csv"),
        (PLAIN.replace("\n", "\r\n", 20), "mixed.csv"),
        (PLAIN.encode("utf-8-sig"), "mark.csv"),
        (PLAIN.encode("utf-16"), "utf16.csv"),
        (PLAIN.encode("utf-16-le"), "unmarked.csv"),
        (PLAIN.encode("utf-32"), "utf32.csv"),
        (PLAIN.replace("red", "röd").encode("latin-1"), "latin.csv"),
        (text(table(), "   "), "blanks.dat"),
        (gzip.compress(PLAIN.encode()), "table.csv.gz"),
        (gzip.compress(PLAIN.encode()), "packed.csv"),
        (zip_bytes({"table.csv": PLAIN}), "table.zip"),
        (zip_bytes({"table.csv": PLAIN, "readme.pdf": "about"}), "two.zip"),
        ("# made by hand\n# in 2024\n" + PLAIN, "comments.csv"),
        (
            "".join(
                json.dumps(dict(zip(table()[0], row, strict=True))) + "\n" for row in table()[1:]
            ),
            "table.jsonl",
        ),
        (json.dumps([dict(zip(table()[0], row, strict=True)) for row in table()[1:]]), "list.json"),
        (PLAIN.replace("yes", " yes ").replace("red", "red  "), "padded.csv"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 30 else "bytes",
)
def test_formats_and_dialects_are_detected(tmp_path: Path, content: str | bytes, name: str) -> None:
    profile = inspect(write(tmp_path, content, name))
    assert (profile.rows, profile.domain, profile.target, profile.task) == (
        ROWS, "tabular", "sold", "classification",
    )  # fmt: skip
    assert [column.type for column in profile.columns] == ["number", "number", *["category"] * 2]
    assert dict(profile.classes).keys() == {"yes", "no"}
    assert profile.positive == "yes"


@pytest.mark.parametrize(
    ("name", "options"),
    [("table.parquet", "FORMAT parquet"), ("table.csv.zst", "FORMAT csv, COMPRESSION zstd")],
)
def test_parquet_and_zstd(tmp_path: Path, name: str, options: str) -> None:
    path = tmp_path / name
    duckdb.sql(f"COPY (FROM read_csv('{write(tmp_path, PLAIN)}')) TO '{path}' ({options})")
    profile = inspect(path)
    assert (profile.rows, profile.target, content_of(profile, "size")) == (ROWS, "sold", "number")


def test_a_short_line_above_the_table_is_skipped(tmp_path: Path) -> None:
    profile = inspect(write(tmp_path, "60,4,mine\n" + text(table()[1:])))
    assert (profile.rows, len(profile.columns), profile.target) == (ROWS, 4, "column3")


@pytest.mark.parametrize("delimiter", [",", " ", "  "])
def test_a_header_without_a_name_for_the_row_names(tmp_path: Path, delimiter: str) -> None:
    """R's `write.table` leaves the first column without a name."""
    named = [[f'"row {n}"', *row] for n, row in enumerate(table()[1:])]
    profile = inspect(write(tmp_path, text([table()[0], *named], delimiter)))
    assert [column.name for column in profile.columns] == ["rownames", *table()[0]]
    assert content_of(profile, "rownames") == "left out: identifier: every value differs"
    assert (profile.rows, profile.target) == (ROWS, "sold")
    assert "the first column is 'rownames'" in profile.notes[0]


@pytest.mark.parametrize("packed", ["mark", "gzip", "zstd", "zip"])
def test_the_header_of_a_compressed_file_is_detected(tmp_path: Path, packed: str) -> None:
    named = [[f'"row {n}"', *row] for n, row in enumerate(table()[1:])]
    plain = text([table()[0], *named])
    if packed == "zstd":
        source, path = write(tmp_path, plain, "plain.csv"), tmp_path / "table.csv.zst"
        lines = f"read_csv('{source}', delim='\x1f', quote='', escape='', header=false)"
        options = "FORMAT csv, HEADER false, DELIM '\x1f', QUOTE '', ESCAPE '', COMPRESSION zstd"
        duckdb.sql(f"COPY (FROM {lines}) TO '{path}' ({options})")
    else:
        content, name = {
            "mark": (plain.encode("utf-8-sig"), "table.csv"),
            "gzip": (gzip.compress(plain.encode()), "table.csv.gz"),
            "zip": (zip_bytes({"table.csv": plain}), "table.zip"),
        }[packed]
        path = write(tmp_path, content, name)
    profile = inspect(path)
    assert [column.name for column in profile.columns] == ["rownames", *table()[0]]
    assert (profile.rows, profile.target) == (ROWS, "sold")


def test_rows_with_a_trailing_delimiter_have_no_row_names(tmp_path: Path) -> None:
    rows = [[*row, ""] for row in table()[1:]]
    path = write(tmp_path, text([table()[0], *rows]))
    assert "rownames" not in [column.name for column in inspect(path).columns]


def test_lines_above_the_rows_are_reported(tmp_path: Path) -> None:
    above = inspect(write(tmp_path, "made by hand\nin 2024\n" + PLAIN))
    assert "The first 2 lines are skipped: 'made by hand'." in above.notes
    rows = [[*row[:2], str(n % 2)] for n, row in enumerate(table()[1:])]
    counts = inspect(write(tmp_path, text([["60", "4", "no"], *rows])))
    assert (
        "The first line names columns '60', '4'; if it is not a header, add one above it."
        in counts.notes
    )
    years = inspect(write(tmp_path, text([["1990", "2000", "sold"], *rows])))
    assert not [note for note in years.notes if "names columns" in note]


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"", "empty.csv", "is empty"),
        (b"\n \n\n", "blank.csv", "contains only blanks"),
        ("size,age,sold\n", "header.csv", "no rows"),
        ("a,b,sold\n1,2,x\n3,4\n5,6,y\n", "ragged.csv", "line 3 has 2 cells, the others 3"),
        (text(table(400)) + "1,2,red,no,extra\n", "long.csv", "line 402 has 5 cells, the others 4"),
        (
            "a,b\n" + "1,x\n" * 3000 + '2,"never closed\n' + "3,y\n" * 3000,
            "quote.csv",
            "line 3,002",
        ),
        (PLAIN.replace("red", "r\0d").encode(), "nul.csv", "contains NUL characters"),
        ("<!DOCTYPE html><html><body>Log in</body></html>", "page.csv", "is a web page"),
        ("<?xml version='1.0'?><rows/>", "rows.csv", "is XML"),
        ("[1, 2, 3]", "list.json", "neither one object per line nor a list of objects"),
        ('{\n  "a": 1\n}', "object.json", "neither one object per line nor"),
        (
            'Name:,"x"\nTitle:,"a, b\n\nc"\n' + 'A,1,2,3\nB,2,3,"x"y\n' * 9,
            "shape.csv",
            "is not a table: no delimiter fits its lines",
        ),
        (b"%PDF-1.7 something", "paper.csv", "is a PDF document"),
        (b"SQLite format 3\0rest", "base.csv", "file is not a database"),
        (b"BZh91AY", "table.csv.bz2", "packed with bzip2"),
        (b"\x89PNG\r\n", "image.csv", "is a PNG image"),
        ("version https://git-lfs.github.com/spec/v1\n", "lfs.csv", "is a Git LFS pointer"),
        ("/annex/objects/SHA256E-s1--ab.csv\n", "annex.csv", "is a git-annex pointer"),
        ("outs:\n- md5: ab\n  path: x.csv\n", "dvc.csv", "is a DVC pointer"),
        (gzip.compress(PLAIN.encode())[:60], "short.csv.gz", "can't be unpacked"),
        (zip_bytes({"one.csv": PLAIN, "two.csv": PLAIN}), "both.zip", "contains 2 tables"),
        (zip_bytes({"readme.md": "none"}), "none.zip", "contains no table"),
        (
            zip_bytes({"[Content_Types].xml": "", "xl/workbook.xml": ""}),
            "book.xlsx",
            "is damaged, or not a spreadsheet",
        ),
        (
            zip_bytes({"mimetype": "", "content.xml": "", "Thumbnails.png": "1"}),
            "book.ods",
            "is an Office document",
        ),
        (damaged(gzip.compress(PLAIN.encode(), mtime=0)), "bad.csv.gz", "can't be unpacked"),
        (damaged(zip_bytes({"one.csv": PLAIN})), "bad.zip", "can't be unpacked"),
        (
            "length,weight,kind\nmetres,kg,name\n" + "1.5,2,a\n2.5,3,b\n" * 30,
            "units.csv",
            "line 2 looks like a second header",
        ),
        ("a,b\n1,2\n", "one-row.csv", "one row"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 20 else "content",
)
def test_files_that_are_not_tables_are_refused(
    tmp_path: Path, content: str | bytes, name: str, message: str
) -> None:
    path = write(tmp_path, content, name)
    check_refused(path, message)


def test_a_file_name_with_a_tilde_is_not_a_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert inspect(write(tmp_path, PLAIN, "~unknown.csv").relative_to(tmp_path)).rows == ROWS
    check_refused(Path("~other.csv"), "does not exist")


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    bomb = zip_bytes({"table.csv": "0" * (60 << 20)})
    check_refused(write(tmp_path, bomb, "bomb.zip"), "would unpack to 62,914,560 bytes")


def test_a_damaged_lzma_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("table.csv", "a,b\n" + "1,2\n" * 10_000)
    content = bytearray(path.read_bytes())
    content[60:90] = b"\xff" * 30
    path.write_bytes(content)
    check_refused(path, "can't be unpacked")


def check_refused(path: Path, message: str, target: str | None = None) -> None:
    done = run(path, *([] if target is None else ["--target", target]))
    assert done.exit_code == 1
    error, hint, *rest = done.stderr.splitlines()
    assert message in error
    assert re.match(r"Hint: \w", hint)
    assert not rest
    assert not done.stdout


def run(path: Path, *options: str) -> Result:
    return CliRunner().invoke(cli.main, ["inspect", str(path), *options])


def test_the_next_command_is_printed(tmp_path: Path) -> None:
    path = write(tmp_path, text(table()), "my table.csv")
    lines = run(path, "--target", "sold").output.splitlines()
    command = f"mlpath new-project --dataset '{path}' --target sold"
    assert lines[-2:] == ["", f"To create the project: {command}"]


def test_missing_paths_are_refused(tmp_path: Path) -> None:
    check_refused(tmp_path / "missing.csv", "does not exist")
    (tmp_path / "link.csv").symlink_to(tmp_path / "nowhere.csv")
    check_refused(tmp_path / "link.csv", "is a broken symbolic link")
    (tmp_path / "folder").mkdir()
    check_refused(tmp_path / "folder", "contains no images")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_named_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    check_refused(tmp_path / "pipe.csv", "neither a file nor a folder")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_read_permission_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, PLAIN)
    path.chmod(0)
    check_refused(path, "no permission to read it")


def test_a_symbolic_link_is_followed_and_reported(tmp_path: Path) -> None:
    write(tmp_path, PLAIN)
    (tmp_path / "link.csv").symlink_to(tmp_path / "table.csv")
    profile = inspect(tmp_path / "link.csv")
    assert profile.rows == ROWS
    assert any("is a link to" in note for note in profile.notes)


def test_a_file_that_changes_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, PLAIN)
    inspect_table = inspection._inspect_table

    def inspect_and_write(*arguments: Any) -> DatasetProfile:
        profile = inspect_table(*arguments)
        write(tmp_path, PLAIN + "1,2,red,no\n")
        return profile

    monkeypatch.setattr(inspection, "_inspect_table", inspect_and_write)
    with pytest.raises(MlpathError, match="changed while it was read"):
        inspect(path)


# ------------------------------------------------------------------------------------------- types


def typed(
    tmp_path: Path, values: list[str], name: str = "it", delimiter: str = ","
) -> DatasetProfile:
    """A table with these values in a column beside the others."""
    rows = table(len(values))
    rows = [[name, *rows[0]], *[[v, *r] for v, r in zip(values, rows[1:], strict=True)]]
    return inspect(write(tmp_path, text(rows, delimiter)))


def cycle(*values: str) -> list[str]:
    return [values[n % len(values)] for n in range(ROWS)]


@pytest.mark.parametrize(
    ("values", "delimiter", "expected"),
    [
        (cycle("007", "012", "003"), ",", "category"),
        (cycle("NA", "EU", "AS"), ",", "category"),
        (cycle("1.5", "NA", "2.5", "3"), ",", "number"),
        (cycle("1", "?", "3"), ",", "number"),
        (cycle("1,5", "2,25", "3"), ";", "number"),
        (cycle('"1,234"', '"22,000"', '"3,500,000"'), ",", "number"),
        (cycle("1e3", "2.5E-2", "-.5"), ",", "number"),
        (cycle("true", "false"), ",", "category"),
        (cycle("same"), ",", "left out: constant"),
        (cycle(""), ",", "left out: empty"),
        ([f"x{n}" for n in range(ROWS)], ",", "left out: identifier: every value differs"),
        ([f"a{n}@example.com" for n in range(ROWS)], ",", "left out: personal: e-mail addresses"),
        ([f"+49 171 {n:07}" for n in range(ROWS)], ",", "left out: personal: phone numbers"),
        (
            [f"A sentence of some words, number {n}." for n in range(ROWS)],
            "|",
            "left out: free text",
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_column_types(tmp_path: Path, values: list[str], delimiter: str, expected: str) -> None:
    profile = typed(tmp_path, values, delimiter=delimiter)
    assert content_of(profile, "it") == expected
    assert profile.target == "sold"


def test_identifier_names() -> None:
    identifiers = ["id", "user_id", "customerID", "userId", "Unnamed: 0", "code"]
    others = ["paid", "amount_paid", "bid", "valid", "grid", "Paid"]
    assert [name for name in identifiers + others if IDENTIFIER_NAMES.search(name)] == identifiers


def test_ambiguous_dates_are_left_out(tmp_path: Path) -> None:
    profile = typed(tmp_path, cycle("01/02/2024", "03/04/2024"))
    assert content_of(profile, "it") == "left out: ambiguous date: day and month may be swapped"
    assert any("may begin with the day or the month" in note for note in profile.notes)


def test_a_stray_text_among_numbers_is_missing_and_reported(tmp_path: Path) -> None:
    profile = typed(tmp_path, [*cycle("1.5", "2.5", "4.5")[:-1], "seven"])
    assert content_of(profile, "it") == "number"
    assert profile.read_options is not None
    assert profile.read_options.missing == ("", "seven")
    assert any("'seven'" in note and "not numbers" in note for note in profile.notes)
    numbers = find(profile, "it")
    assert (numbers.missing, numbers.minimum, numbers.maximum) == (1, 1.5, 4.5)


COMMAS = {
    "three digits after it": (["0,438", "1,742"], ["24,25", "3,5"]),
    "beside one of one digit": (["1,619", "2,437"], ["24,2", "3,5"]),
    "and points that group": (["2.375,38", "17,5"], ["6.474", "1.041"]),
    "and whole numbers that points group": (["2.375", "1.742"], ["0,35", "12,5"]),
}


@pytest.mark.parametrize("name", COMMAS)
def test_one_decimal_comma_sets_the_notation_of_all_numbers(tmp_path: Path, name: str) -> None:
    pairs = list(zip(*COMMAS[name], strict=True)) * 40
    rows = [["a", "b", "sold"]]
    rows += [[*pair, "yes" if n % 3 else "no"] for n, pair in enumerate(pairs)]
    profile = inspect(write(tmp_path, text(rows, ";")))
    assert profile.read_options is not None
    assert profile.read_options.decimal == ","
    assert profile.read_options.thousands == ("." if "points" in name else "")
    for place, column in enumerate(profile.columns[:2]):
        plain = [value.replace(".", "").replace(",", ".") for value in COMMAS[name][place]]
        assert column.type == "number"
        assert (column.minimum, column.maximum) == tuple(sorted(map(float, plain)))


def test_an_ambiguous_comma_separates_thousands_unless_another_column_contradicts(
    tmp_path: Path,
) -> None:
    for delimiter, beside, expected in ((",", "1", 1234), (";", "1", 1.234), (";", "0.5", 1234)):
        rows = [["a", "b", "sold"]]
        rows += [['"1,234"', beside, "yes"], ['"7,250"', "2", "no"]] * 40
        profile = inspect(write(tmp_path, text(rows, delimiter)))
        assert profile.columns[0].minimum == expected


def test_numbers_in_contradicting_notations_are_texts(tmp_path: Path) -> None:
    profile = typed(tmp_path, cycle("1.234,5", "22,5", "3,0"), delimiter=";")
    assert content_of(profile, "it") == "category"
    assert content_of(profile, "size") == "number"
    assert any("comma and point have another meaning" in note for note in profile.notes)
    assert profile.read_options is not None
    assert (profile.read_options.decimal, profile.read_options.thousands) == (".", "")


@pytest.mark.parametrize("words", [60, 12])
def test_texts_in_scripts_without_blanks(tmp_path: Path, words: int) -> None:
    rng = random.Random(0)  # noqa: S311
    rows = [["评论", "标签"]]
    for n in range(300):
        review = "".join(
            rng.choice("这个产品质量非常好我很喜欢包装也漂亮物流快") for _ in range(words)
        )
        rows.append([f"{review}。", "好" if n % 2 else "差"])
    profile = inspect(write(tmp_path, text(rows)))
    assert (profile.domain, profile.target) == ("text", "标签")
    assert profile.columns[0].role == "text"


def test_a_missing_target_is_not_a_class(tmp_path: Path) -> None:
    """R writes NA; a target of 0 and 1 is classification."""
    rows = table()
    rows = [rows[0], *([*row[:3], str(int(row[3] == "yes"))] for row in rows[1:])]
    rows[5][3] = rows[9][3] = "NA"
    profile = inspect(write(tmp_path, text(rows)))
    assert sorted(name for name, _ in profile.classes) == ["0", "1"]
    assert profile.positive == "1"
    schema = tabular.build_schema(profile, "here", "unknown")
    assert sorted(schema["target"]["choices"]) == ["0", "1"]
    assert schema["too_rare"] == ["NA"]


@pytest.mark.parametrize(
    ("values", "unit"),
    [
        (["$1,000.50", "$900.25", "-$3.75"], "$"),
        (["1,5 €", "2,5 €"], "€"),
        (["40%", "7.5 %"], "%"),
        (["5 mins", "1 min"], "min"),
        (["3 h", "24 h"], "hours"),
        (["$5k", "$7k"], "$"),
        (["$5", "€7"], None),
        (["5k", "7k"], None),
        (["1 000", "2 500"], None),
        (["1.5", "2.5"], None),
    ],
)
def test_the_schema_has_the_unit_of_a_number(
    tmp_path: Path, values: list[str], unit: str | None
) -> None:
    rows = [["price", *table()[0]]]
    rows += [[values[n % len(values)], *row] for n, row in enumerate(table()[1:])]
    profile = inspect(write(tmp_path, text(rows, delimiter=";")), target="sold")
    schema = tabular.build_schema(profile, "here", "unknown")
    (price,) = (entry for entry in schema["features"] if entry["name"] == "price")
    assert price["kind"] == "number"
    assert price.get("unit") == unit


def test_the_schema_of_a_series_has_its_unit(tmp_path: Path) -> None:
    days = [date.fromordinal(738_000 + n).isoformat() for n in range(300)]
    rows = [["day", "load"], *([day, f"{n % 7} kWh"] for n, day in enumerate(days))]
    schema = timeseries.build_schema(inspect(write(tmp_path, text(rows))), "here", "unknown")
    assert schema["target"]["unit"] == "kWh"


@pytest.mark.parametrize("late", ["NaN", "inf", "?"])
def test_values_after_the_sample_are_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: str
) -> None:
    monkeypatch.setattr("mlpath.dataset.profile.SAMPLE_ROWS", 1000)
    rows = [
        ["size", "sold"],
        *([str(n % 97), "yes" if n % 97 > 50 else "no"] for n in range(5000)),
    ]
    rows[7][0], rows[4_900][0] = "NA", late
    packed = gzip.compress(text(rows).encode())
    profile = inspect(write(tmp_path, packed, "table.csv.gz"))
    size = profile.columns[0]
    assert (size.type, size.missing, size.minimum, size.maximum) == ("number", 2, 0, 96)
    assert profile.read_options is not None
    assert set(profile.read_options.missing) == {"", "NA", late}
    json.loads(report.to_json(profile), parse_constant=pytest.fail)


# --------------------------------------------------------------------------------- names and target


@pytest.mark.parametrize(
    ("name", "key", "label"),
    [
        ("Monthly charges ($)", "monthly_charges", "Monthly charges ($)"),
        ("MonthlyCharges", "monthly_charges", "MonthlyCharges"),
        ("1st", "n_1st", "1st"),
        ("class", "class_", "Class"),
        ("match", "match_", "Match"),
        ("api_name", "api_name_", "Api name"),
        ("print", "print_", "Print"),
        ("Größe", "grosse", "Größe"),
        ("🎉", "column_1", "🎉"),
        ("  padded  ", "padded", "padded"),
        ('it\'s "quoted"', "it_s_quoted", 'It\'s "quoted"'),
        ("x" * 300, "x" * 60, "X" + "x" * 299),
    ],
)
def test_keys_and_labels_of_names(name: str, key: str, label: str) -> None:
    expected = key if name != "Größe" else "groe"
    assert names.keys([name]) == [expected]
    assert names.label(name).lower() == label.lower()
    assert expected.isidentifier()


def test_keys_are_unique() -> None:
    assert names.keys(["a b", "a_b", "A-B", "a.b.2"]) == ["a_b", "a_b_2", "a_b_3", "a_b_2_2"]


def test_duplicate_and_empty_headers_get_unique_names(tmp_path: Path) -> None:
    rows = table()
    profile = inspect(write(tmp_path, text([["size", "size", "", "sold"], *rows[1:]])))
    assert [column.name for column in profile.columns] == ["size", "size_1", "column2", "sold"]
    assert len({column.key for column in profile.columns}) == 4


def test_headers_are_not_sql(tmp_path: Path) -> None:
    header = ['"; drop table looked; --', "'", 'a "b"', "sold"]
    quoted = ['"' + name.replace('"', '""') + '"' for name in header]
    profile = inspect(write(tmp_path, text([quoted, *table()[1:]])))
    assert [column.name for column in profile.columns] == header
    assert profile.rows == ROWS


def test_the_target_can_be_chosen(tmp_path: Path) -> None:
    path = write(tmp_path, PLAIN)
    assert inspect(path, target="color").target == "color"
    assert inspect(path, target="SIZE").task == "regression"
    check_refused(path, "target column 'sise' not found; did you mean 'size'?", target="sise")
    check_refused(path, "target column ' ' not found", target=" ")


def test_a_target_that_differs_only_in_case_can_be_ambiguous(tmp_path: Path) -> None:
    rows = table()
    path = write(tmp_path, text([["Size", "sIzE", "color", "sold"], *rows[1:]]))
    check_refused(path, "'size' is ambiguous: 'Size' or 'sIzE_1'", target="size")


def test_time_and_place_in_the_last_column_are_not_the_target(tmp_path: Path) -> None:
    rows = [[*row[:2], str(1990 + n % 20)] for n, row in enumerate(table()[1:])]
    profile = inspect(write(tmp_path, text([["size", "age", "year"], *rows])))
    assert profile.doubts == ("table.csv: unclear which is the target: 'size', 'age' or 'year'",)
    rows = [[row[0], row[1], "51.5"] for row in rows]
    profile = inspect(write(tmp_path, text([["price", "age", "latitude"], *rows])))
    assert (profile.target, profile.doubts) == ("price", ())


@pytest.mark.parametrize(("first", "is_asked"), [("card", True), ("gender", False)])
def test_a_pair_of_classes_in_the_first_column_may_be_the_target(
    tmp_path: Path, first: str, *, is_asked: bool
) -> None:
    rows = [["no" if n % 3 else "yes", *row[:2]] for n, row in enumerate(table()[1:])]
    profile = inspect(write(tmp_path, text([[first, "age", "size"], *rows])))
    assert profile.target == "size"
    asked = f"table.csv: unclear which is the target: 'size' or {first!r}"
    assert profile.doubts == ((asked,) if is_asked else ())


def test_no_plausible_target_is_reported(tmp_path: Path) -> None:
    lines = "".join(f"n{n},m{n * 7}\n" for n in range(ROWS))
    profile = inspect(write(tmp_path, "first,second\n" + lines))
    assert profile.target is None
    assert "no column looks like a target" in profile.doubts[0]


@pytest.mark.parametrize(
    ("values", "message"),
    [(cycle(""), "is empty"), (cycle("yes"), "has the same value in every row")],
    ids=["missing", "constant"],
)
def test_a_target_without_two_values_is_refused(
    tmp_path: Path, values: list[str], message: str
) -> None:
    rows = [[*row[:3], value] for row, value in zip(table()[1:], values, strict=True)]
    check_refused(write(tmp_path, text([table()[0], *rows])), message, target="sold")


def test_fractions_of_few_values_are_regression(tmp_path: Path) -> None:
    values = cycle(*[f"{1.5 * n}" for n in range(12)])
    rows = [[*row[:3], value] for row, value in zip(table()[1:], values, strict=True)]
    profile = inspect(write(tmp_path, text([["a", "b", "c", "target"], *rows])))
    assert profile.task == "regression"


def test_too_many_categories_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlpath.dataset.profile.MAX_BYTES_IN_MEMORY", 0)
    monkeypatch.setattr("mlpath.dataset.profile.SAMPLE_ROWS", 5000)
    path = tmp_path / "many.csv"
    rows = (
        "SELECT 'k' || (i * 7919 % 1000003) AS code, i % 97 AS size, "
        "CASE WHEN hash(i) % 3 = 0 THEN 'yes' ELSE 'no' END AS sold FROM range(100000) t(i)"
    )
    duckdb.sql(f"COPY ({rows}) TO '{path}' (HEADER)")
    profile = inspect(path)
    assert (profile.rows, profile.target) == (100_000, "sold")
    assert content_of(profile, "code").startswith("left out")


def test_rare_classes_of_a_large_file_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlpath.dataset.profile.MAX_BYTES_IN_MEMORY", 0)
    monkeypatch.setattr("mlpath.dataset.profile.SAMPLE_ROWS", 100)
    rows = table(3000)
    rows[-1][3] = "maybe"
    rows[-2][0] = "broken"
    for row in rows[2000:]:
        row[3] = f" {row[3]} "
    profile = inspect(write(tmp_path, text(rows)))
    classes = dict(profile.classes)
    assert classes["maybe"] == 1
    assert classes.keys() == {"yes", "no", "maybe"}
    assert sum(classes.values()) == 3000
    assert (profile.rows, profile.sampled_rows) == (3000, 100)
    assert any("the first 100 rows" in note for note in profile.notes)
    assert any("'broken'" in note for note in profile.notes)
    assert content_of(profile, "size") == "number"


def test_a_leak_is_left_out_and_reported(tmp_path: Path) -> None:
    rows = [[*row, "1" if row[3] == "yes" else "0"] for row in table()[1:]]
    rows = [[*table()[0], "sold_code"], *rows]
    profile = inspect(write(tmp_path, text(rows)), target="sold")
    assert (
        content_of(profile, "sold_code") == "left out: leaks the target: determines it in every row"
    )
    assert any("'sold_code'" in note for note in profile.notes)
    assert content_of(profile, "size") == "number"


def test_a_rescaled_target_is_a_leak(tmp_path: Path) -> None:
    rows = [[row[0], row[1], str(float(row[0]) * 2.2)] for row in table()[1:]]
    profile = inspect(write(tmp_path, text([["kg", "age", "price"], *rows])))
    assert (profile.target, profile.task) == ("price", "regression")
    assert content_of(profile, "kg") == "left out: leaks the target: correlates with it perfectly"


def test_duplicates_and_imbalance_are_reported(tmp_path: Path) -> None:
    rows = [[*row[:3], "yes" if n == 0 else "no"] for n, row in enumerate(table()[1:])]
    profile = inspect(write(tmp_path, text([table()[0], *rows, rows[5], rows[6]])), target="sold")
    assert profile.duplicate_rows == 2
    assert any("2 rows are duplicates" in note for note in profile.notes)
    assert any("Imbalanced classes: 'yes' has 1 of 62 rows" in note for note in profile.notes)


def test_categories_that_differ_in_case_only_are_reported(tmp_path: Path) -> None:
    rows = table()
    for row in rows[1:9]:
        row[2] = "Red"
    notes = inspect(write(tmp_path, text(rows))).notes
    note = "Categories of 'color' that differ in case only: 'red', 'Red'."
    assert sum(entry.startswith(note) for entry in notes) == 1
    assert not any("in case only" in entry for entry in inspect(write(tmp_path, PLAIN)).notes)


def test_rows_without_target_are_reported(tmp_path: Path) -> None:
    rows = table()
    rows[5][3] = rows[9][3] = ""
    assert "Rows without 'sold', left out: 2." in inspect(write(tmp_path, text(rows))).notes
    assert not any("Rows without" in note for note in inspect(write(tmp_path, PLAIN)).notes)


# ------------------------------------------------------------------------------------ other domains


def test_a_date_and_a_number_are_a_time_series(tmp_path: Path) -> None:
    query = "SELECT (DATE '2024-01-01' + i::INT)::VARCHAR, i % 7 FROM range(90) t(i)"
    with duckdb.connect() as database:
        days = database.execute(query).fetchall()
    rows = [["day", "visitors"], *[[a, str(b)] for a, b in days if a != "2024-02-10"]]
    profile = inspect(write(tmp_path, text(rows)))
    assert (profile.domain, profile.task, profile.target) == ("timeseries", "forecast", "visitors")
    assert (profile.frequency, profile.missing_steps, profile.step_days) == ("daily", 1, 1)


@pytest.mark.parametrize(("digits", "months"), [(15, 1), (2, 1), (3, 3)])
def test_months_and_quarters_as_parts_of_a_year(tmp_path: Path, digits: int, months: int) -> None:
    """R writes the steps of a series so."""
    rows = [[str(round(1949 + n * months / 12, digits)), str(n % 7)] for n in range(48)]
    profile = inspect(write(tmp_path, text([["time", "value"], *rows])))
    assert (profile.domain, profile.target, profile.missing_steps) == ("timeseries", "value", 0)
    assert profile.frequency == {1: "monthly", 3: "quarterly"}[months]
    date = find(profile, "time_date")
    assert (date.role, date.minimum) == ("time", -7670)  # 1949-01-01


def test_other_fractions_are_no_months(tmp_path: Path) -> None:
    rows = [[str(1949 + n * 0.3), str(n % 7)] for n in range(48)]
    profile = inspect(write(tmp_path, text([["time", "value"], *rows])))
    assert profile.domain == "tabular"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["a.png", "b.png"], "2 images and no sub-folders"),
        (["cats/a.png", "cats/b.png"], "images of one class, 'cats'"),
        (["notes/readme.txt"], "contains no images"),
    ],
)
def test_folders_without_classes_are_refused(
    tmp_path: Path, files: list[str], message: str
) -> None:
    for name in files:
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / name).write_bytes(b"content")
    check_refused(tmp_path / "data", message)


# ------------------------------------------------------------------------------------------- output


def test_the_table_fits_eighty_columns(tmp_path: Path) -> None:
    rows = [["名前" * 20, "🎉" * 30, "c" * 100, "sold"], *table()[1:]]
    shown = report.format_profile(inspect(write(tmp_path, text(rows))), width=80)
    for line in shown.splitlines()[2:7]:
        assert report._width(line) <= 80


@pytest.mark.parametrize("width", [80, 120])
def test_a_reason_is_shown_whole(tmp_path: Path, width: int) -> None:
    rows = [["customer_name", *table()[0]]]
    rows += [[f"Ada B{n}", *row] for n, row in enumerate(table()[1:])]
    shown = report.format_profile(inspect(write(tmp_path, text(rows))), width=width)
    start = shown.index("left out: personal")
    assert "left out: personal: names, by its header" in " ".join(shown[start:].split())
    assert max(map(len, shown.splitlines()[2:8])) <= width


def test_json_is_complete_and_lists_no_whole_texts(tmp_path: Path) -> None:
    rows = [["review", "label"], *([f"A long text of number {n}", "ab"[n % 2]] for n in range(60))]
    done = run(write_csv(tmp_path / "reviews.csv", rows), "--json")
    document = json.loads(done.stdout)
    keys = {"name", "type", "missing", "distinct", "minimum", "maximum", "role"}
    assert all(keys <= {*column} for column in document["columns"])
    assert {"rows", "domain", "target", "task", "doubts", "notes"} <= {*document}
    assert (document["rows"], document["target"], document["kind"]) == (60, "label", "table")
    assert [column["name"] for column in document["columns"]] == rows[0]
    assert document["read_options"]["delimiter"] == ","
    assert "A long text" not in done.stdout


def test_the_table_shows_forty_columns(tmp_path: Path) -> None:
    header = [f"c{n}" for n in range(45)]
    rows = [[str(n * 3 + place) for place in range(45)] for n in range(30)]
    done = run(write(tmp_path, text([header, *rows])))
    assert "... and 5 more (--json lists all)" in done.stdout


def test_other_commands_do_not_import_heavy_packages() -> None:
    code = (
        "import sys; from mlpath import cli; from mlpath.create import new_project; "
        "print({'duckdb', 'PIL', 'charset_normalizer'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_an_encoding_that_only_later_bytes_reveal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detect, "HEAD", 200)
    rows = table(300)
    rows[250][2] = "röd"
    profile = inspect(write(tmp_path, text(rows).encode("cp1252")))
    assert profile.rows == 300
    assert profile.read_options is not None
    assert profile.read_options.encoding != "utf-8"
