"""Own data in spreadsheets, Arrow and SQLite files, and folders of tables."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
import yaml

from conftest import mlpath
from mlpath.create import own_data
from mlpath.create.request import ProjectRequest
from mlpath.dataset import DatasetProfile, inspect
from mlpath.dataset.sources import DownloadOptions, fetch, files, spreadsheet
from mlpath.dataset.sources.convert import split_part
from mlpath.errors import MlpathError
from support.data_server import DataServer, Reply
from support.datasets import photos, zip_bytes
from support.sources import CSV, check_refused, provenance_of

SPREADSHEETS = Path(__file__).parent / "data" / "spreadsheets"
HEADER = ("size", "age", "sold")
ROWS: list[tuple[Any, ...]] = [(n, n % 7, "yes" if n % 3 else "no") for n in range(90)]


def write_book(path: Path, sheets: dict[str, Sequence[Sequence[Any]]]) -> Path:
    """Write an Excel workbook; a sheet whose name starts with `_` is hidden."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        sheet.sheet_state = "hidden" if name.startswith("_") else "visible"
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def text_of(source: str | Path) -> str:
    """Return the text that a source is converted to."""
    return fetch(source).path.read_text(encoding="utf-8")


def types_of(profile: DatasetProfile) -> dict[str, str]:
    return {column.name: column.type for column in profile.columns}


@pytest.mark.parametrize(
    ("source", "split"),
    [
        ("book.xlsx#My sheet", ("book.xlsx", "My sheet")),
        ("shop.db#SELECT a#b FROM c", ("shop.db", "SELECT a#b FROM c")),
        ("hf://datasets/a/b/book.ods@main#Sheet2", ("hf://datasets/a/b/book.ods@main", "Sheet2")),
        ("https://a.b/export?id=3#Sheet2", ("https://a.b/export?id=3", "Sheet2")),
        ("s3://a/b#c.csv", ("s3://a/b#c.csv", "")),
        ("sales#2020/a.csv", ("sales#2020/a.csv", "")),
    ],
)
def test_a_sheet_or_table_follows_a_hash(source: str, split: tuple[str, str]) -> None:
    assert split_part(source) == split


def test_a_repository_with_one_spreadsheet_has_one_table() -> None:
    assert files.choose(["README.md", "a/b.xlsx"], "hf://datasets/a/b") == "a/b.xlsx"


# ------------------------------------------------------------------------------------- spreadsheets


def test_cells_are_written_as_they_are_in_csv(folder: Path) -> None:
    header = ["a b", "when", "text", "empty", None]
    rows = [
        [1, date(2020, 1, 2), "007", None, None],
        [2.5, datetime.fromisoformat("2020-01-02 03:04:05"), "two\nlines", None, None],
        [],
        [True, time(3, 4), ' "quoted", ', None, None],
        [10**20, timedelta(hours=30), "É", None, None],
    ]
    path = write_book(folder / "book.xlsx", {"Sheet1": [header, *rows]})
    assert text_of(path).splitlines() == [
        "a b,when,text,empty",
        "1,2020-01-02,007,",
        "2.5,2020-01-02 03:04:05,two lines,",
        'true,03:04:00,"""quoted"",",',
        "1e+20,30:00:00,É,",
    ]


def test_titles_blank_rows_totals_dates_and_numbers_as_text(folder: Path) -> None:
    rows: list[list[Any]] = [["Customers of 2020"], [], ["visits", "joined", "share", "churn"]]
    for n in range(80):
        joined = datetime.fromisoformat("2020-01-01") + timedelta(days=7 * n % 50, hours=n % 2)
        rows += [[str(n % 31), joined, n % 13 / 20, ["yes", "no", "no"][n % 3]], []]
    path = write_book(folder / "churn.xlsx", {"Data": [*rows, ["Total", None, None, 80]]})
    profile = inspect(fetch(path).path)
    assert (profile.rows, profile.target) == (80, "churn")
    assert types_of(profile) == {
        "visits": "number", "joined": "date", "share": "number", "churn": "category",
    }  # fmt: skip
    assert profile.columns[2].maximum == pytest.approx(0.6)
    assert "The first line is skipped: 'Customers of 2020,,,'." in profile.notes
    assert "Rows with 'Total' in 'visits' are no samples and are left out." in profile.notes


