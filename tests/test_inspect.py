"""Data as people have it: each file is understood, or refused in one line with a remedy."""

import gzip
import io
import json
import os
import random
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from mlpath import cli
from mlpath.create.schemas import tabular
from mlpath.dataset import DatasetProfile, detect, inspect, inspection, names, report
from mlpath.errors import MlpathError

ROWS = 60


def table(rows: int = ROWS, seed: int = 0) -> list[list[str]]:
    """A plain table: a header, two numbers, a category, and what they tell."""
    rng = random.Random(seed)  # noqa: S311
    found = [["size", "age", "colour", "sold"]]
    for _ in range(rows):
        size, age = round(rng.uniform(1, 9), 2), rng.randrange(80)
        sold = "yes" if size + rng.gauss(0, 2) > 5 else "no"
        found.append([str(size), str(age), rng.choice(["red", "blue", "green"]), sold])
    return found


def text(rows: list[list[str]], delimiter: str = ",", end: str = "\n") -> str:
    return "".join(delimiter.join(row) + end for row in rows)


def column(place: int, change: Callable[[str], str], rows: list[list[str]]) -> list[list[str]]:
    return [rows[0], *[[*r[:place], change(r[place]), *r[place + 1 :]] for r in rows[1:]]]


def written(folder: Path, content: str | bytes, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def of(findings: DatasetProfile, name: str) -> str:
    """What a column was taken for."""
    found = next(one for one in findings.columns if one.name == name)
    return f"left out: {found.reason}" if found.role == "left_out" else found.type


PLAIN = text(table())


def damaged(packed: bytes) -> bytes:
    """With some bytes in the middle of it changed, as a bad disk or a download leaves it."""
    middle = len(packed) // 3
    return packed[:middle] + bytes(64) + packed[middle + 64 :]


def zipped(**files: str | bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()


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
        (zipped(table__csv=PLAIN), "table.zip"),
        (zipped(table__csv=PLAIN, readme__pdf="about"), "two.zip"),
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
def test_a_table_is_understood(tmp_path: Path, content: str | bytes, name: str) -> None:
    found = inspect(written(tmp_path, content, name))
    assert (found.rows, found.domain, found.target, found.task) == (
        ROWS, "tabular", "sold", "classification",
    )  # fmt: skip
    assert [of(found, one) for one in ("size", "age", "sold")] == ["number", "number", "category"]
    assert dict(found.classes).keys() == {"yes", "no"}
    assert found.positive == "yes"


def test_parquet_is_understood(tmp_path: Path) -> None:
    source, path = written(tmp_path, PLAIN), tmp_path / "table.parquet"
    duckdb.sql(f"COPY (FROM read_csv('{source}')) TO '{path}' (FORMAT parquet)")
    found = inspect(path)
    assert (found.rows, found.target, of(found, "size")) == (ROWS, "sold", "number")
    assert found.read_options is not None
    assert found.read_options.format == "parquet"


def test_zstd_is_understood(tmp_path: Path) -> None:
    source, path = written(tmp_path, PLAIN), tmp_path / "table.csv.zst"
    duckdb.sql(f"COPY (FROM read_csv('{source}')) TO '{path}' (FORMAT csv, COMPRESSION zstd)")
    assert inspect(path).rows == ROWS


def test_a_table_without_a_header_is_understood(tmp_path: Path) -> None:
    found = inspect(written(tmp_path, text(table()[1:])))
    assert found.rows == ROWS
    assert [one.name for one in found.columns] == ["column0", "column1", "column2", "column3"]
    assert found.target == "column3"


def test_a_line_of_its_own_kind_above_the_table_is_passed_over(tmp_path: Path) -> None:
    found = inspect(written(tmp_path, "60,4,mine\n" + text(table()[1:])))
    assert (found.rows, len(found.columns), found.target) == (ROWS, 4, "column3")


@pytest.mark.parametrize("delimiter", [",", " ", "  "])
def test_a_header_that_does_not_name_the_row_names(tmp_path: Path, delimiter: str) -> None:
    """R's `write.table` leaves the first column without a name."""
    named = [[f'"row {at}"', *row] for at, row in enumerate(table()[1:])]
    found = inspect(written(tmp_path, text([table()[0], *named], delimiter)))
    assert [one.name for one in found.columns] == ["rownames", *table()[0]]
    assert of(found, "rownames") == "left out: identifier: every value differs"
    assert (found.rows, found.target) == (ROWS, "sold")
    assert "'rownames' is the first" in found.notes[0]


@pytest.mark.parametrize("packed", ["mark", "gzip", "zstd", "zip"])
def test_lines_above_the_rows_are_seen_through_what_packs_them(tmp_path: Path, packed: str) -> None:
    named = [[f'"row {at}"', *row] for at, row in enumerate(table()[1:])]
    plain = text([table()[0], *named])
    if packed == "zstd":
        source, path = written(tmp_path, plain, "plain.csv"), tmp_path / "table.csv.zst"
        lines = f"read_csv('{source}', delim='\x1f', quote='', escape='', header=false)"
        options = "FORMAT csv, HEADER false, DELIM '\x1f', QUOTE '', ESCAPE '', COMPRESSION zstd"
        duckdb.sql(f"COPY (FROM {lines}) TO '{path}' ({options})")
    else:
        content, name = {
            "mark": (plain.encode("utf-8-sig"), "table.csv"),
            "gzip": (gzip.compress(plain.encode()), "table.csv.gz"),
            "zip": (zipped(table__csv=plain), "table.zip"),
        }[packed]
        path = written(tmp_path, content, name)
    found = inspect(path)
    assert [one.name for one in found.columns] == ["rownames", *table()[0]]
    assert (found.rows, found.target) == (ROWS, "sold")


def test_rows_that_end_in_a_delimiter_have_no_names(tmp_path: Path) -> None:
    rows = [[*row, ""] for row in table()[1:]]
    path = written(tmp_path, text([table()[0], *rows]))
    assert "rownames" not in [one.name for one in inspect(path).columns]


def test_what_stands_above_the_rows_is_told(tmp_path: Path) -> None:
    above = inspect(written(tmp_path, "made by hand\nin 2024\n" + PLAIN))
    assert "The first 2 lines are passed over: 'made by hand'." in above.notes
    rows = [[*row[:2], str(at % 2)] for at, row in enumerate(table()[1:])]
    counts = inspect(written(tmp_path, text([["60", "4", "no"], *rows])))
    assert (
        "The first line names columns '60', '4': if it is no header, put one above it."
        in counts.notes
    )
    years = inspect(written(tmp_path, text([["1990", "2000", "sold"], *rows])))
    assert not [note for note in years.notes if "names columns" in note]


def bomb() -> bytes:
    return zipped(table__csv="0" * (60 << 20))


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "empty.csv", "is empty"),
        (b"\n \n\n", "blank.csv", "nothing but blanks"),
        ("size,age,sold\n", "header.csv", "no rows"),
        ("a,b,sold\n1,2,x\n3,4\n5,6,y\n", "ragged.csv", "line 3 has 2 cells, the others 3"),
        (text(table(400)) + "1,2,red,no,extra\n", "long.csv", "line 402 has 5 cells, the others 4"),
        (
            "a,b\n" + "1,x\n" * 3000 + '2,"never closed\n' + "3,y\n" * 3000,
            "quote.csv",
            "line 3,002",
        ),
        (PLAIN.replace("red", "r\0d").encode(), "nul.csv", "holds NUL characters"),
        ("<!DOCTYPE html><html><body>Log in</body></html>", "page.csv", "is a web page"),
        ("<?xml version='1.0'?><rows/>", "rows.csv", "is XML"),
        ("[1, 2, 3]", "list.json", "neither one object a line nor a list of objects"),
        ('{\n  "a": 1\n}', "object.json", "neither one object a line nor"),
        (
            'Name:,"x"\nTitle:,"a, b\n\nc"\n' + 'A,1,2,3\nB,2,3,"x"y\n' * 9,
            "shape.csv",
            "is no table that can be told",
        ),
        (b"%PDF-1.7 something", "paper.csv", "is a PDF document"),
        (b"SQLite format 3\0rest", "base.csv", "is an SQLite database"),
        (b"BZh91AY", "table.csv.bz2", "packed with bzip2"),
        (gzip.compress(PLAIN.encode())[:60], "short.csv.gz", "can't be unpacked"),
        (zipped(one__csv=PLAIN, two__csv=PLAIN), "both.zip", "holds 2 tables"),
        (zipped(readme__md="none"), "none.zip", "holds no table"),
        (
            zipped(**{"[Content_Types]__xml": "", "xl/workbook__xml": ""}),
            "book.xlsx",
            "is an Excel",
        ),
        (
            zipped(mimetype="", content__xml="", Thumbnails__png="1"),
            "book.ods",
            "is an Excel or Office",
        ),
        (damaged(gzip.compress(PLAIN.encode(), mtime=0)), "bad.csv.gz", "can't be unpacked"),
        (damaged(zipped(one__csv=PLAIN)), "bad.zip", "can't be unpacked"),
        (
            "length,weight,kind\nmetres,kg,name\n" + "1.5,2,a\n2.5,3,b\n" * 30,
            "units.csv",
            "line 2 looks like a second header",
        ),
        ("a,b\n1,2\n", "one-row.csv", "one row"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 20 else "content",
)
def test_what_is_no_table_is_refused_in_a_line(
    tmp_path: Path, content: str | bytes, name: str, said: str
) -> None:
    path = written(tmp_path, content, name)
    check_refused(path, said)


def test_a_name_that_begins_like_the_home_of_somebody_is_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert inspect(written(tmp_path, PLAIN, "~nobody.csv").relative_to(tmp_path)).rows == ROWS
    check_refused(Path("~nobody-else.csv"), "does not exist")


def test_a_picture_that_is_called_csv_is_refused(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("L", (8, 8)).save(out, "PNG")
    check_refused(written(tmp_path, out.getvalue()), "is a PNG picture")


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    check_refused(written(tmp_path, bomb(), "bomb.zip"), "would unpack to 62,914,560 bytes")


def check_refused(path: Path, said: str, target: str | None = None) -> None:
    done = run(path, *([] if target is None else ["--target", target]))
    assert done.exit_code == 1
    error, hint, *rest = done.stderr.splitlines()
    assert said in error
    assert re.match(r"Hint: \w", hint)
    assert not rest
    assert not done.stdout


def run(path: Path, *options: str) -> Result:
    return CliRunner().invoke(cli.main, ["inspect", str(path), *options])


def test_paths_that_lead_nowhere(tmp_path: Path) -> None:
    check_refused(tmp_path / "missing.csv", "does not exist")
    (tmp_path / "link.csv").symlink_to(tmp_path / "nowhere.csv")
    check_refused(tmp_path / "link.csv", "is a link to nowhere")
    (tmp_path / "folder").mkdir()
    check_refused(tmp_path / "folder", "holds no pictures")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    check_refused(tmp_path / "pipe.csv", "neither a file nor a folder")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = written(tmp_path, PLAIN)
    path.chmod(0)
    check_refused(path, "you may not read it")


def test_a_link_is_followed_and_said(tmp_path: Path) -> None:
    written(tmp_path, PLAIN)
    (tmp_path / "link.csv").symlink_to(tmp_path / "table.csv")
    found = inspect(tmp_path / "link.csv")
    assert found.rows == ROWS
    assert any("is a link to" in note for note in found.notes)


def test_a_file_that_changes_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, PLAIN)
    whole = inspection._inspect_table

    def looked(*arguments: object) -> object:
        found = whole(*arguments)  # type: ignore[arg-type]
        written(tmp_path, PLAIN + "1,2,red,no\n")
        return found

    monkeypatch.setattr(inspection, "_inspect_table", looked)
    with pytest.raises(MlpathError, match="changed while it was read"):
        inspect(path)


# ------------------------------------------------------------------------------------------- types


def typed(
    tmp_path: Path, values: list[str], name: str = "it", delimiter: str = ","
) -> DatasetProfile:
    """A table with these values in a column beside the others."""
    rows = table(len(values))
    rows = [[name, *rows[0]], *[[v, *r] for v, r in zip(values, rows[1:], strict=True)]]
    return inspect(written(tmp_path, text(rows, delimiter)))


def cycle(*values: str) -> list[str]:
    return [values[at % len(values)] for at in range(ROWS)]


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
        (cycle("2024-01-31", "2023-12-01", "2022-05-05"), ",", "date"),
        (cycle("31/01/2024", "01/12/2023", "05/05/2022"), ",", "date"),
        (cycle("01/31/2024", "12/01/2023", "05/05/2022"), ",", "date"),
        (cycle("31.01.2024", "01.12.2023", "05.05.2022"), ",", "date"),
        (cycle("Jan 31 2024", "Dec 1 2023", "May 5 2022"), ",", "date"),
        (cycle("2024-01-31 10:00:00", "2023-12-01 23:59:59"), ",", "date"),
        (cycle("same"), ",", "left out: constant"),
        (cycle(""), ",", "left out: empty"),
        ([f"x{at}" for at in range(ROWS)], ",", "left out: identifier: every value differs"),
        ([f"a{at}@example.com" for at in range(ROWS)], ",", "left out: personal: e-mail addresses"),
        ([f"+49 171 {at:07}" for at in range(ROWS)], ",", "left out: personal: phone numbers"),
        (
            [f"A sentence of some words, number {at}." for at in range(ROWS)],
            "|",
            "left out: free text",
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_column_is_what_its_values_are(
    tmp_path: Path, values: list[str], delimiter: str, expected: str
) -> None:
    found = typed(tmp_path, values, delimiter=delimiter)
    assert of(found, "it") == expected
    assert found.target == "sold"


@pytest.mark.parametrize(
    ("values", "format_", "first_days"),
    [
        (cycle("31/01/2024", "01/12/2023"), "%d/%m/%Y", 19692),
        (cycle("01/31/2024", "12/01/2023"), "%m/%d/%Y", 19692),
        (cycle("2024-01-31", "2023-12-01"), "", 19692),
        (cycle("Jan-31-2024", "Dec-01-2023"), "%b-%d-%Y", 19692),
        (cycle("2024Q1", "2023Q4"), "%YQ%q", 19631),
        (cycle("2024-Q1", "2023-Q4"), "%Y-Q%q", 19631),
        (cycle("Q1 2024", "Q4 2023"), "Q%q %Y", 19631),
        (cycle("2024M01", "2023M12"), "%YM%m", 19692),
        (cycle("2024Jan", "2023Dec"), "%Y%b", 19692),
        (cycle("01/2024", "12/2023"), "%m/%Y", 19692),
    ],
)
def test_days_are_told_from_months(
    tmp_path: Path, values: list[str], format_: str, first_days: int
) -> None:
    found = next(one for one in typed(tmp_path, values).columns if one.name == "it")
    assert (found.date_format, found.minimum) == (format_, first_days)


def test_a_date_that_can_be_read_in_two_ways_is_not_guessed(tmp_path: Path) -> None:
    found = typed(tmp_path, cycle("01/02/2024", "03/04/2024"))
    assert of(found, "it") == "left out: a date of which nobody can tell the day from the month"
    assert any("begins with the day or the month" in note for note in found.notes)


def test_a_stray_text_among_numbers_counts_as_missing_and_is_said(tmp_path: Path) -> None:
    found = typed(tmp_path, [*cycle("1.5", "2.5", "4.5")[:-1], "seven"])
    assert of(found, "it") == "number"
    assert found.read_options is not None
    assert found.read_options.missing == ("", "seven")
    assert any("'seven'" in note and "no numbers" in note for note in found.notes)


COMMAS = {
    "three digits after it": (["0,438", "1,742"], ["24,25", "3,5"]),
    "beside one of one digit": (["1,619", "2,437"], ["24,2", "3,5"]),
    "and points that group": (["2.375,38", "17,5"], ["6.474", "1.041"]),
    "and whole numbers that points group": (["2.375", "1.742"], ["0,35", "12,5"]),
}


@pytest.mark.parametrize("name", COMMAS)
def test_where_the_comma_is_before_the_fraction_all_numbers_are_read_so(
    tmp_path: Path, name: str
) -> None:
    """Each column was judged by itself, and the project read them all in one way."""
    pairs = list(zip(*COMMAS[name], strict=True)) * 40
    rows = [["a", "b", "sold"]]
    rows += [[*pair, "yes" if at % 3 else "no"] for at, pair in enumerate(pairs)]
    found = inspect(written(tmp_path, text(rows, ";")))
    assert found.read_options is not None
    assert found.read_options.decimal == ","
    assert found.read_options.thousands == ("." if "points" in name else "")
    for place, column in enumerate(found.columns[:2]):
        plain = [value.replace(".", "").replace(",", ".") for value in COMMAS[name][place]]
        assert column.type == "number"
        assert (column.minimum, column.maximum) == tuple(sorted(map(float, plain)))


def test_a_comma_that_may_be_either_groups_digits_where_nothing_speaks_against_it(
    tmp_path: Path,
) -> None:
    for delimiter, beside, expected in ((",", "1", 1234), (";", "1", 1.234), (";", "0.5", 1234)):
        rows = [["a", "b", "sold"]]
        rows += [['"1,234"', beside, "yes"], ['"7,250"', "2", "no"]] * 40
        found = inspect(written(tmp_path, text(rows, delimiter)))
        assert found.columns[0].minimum == expected


def test_numbers_in_two_notations_are_not_read_in_one(tmp_path: Path) -> None:
    found = typed(tmp_path, cycle("1.234,5", "22,5", "3,0"), delimiter=";")
    assert of(found, "it") == "category"
    assert of(found, "size") == "number"
    assert any("comma and point mean another thing" in note for note in found.notes)
    assert found.read_options is not None
    assert (found.read_options.decimal, found.read_options.thousands) == (".", "")


@pytest.mark.parametrize("words", [60, 12])
def test_texts_without_blanks_between_words_are_texts(tmp_path: Path, words: int) -> None:
    rng = random.Random(0)  # noqa: S311
    rows = [["评论", "标签"]]
    for at in range(300):
        said = "".join(
            rng.choice("这个产品质量非常好我很喜欢包装也漂亮物流快") for _ in range(words)
        )
        rows.append([f"{said}。", "好" if at % 2 else "差"])
    found = inspect(written(tmp_path, text(rows)))
    assert (found.domain, found.target) == ("text", "标签")
    assert found.columns[0].role == "text"


def test_a_missing_target_is_no_class(tmp_path: Path) -> None:
    """R writes NA, and a target of 0 and 1 is one of classes."""
    rows = column(3, lambda value: "1" if value == "yes" else "0", table())
    rows[5][3] = rows[9][3] = "NA"
    found = inspect(written(tmp_path, text(rows)))
    assert sorted(name for name, _ in found.classes) == ["0", "1"]
    assert found.positive == "1"
    schema = tabular.build_schema(found, "here", "unknown")
    assert sorted(schema["target"]["choices"]) == ["0", "1"]
    assert schema["too_rare"] == ["NA"]


@pytest.mark.parametrize("late", ["NaN", "inf", "?"])
def test_what_comes_after_the_sample_is_seen(tmp_path: Path, late: str) -> None:
    rows = [
        ["size", "sold"],
        *([str(at % 97), "yes" if at % 97 > 50 else "no"] for at in range(52_000)),
    ]
    rows[7][0], rows[51_000][0] = "NA", late
    packed = gzip.compress(text(rows).encode())
    found = inspect(written(tmp_path, packed, "table.csv.gz"))
    size = found.columns[0]
    assert (size.type, size.missing, size.minimum, size.maximum) == ("number", 2, 0, 96)
    assert found.read_options is not None
    assert set(found.read_options.missing) == {"", "NA", late}
    json.loads(report.to_json(found), parse_constant=pytest.fail)


def test_words_for_missing_are_those_of_numbers_alone(tmp_path: Path) -> None:
    found = typed(tmp_path, cycle("1", "N/A", "3"))
    assert found.read_options is not None
    assert found.read_options.missing == ("", "N/A")
    numbers = next(one for one in found.columns if one.name == "it")
    assert (numbers.missing, numbers.minimum, numbers.maximum) == (ROWS // 3, 1, 3)


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
def test_any_name_becomes_an_identifier(name: str, key: str, label: str) -> None:
    expected = key if name != "Größe" else "groe"
    assert names.keys([name]) == [expected]
    assert names.label(name).lower() == label.lower()
    assert expected.isidentifier()


def test_keys_differ_even_if_names_hardly_do() -> None:
    assert names.keys(["a b", "a_b", "A-B", "a.b.2"]) == ["a_b", "a_b_2", "a_b_3", "a_b_2_2"]


def test_duplicate_and_blank_headers_are_told_apart(tmp_path: Path) -> None:
    rows = table()
    found = inspect(written(tmp_path, text([["size", "size", "", "sold"], *rows[1:]])))
    assert [one.name for one in found.columns] == ["size", "size_1", "column2", "sold"]
    assert len({one.key for one in found.columns}) == 4


def test_names_of_any_kind_are_no_sql(tmp_path: Path) -> None:
    header = ['"; drop table looked; --', "'", 'a "b"', "sold"]
    quoted = ['"' + one.replace('"', '""') + '"' for one in header]
    found = inspect(written(tmp_path, text([quoted, *table()[1:]])))
    assert [one.name for one in found.columns] == header
    assert found.rows == ROWS


def test_a_target_is_named_by_hand(tmp_path: Path) -> None:
    path = written(tmp_path, PLAIN)
    assert inspect(path, target="colour").target == "colour"
    assert inspect(path, target="SIZE").task == "regression"
    check_refused(path, "has no column 'sise'", target="sise")
    check_refused(path, "has no column ' '", target=" ")


def test_names_that_differ_in_case_alone_are_not_mixed_up(tmp_path: Path) -> None:
    rows = table()
    path = written(tmp_path, text([["Size", "sIzE", "colour", "sold"], *rows[1:]]))
    check_refused(path, "'size' may be", target="size")


def test_two_plausible_targets_are_a_doubt(tmp_path: Path) -> None:
    rows = table()
    found = inspect(written(tmp_path, text([["target", "age", "label", "sold"], *rows[1:]])))
    assert len(found.ambiguities) == 1
    assert "'target'" in found.ambiguities[0]
    assert "'label'" in found.ambiguities[0]


def test_when_and_where_are_no_targets_though_they_stand_last(tmp_path: Path) -> None:
    rows = [[*row[:2], str(1990 + at % 20)] for at, row in enumerate(table()[1:])]
    found = inspect(written(tmp_path, text([["size", "age", "year"], *rows])))
    assert found.ambiguities == (
        "table.csv: nothing tells which to predict: 'size', 'age', 'year'",
    )
    rows = [[row[0], row[1], "51.5"] for row in rows]
    found = inspect(written(tmp_path, text([["price", "age", "latitude"], *rows])))
    assert (found.target, found.ambiguities) == ("price", ())


def test_no_plausible_target_is_a_doubt(tmp_path: Path) -> None:
    lines = "".join(f"n{at},m{at * 7}\n" for at in range(ROWS))
    found = inspect(written(tmp_path, "first,second\n" + lines))
    assert found.target is None
    assert "no column looks like something to predict" in found.ambiguities[0]


@pytest.mark.parametrize(
    ("values", "said"),
    [(cycle(""), "is empty"), (cycle("yes"), "the same in every row")],
    ids=["missing", "constant"],
)
def test_a_target_that_tells_nothing_is_refused(
    tmp_path: Path, values: list[str], said: str
) -> None:
    rows = [[*row[:3], value] for row, value in zip(table()[1:], values, strict=True)]
    check_refused(written(tmp_path, text([table()[0], *rows])), said, target="sold")


def test_a_measure_with_twelve_values_is_a_number(tmp_path: Path) -> None:
    values = cycle(*[f"{1.5 * at}" for at in range(12)])
    rows = [[*row[:3], value] for row, value in zip(table()[1:], values, strict=True)]
    found = inspect(written(tmp_path, text([["a", "b", "c", "target"], *rows])))
    assert found.task == "regression"


def test_a_million_categories_are_no_feature(tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    rows = (
        "SELECT 'k' || (i * 7919 % 1000003) AS code, i % 97 AS size, "
        "CASE WHEN hash(i) % 3 = 0 THEN 'yes' ELSE 'no' END AS sold FROM range(1000000) t(i)"
    )
    duckdb.sql(f"COPY ({rows}) TO '{path}' (HEADER)")
    found = inspect(path)
    assert (found.rows, found.target) == (1_000_000, "sold")
    assert of(found, "code").startswith("left out")


def test_rare_classes_are_seen_in_a_large_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlpath.dataset.profile.MAX_BYTES_IN_MEMORY", 0)
    monkeypatch.setattr("mlpath.dataset.profile.SAMPLE_ROWS", 100)
    rows = table(3000)
    rows[-1][3] = "maybe"
    rows[-2][0] = "broken"
    for row in rows[2000:]:
        row[3] = f" {row[3]} "
    found = inspect(written(tmp_path, text(rows)))
    classes = dict(found.classes)
    assert classes["maybe"] == 1
    assert classes.keys() == {"yes", "no", "maybe"}
    assert sum(classes.values()) == 3000
    assert (found.rows, found.sampled_rows) == (3000, 100)
    assert any("the first 100 rows" in note for note in found.notes)
    assert any("'broken'" in note for note in found.notes)
    assert of(found, "size") == "number"


def test_a_leak_is_left_out_and_said(tmp_path: Path) -> None:
    rows = [[*row, "1" if row[3] == "yes" else "0"] for row in table()[1:]]
    rows = [[*table()[0], "sold_code"], *rows]
    found = inspect(written(tmp_path, text(rows)), target="sold")
    assert of(found, "sold_code") == "left out: gives the target away: tells it in every row"
    assert any("'sold_code'" in note for note in found.notes)
    assert of(found, "size") == "number"


def test_a_copy_of_a_number_is_a_leak(tmp_path: Path) -> None:
    rows = [[row[0], row[1], str(float(row[0]) * 2.2)] for row in table()[1:]]
    found = inspect(written(tmp_path, text([["kg", "age", "price"], *rows])))
    assert (found.target, found.task) == ("price", "regression")
    assert of(found, "kg") == "left out: gives the target away: follows it exactly"


def test_duplicates_and_imbalance_are_said(tmp_path: Path) -> None:
    rows = [[*row[:3], "yes" if at == 0 else "no"] for at, row in enumerate(table()[1:])]
    found = inspect(written(tmp_path, text([table()[0], *rows, rows[5], rows[6]])), target="sold")
    assert found.duplicate_rows == 2
    assert any("2 rows are there more than once" in note for note in found.notes)
    assert any("unbalanced: 'yes' stands in 1 of 62" in note for note in found.notes)


# ------------------------------------------------------------------------------------ other domains


def test_a_date_and_a_number_are_a_series(tmp_path: Path) -> None:
    query = "SELECT (DATE '2024-01-01' + i::INT)::VARCHAR, i % 7 FROM range(90) t(i)"
    with duckdb.connect() as database:
        days = database.execute(query).fetchall()
    rows = [["day", "visitors"], *[[a, str(b)] for a, b in days if a != "2024-02-10"]]
    found = inspect(written(tmp_path, text(rows)))
    assert (found.domain, found.task, found.target) == ("timeseries", "forecast", "visitors")
    assert (found.frequency, found.missing_steps, found.step_days) == ("daily", 1, 1)


def test_months_are_a_step_though_they_differ(tmp_path: Path) -> None:
    rows = [
        [f"20{year:02}-{month:02}", str(year * month)]
        for year in range(10)
        for month in range(1, 13)
    ]
    found = inspect(written(tmp_path, text([["month", "sales"], *rows])))
    assert (found.domain, found.frequency, found.missing_steps) == ("timeseries", "monthly", 0)


def test_a_text_and_a_label_are_texts(tmp_path: Path) -> None:
    rows = [
        [
            f"The parcel number {at} came {'late and broken' if at % 2 else 'in good time'}",
            f"{at % 2}",
        ]
        for at in range(ROWS)
    ]
    found = inspect(written(tmp_path, text([["message", "complaint"], *rows])))
    assert (found.domain, found.target) == ("text", "complaint")
    assert [one.role for one in found.columns] == ["text", "target"]


def picture(path: Path, shade: int = 0, size: tuple[int, int] = (12, 8)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (shade, 0, 0)).save(path)


def test_a_folder_of_pictures(tmp_path: Path) -> None:
    for at in range(12):
        picture(tmp_path / "photos" / ("cats" if at % 3 else "dogs") / f"{at}.png", at)
    (tmp_path / "photos" / "cats" / "broken.jpg").write_bytes(b"no picture")
    found = inspect(tmp_path / "photos")
    assert (found.domain, found.rows, dict(found.classes)) == ("vision", 13, {"cats": 9, "dogs": 4})
    assert found.images["width"] == [12, 12, 12]
    assert found.images["unreadable"] == ["cats/broken.jpg"]
    assert any("can't be read as pictures: cats/broken.jpg" in note for note in found.notes)
    assert any("Too few pictures to learn from: 'dogs'" in note for note in found.notes)


def test_a_zip_of_pictures(tmp_path: Path) -> None:
    for at in range(12):
        picture(tmp_path / "photos" / ("cats" if at % 2 else "dogs") / f"{at}.png", at)
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for path in sorted((tmp_path / "photos").rglob("*.png")):
            archive.write(path, path.relative_to(tmp_path))
    assert dict(inspect(tmp_path / "photos.zip").classes) == {"cats": 6, "dogs": 6}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (["a.png", "b.png"], "2 pictures and no sub-folders"),
        (["cats/a.png", "cats/b.png"], "pictures of one class, 'cats'"),
        (["notes/readme.txt"], "holds no pictures"),
    ],
)
def test_folders_that_tell_no_classes(tmp_path: Path, files: list[str], said: str) -> None:
    for one in files:
        picture(tmp_path / "data" / one) if one.endswith("png") else written_below(tmp_path, one)
    check_refused(tmp_path / "data", said)


def written_below(folder: Path, name: str) -> None:
    (folder / "data" / name).parent.mkdir(parents=True)
    (folder / "data" / name).write_text("text")


# ------------------------------------------------------------------------------------------- output


def test_the_table_fits_eighty_columns(tmp_path: Path) -> None:
    rows = [["名前" * 20, "🎉" * 30, "c" * 100, "sold"], *table()[1:]]
    shown = report.format_profile(inspect(written(tmp_path, text(rows))), width=80)
    for line in shown.splitlines()[2:7]:
        assert report._width(line) <= 80


def test_a_wide_table_is_told_as_a_narrow_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, PLAIN)
    whole = inspect(path)
    monkeypatch.setattr("mlpath.dataset.profile._WIDE", 2)
    assert len(whole.columns) > 2
    assert inspect(path) == whole


def test_json_is_complete(tmp_path: Path) -> None:
    done = run(written(tmp_path, PLAIN), "--json")
    document = json.loads(done.stdout)
    assert done.exit_code == 0
    assert (document["rows"], document["target"], document["kind"]) == (ROWS, "sold", "table")
    assert [one["name"] for one in document["columns"]] == table()[0]
    assert document["read_options"]["delimiter"] == ","


def test_many_columns_are_cut_short_and_said(tmp_path: Path) -> None:
    header = [f"c{at}" for at in range(100)]
    rows = [[str(at * 3 + place) for place in range(100)] for at in range(30)]
    done = run(written(tmp_path, text([header, *rows])))
    assert "... and 60 more (--json has them all)" in done.stdout


def test_nothing_of_it_is_loaded_for_other_commands() -> None:
    code = (
        "import sys; from mlpath import cli; from mlpath.create import project; "
        "print({'duckdb', 'PIL', 'charset_normalizer'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_encodings_that_only_later_bytes_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detect, "HEAD", 200)
    rows = table(300)
    rows[250][2] = "röd"
    found = inspect(written(tmp_path, text(rows).encode("cp1252")))
    assert found.rows == 300
    assert found.read_options is not None
    assert found.read_options.encoding != "utf-8"