def test_the_progress_of_a_large_workbook_is_shown_on_stderr(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_book(folder / "book.xlsx", {"Orders": [HEADER, *ROWS]})
    fetch(path, DownloadOptions(progress=True))
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(spreadsheet, "LARGE", 0)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    fetch(path, DownloadOptions(progress=True))
    output = capsys.readouterr()
    assert output.err.startswith("Reading sheet Orders ...\n")
    assert "Converting rows" in output.err
    assert "100%" in output.err
    assert not output.out


def test_an_old_excel_file() -> None:
    fetched = fetch(SPREADSHEETS / "customers.xls")
    profile = inspect(fetched.path)
    assert (fetched.path.name, profile.rows, profile.target) == ("customers.csv", 60, "churn")
    assert types_of(profile) == {
        "age": "number", "joined": "date", "share": "number", "code": "number",
        "churn": "category",
    }  # fmt: skip
    assert fetched.path.read_text().splitlines()[1] == "19,2020-01-08,0.05,1,false"


def test_an_opendocument_spreadsheet(folder: Path) -> None:
    cells = {
        "float": '<table:table-cell office:value-type="float" office:value="{}"/>',
        "date": '<table:table-cell office:value-type="date" office:date-value="{}"/>',
        "string": '<table:table-cell office:value-type="string"><text:p>{}</text:p>'
        "</table:table-cell>",
    }
    rows = [[("string", "size"), ("string", "day"), ("string", "sold")]]
    rows += [[("float", "1.50"), ("date", "2020-01-02"), ("string", "yes")]] * 2
    table = "".join(
        f"<table:table-row>{''.join(cells[kind].format(value) for kind, value in row)}"
        "</table:table-row>"
        for row in rows
    )
    names = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<office:document-content xmlns:office="{names}:office:1.0" '
        f'xmlns:table="{names}:table:1.0" xmlns:text="{names}:text:1.0"><office:body>'
        f'<office:spreadsheet><table:table table:name="Orders">{table}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    path = folder / "shop.ods"
    path.write_bytes(
        zip_bytes({"mimetype": kind, "content.xml": content, "META-INF/manifest.xml": "<x/>"})
    )
    assert text_of(path) == "size,day,sold\n1.5,2020-01-02,yes\n1.5,2020-01-02,yes\n"
    assert provenance_of(fetch(path)).origin() == "shop.ods (sheet Orders)"


SHEETS: dict[str, Sequence[Sequence[Any]]] = {
    "About": [["Orders of 2020"], ["made by Ada"]],
    "Orders": [HEADER, *ROWS],
    "Empty": [],
    "_lists": [("yes", "no"), ("ja", "nein")],
}


@pytest.mark.parametrize(
    ("source", "file", "sheet"),
    [
        ("book.xlsx", "book.csv", "Orders"),
        ("book.xlsx#Orders", "book-Orders.csv", "Orders"),
        ("book.xlsx#orders", "book-Orders.csv", "Orders"),
        ("two.xlsx#More orders", "two-More orders.csv", "More orders"),
        ("a#b.xlsx", "a_b.csv", "Orders"),
    ],
)
def test_the_sheet_is_the_only_table_or_named(
    folder: Path, source: str, file: str, sheet: str
) -> None:
    write_book(folder / "book.xlsx", SHEETS)
    write_book(folder / "a#b.xlsx", SHEETS)
    write_book(folder / "two.xlsx", {**SHEETS, "More orders": [HEADER, *ROWS]})
    fetched = fetch(source)
    assert (fetched.path.name, fetched.path.read_bytes()) == (file, CSV)
    assert provenance_of(fetched).part == f"sheet {sheet}"


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        (
            "two.xlsx",
            "two.xlsx has 2 sheets with tables: 'Orders' (91 rows), 'More' (91 rows)",
            "Name one: 'two.xlsx#Orders'",
        ),
        ("two.xlsx#Order", "has no sheet 'Order'", "It has: 'About', 'Orders', 'Empty', '_lists'"),
        ("two.xlsx#Empty", "the sheet 'Empty' is empty", "another"),
        ("empty.xlsx", "empty.xlsx has only empty sheets", "saved completely"),
        (str(SPREADSHEETS / "protected.xlsx"), "is protected by a password", "a copy without"),
        ("cut.xlsx", "cut.xlsx is a damaged archive or spreadsheet", "save it again"),
        ("damaged.xls", "damaged.xls is damaged, or not a spreadsheet", "save it as .xlsx"),
        ("none.xlsx#Orders", "none.xlsx does not exist", "Use a table"),
        ("text.xls#Orders", "text.xls has no sheets or tables", "Leave out #Orders"),
    ],
)
def test_a_workbook_without_one_table_is_refused(
    folder: Path, source: str, message: str, hint: str
) -> None:
    path = write_book(folder / "two.xlsx", {**SHEETS, "More": [HEADER, *ROWS]})
    (folder / "cut.xlsx").write_bytes(path.read_bytes()[:3000])
    write_book(folder / "empty.xlsx", {"Sheet1": [], "Sheet2": []})
    (folder / "damaged.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 3000)
    (folder / "text.xls").write_text("a\tb\n1\t2\n")
    for command in (["inspect", source], ["new-project", "demo", "-l", "--dataset", source]):
        result = mlpath(*command)
        assert result.exit_code == 1
        error, shown_hint = result.stderr.splitlines()
        assert message in error
        assert hint in shown_hint
    assert not (folder / "demo").exists()


def test_a_workbook_that_unpacks_to_much_more_is_refused(folder: Path) -> None:
    content = zip_bytes({"xl/workbook.xml": "", "xl/sheet.xml": "0" * (60 << 20)})
    (folder / "bomb.xlsx").write_bytes(content)
    check_refused("bomb.xlsx", "bomb.xlsx would unpack to 62,914,560 bytes", "If you trust it")


def test_a_workbook_by_address(folder: Path, server: DataServer) -> None:
    book = write_book(folder / "two.xlsx", {**SHEETS, "More": [HEADER, *ROWS[:80]]})
    server.replies["/get"] = Reply(book.read_bytes(), {"ETag": '"v1"'})
    address = f"{server.url}/get"
    check_refused(address, f"{address} has 2 sheets", f"Name one: '{address}#Orders'")
    result = mlpath("inspect", f"{address}#More")
    assert result.output.startswith("get-More.csv: 80 rows, 3 columns")
    assert f'Source: {address} (sheet More, ETag "v1")' in result.output


def test_a_project_has_the_sheet_as_csv_and_names_the_workbook(folder: Path) -> None:
    book = write_book(folder / "churn.xlsx", SHEETS)
    result = mlpath("new-project", "demo", "-lq", "--no-lock", "--dataset", str(book))
    assert result.exit_code == 0, result.output
    assert [path.name for path in (folder / "demo/data/raw").iterdir()] == ["churn.csv"]
    assert (folder / "demo/data/raw/churn.csv").read_bytes() == CSV
    schema = yaml.safe_load((folder / "demo/schema.yaml").read_text(encoding="utf-8"))
    sha256 = provenance_of(fetch(book)).sha256
    assert schema["source"].startswith("churn.csv, ")
    assert schema["source"].endswith(f" from churn.xlsx (sheet Orders), SHA-256 {sha256}.")
    assert str(folder) not in schema["source"]


# --------------------------------------------------------------------------------- Arrow and SQLite


@pytest.mark.parametrize("kind", ["feather", "file", "stream"])
def test_an_arrow_file(folder: Path, kind: str) -> None:
    arrow = pytest.importorskip("pyarrow")
    table = arrow.table(dict(zip(HEADER, zip(*ROWS, strict=True), strict=True)))
    path = folder / "shop.arrow"
    if kind == "feather":
        pytest.importorskip("pyarrow.feather").write_feather(table, path)
    else:
        new = {"file": arrow.ipc.new_file, "stream": arrow.ipc.new_stream}[kind]
        with new(path, table.schema) as writer:
            writer.write_table(table)
    fetched = fetch(path)
    assert fetched.path.name == "shop.parquet"
    assert duckdb.read_parquet(str(fetched.path)).fetchall() == ROWS
    assert provenance_of(fetched).origin() == "shop.arrow"


def test_a_damaged_arrow_file_is_refused(folder: Path) -> None:
    pytest.importorskip("pyarrow")
    (folder / "shop.feather").write_bytes(b"ARROW1\0\0" + b"\1" * 300)
    check_refused("shop.feather", "shop.feather can't be read as Arrow: ", "Write it again")


@pytest.mark.parametrize(
    ("source", "file", "part"),
    [
        ("one.db", "orders.csv", "table orders"),
        ("two.sqlite3#orders", "orders.csv", "table orders"),
        ("two.sqlite3#SELECT * FROM orders", "query.csv", "query SELECT * FROM orders"),
    ],
)
def test_an_sqlite_file(folder: Path, source: str, file: str, part: str) -> None:
    pytest.importorskip("sqlalchemy")
    for name, tables in {"one.db": ["orders"], "two.sqlite3": ["orders", "users"]}.items():
        with closing(sqlite3.connect(folder / name)) as database, database:
            for table in tables:
                database.execute(f"CREATE TABLE {table} (size, age, sold)")
                database.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", ROWS)
    fetched = fetch(source)
    assert (fetched.path.name, fetched.path.read_bytes()) == (file, CSV)
    assert provenance_of(fetched).part == part
    check_refused(
        "two.sqlite3", "two.sqlite3: no table is named", "such as #orders. It has: orders, users"
    )
    check_refused("two.sqlite3#order", "two.sqlite3: there is no table 'order'", "such as #orders")


# --------------------------------------------------------------------------------------------- JSON

OBJECTS = [dict(zip(HEADER, row, strict=True)) for row in ROWS]
COLUMNS = dict(zip(HEADER, map(list, zip(*ROWS, strict=True)), strict=True))


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize(
    ("document", "part"),
    [
        ({"data": {"items": OBJECTS}}, "rows of data.items"),
        ({"meta": {"pages": [1]}, "result": {"rows": OBJECTS}}, "rows of result.rows"),
        (COLUMNS, ""),
        ({name: {str(n): value for n, value in enumerate(COLUMNS[name])} for name in COLUMNS}, ""),
        ({str(n): row for n, row in enumerate(OBJECTS)}, ""),
        ({"columns": HEADER, "index": [*range(90)], "data": ROWS}, ""),
    ],
    ids=["deeper", "beside others", "list", "columns", "index", "split"],
)
def test_rows_of_a_json_object(
    folder: Path, document: dict[str, Any], part: str, indent: int | None
) -> None:
    (folder / "shop.json").write_text(json.dumps(document, indent=indent))
    fetched = fetch("shop.json")
    assert fetched.path.name == "shop.jsonl"
    assert [json.loads(line) for line in text_of("shop.json").splitlines()] == OBJECTS
    assert provenance_of(fetched).part == part


def test_names_of_rows_that_are_no_counter_are_kept(folder: Path) -> None:
    days = [f"2020-01-{n + 1:02}" for n in range(30)]
    (folder / "series.json").write_text(json.dumps({day: {"close": 1.5} for day in days}))
    rows = [json.loads(line) for line in text_of("series.json").splitlines()]
    assert rows == [{"index": day, "close": 1.5} for day in days]


def test_a_json_object_with_several_lists_is_refused(folder: Path) -> None:
    document = {"fields": OBJECTS[:2], "data": OBJECTS}
    (folder / "shop.json").write_text(json.dumps(document))
    message = "shop.json has 2 lists of rows: fields (2 rows), data (90 rows)"
    check_refused("shop.json", message, "jq .data FILE > NEW.json")


@pytest.mark.parametrize(
    "content", [json.dumps({"rows": OBJECTS}), "\n".join(map(json.dumps, OBJECTS)), '{"a": 1}']
)
def test_json_that_a_project_reads_is_not_converted(folder: Path, content: str) -> None:
    (folder / "shop.json").write_text(content)
    assert fetch("shop.json").path == Path("shop.json")


# ------------------------------------------------------------------------------------------ folders


def test_a_folder_of_csv_files_is_one_table(folder: Path) -> None:
    sales = folder / "sales"
    (sales / "2021").mkdir(parents=True)
    lines = CSV.decode().splitlines(keepends=True)
    (sales / "a.csv").write_text("".join(lines[:31]).replace("\n", "\r\n"))
    rows = [line.strip().replace(",", ";") for line in (lines[0], *lines[31:61])]
    (sales / "b.csv").write_text("Sales of May\n\n" + "\n".join(rows) + "\n", encoding="utf-16")
    (sales / "2021" / "c.csv.gz").write_bytes(
        gzip.compress("".join(lines[:1] + lines[61:]).encode())
    )
    (sales / "README.txt").write_text("where they come from")
    fetched = fetch("sales")
    assert fetched.path.name == "sales.csv"
    assert sorted(fetched.path.read_text().splitlines()[1:]) == sorted(map(str.strip, lines[1:]))
    assert provenance_of(fetched).origin() == "sales (3 files)"
    assert inspect(fetched.path).target == "sold"


def test_a_folder_of_parquet_files_is_one_table(folder: Path) -> None:
    (folder / "sales").mkdir()
    for n in range(3):
        duckdb.sql(
            f"COPY (SELECT range AS size, {n} AS month FROM range(30)) TO 'sales/{n}.parquet'"
        )
    fetched = fetch("sales")
    assert fetched.path.name == "sales.parquet"
    rows = duckdb.read_parquet(str(fetched.path)).fetchall()
    assert rows == [(size, month) for month in range(3) for size in range(30)]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("b.csv", "size,age\n1,2\n3,4\n", "b.csv has no column 'sold', which a.csv has"),
        (
            "b.csv",
            "size,age,sold,price\n1,2,yes,3\n4,5,no,6\n",
            "b.csv has a column 'price', which a.csv has not",
        ),
        ("b.jsonl", '{"size": 1, "age": 2, "sold": "no"}\n' * 2, "a.csv is csv, and b.jsonl is"),
        ("b.csv", "", "sales/b.csv is empty"),
        ("b.csv", "size,age,sold\n1,2,yes\n1,2\n3,4,no\n", "sales/b.csv: line 3 has 2 cells"),
    ],
)
def test_a_folder_of_different_tables_is_refused(
    folder: Path, name: str, content: str, problem: str
) -> None:
    (folder / "sales").mkdir()
    (folder / "sales/a.csv").write_bytes(CSV)
    (folder / "sales" / name).write_text(content)
    with pytest.raises(MlpathError) as caught:
        fetch("sales")
    assert problem in str(caught.value)
    assert caught.value.hint


def test_a_folder_with_one_table_is_that_table(folder: Path) -> None:
    (folder / "sales").mkdir()
    (folder / "sales/a.csv").write_bytes(CSV)
    assert fetch("sales").path == Path("sales/a.csv")


def test_a_folder_of_images_with_tables_stays_one_of_images(folder: Path) -> None:
    path = photos(folder / "photos", per_class=5)
    for name in ("labels.csv", "sizes.csv"):
        (path / name).write_bytes(CSV)
    assert fetch("photos").path == Path("photos")
    assert inspect(path).domain == "vision"


# ------------------------------------------------------------------------------ the first question


@pytest.fixture
def replies(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a user in a terminal replies to the question for data."""
    replies: list[str] = []
    monkeypatch.setattr(own_data, "_has_terminal", lambda: True)
    monkeypatch.setattr(own_data, "_ask", lambda: replies.pop(0))
    return replies


def test_a_source_that_fails_is_asked_for_again(
    folder: Path, replies: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "shop.csv").write_bytes(CSV)
    (folder / "short.csv").write_bytes(b"".join(CSV.splitlines(keepends=True)[:30]))
    replies += ["shop.cvs", "short.csv", "shop.csv"]
    lines: list[str] = []
    request, profile = own_data.load(ProjectRequest(), lines.append)
    assert request.dataset == Path("shop.csv")
    assert profile is not None
    assert profile.target == "sold"
    (summary,) = lines
    assert summary == (
        "shop.csv: 90 rows, 3 columns, 784 bytes\n"
        "Suggested project: tabular classification\n"
        "Target: sold (yes 67%, no 33%)\n"
        "Other possible targets: age (--target)\n"
        "note     Different rows that equal others in all features: 83."
    )
    missing, short = capsys.readouterr().err.splitlines()
    assert missing.startswith("Error: shop.cvs does not exist. Use a table")
    assert short.startswith("Error: short.csv has 29 rows; training and testing need at least 50.")


def test_an_empty_reply_is_practice_data(replies: list[str]) -> None:
    replies.append("")
    assert own_data.load(ProjectRequest(), print) == (ProjectRequest(), None)
    assert not replies


@pytest.mark.parametrize(
    "request_",
    [
        ProjectRequest(defaults=True),
        ProjectRequest(answers={"domain": "vision"}),
        ProjectRequest(answers={"task": "regression"}),
        ProjectRequest(template="gh:you/fork"),
    ],
)
@pytest.mark.usefixtures("replies")
def test_what_decides_about_the_data_is_not_asked_again(request_: ProjectRequest) -> None:
    assert own_data.load(request_, print) == (request_, None)
