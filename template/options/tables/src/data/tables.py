"""Reading of the raw table with DuckDB, in the format that `reading` in `schema.yaml` describes."""

# Names can't be parameters of an SQL query; `_name` and `_literal` quote them.
# ruff: noqa: S608

import re
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import duckdb
import pandas as pd
from pydantic.dataclasses import dataclass

from ..config import LAX, check
from ..errors import UserError
from .sampling import SAMPLING, Sampling
from .text_files import WHITESPACE, plain_file

# A sample keeps up to so many rows of each class, so that rare classes don't vanish.
MIN_ROWS_PER_CLASS = 500
# The number of a row; no column has this name.
ROW = '"(row number)"'
# Each thread of DuckDB needs memory for 16 of the longest lines.
MAX_THREADS = 4
# Of a line, and of an object that contains all rows.
LONG_LINE_BYTES, MAX_JSON_BYTES = 1 << 24, 1 << 28
BLANKS = " \t\r\n\u00a0\u2007\u2009\u202f\u3000\ufeff"


class TableError(UserError):
    """The raw file is missing, or can't be read as `reading` describes it."""


@dataclass(frozen=True, config=LAX)
class Reading:
    """The format of the raw file.

    Attributes:
        file: its name in `data/raw/`.
        format: a text table, Parquet, or JSON objects (a list, or one per line). `.gz` and `.zst` are decompressed.
        encoding: of the text, as Python names it.
        member: the file inside a zip archive.
        delimiter: between the columns; "whitespace" for any number of blanks.
        quote: around a text that contains the delimiter.
        escape: before a quote inside such a text.
        header: whether the first line contains the names; otherwise they are column0, column1 and so on.
        skip: the number of lines before that.
        names: of the columns, if no line contains them all; then `header` is false.
        mixed_line_ends: whether lines end in different ways, which DuckDB rejects.
        decimal: the decimal separator.
        thousands: the thousands separator.
        replace: parts of numbers and dates, such as currencies and units, and what replaces them.
        missing: texts that stand for a missing number or date.
        records: the key of the list of rows in a JSON object.
        computed: columns that DuckDB computes from others, and their SQL.
        left_out_rows: texts in a column that mark rows that are no samples, such as totals.
        most_rows: a larger table is sampled at random, keeping rare classes. A larger sample contains the smaller ones.
        seed: of the sample.
    """

    file: str
    format: Literal["csv", "parquet", "json"] = "csv"
    encoding: str = "utf-8"
    member: str = ""
    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    header: bool = True
    skip: int = 0
    names: tuple[str, ...] = ()
    mixed_line_ends: bool = False
    decimal: str = "."
    thousands: str = ""
    replace: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ("",)
    records: str = ""
    computed: dict[str, str] = field(default_factory=dict)
    left_out_rows: dict[str, tuple[str, ...]] = field(default_factory=dict)
    most_rows: int = 200_000
    seed: int = 0


class TableColumn(NamedTuple):
    """A column to read: its name in the result and in the file, its type, and the format of a date.

    `date_format` is that of `strptime`, with `Q%q` for a quarter; empty for ISO 8601.
    """

    name: str
    file_name: str
    kind: Literal["number", "category", "date"]
    date_format: str = ""


class RawTable(NamedTuple):
    """The columns that were read, by their names in the result, and the names of all columns of the file.

    `frame.attrs[SAMPLING]` has the attributes of the `Sampling` of a table that was too large.
    """

    frame: pd.DataFrame
    columns: tuple[str, ...]


def read_table(
    folder: Path, reading: dict[str, Any] | None, columns: Sequence[TableColumn], stratum: str = ""
) -> RawTable:
    """Read columns of the raw file; a column that the file lacks is left out.

    A file is streamed: of one with more than `most_rows` rows, only the sample is in memory.

    Categories are text without surrounding blanks, numbers float64 with nan for missing values, dates the number of
    days since 1970-01-01. A column with values of another type is returned as text.

    Args:
        folder: of the file.
        reading: the entry `reading` of `schema.yaml`, see `Reading`.
        columns: the columns.
        stratum: the name of the column whose rare values a sample keeps, if it is a category.

    Raises:
        TableError: the file is missing or can't be read.
        UserError: an entry of `reading` is missing, unknown or mistyped.
    """
    return _read(folder, check(reading or {}, Reading, "schema.yaml", "reading"), columns, stratum)


def _read(folder: Path, reading: Reading, columns: Sequence[TableColumn], stratum: str) -> RawTable:
    path = folder / reading.file
    if not path.exists():
        raise TableError(f"data/raw/{reading.file} not found; restore it with: uv run dvc pull")
    try:
        with plain_file(path, reading) as plain, duckdb.connect() as database:
            database.execute("SET autoinstall_known_extensions = false")
            database.execute(f"SET threads = {MAX_THREADS}")
            try:
                return _query(database, _source(plain, reading), reading, columns, stratum)
            except duckdb.InvalidInputException as error:
                raise _locate_error(database, _source(plain, reading), reading, error) from None
    except (duckdb.Error, UnicodeError, zipfile.BadZipFile, OSError, EOFError, KeyError) as error:
        raise TableError(f"data/raw/{reading.file} can't be read: {str(error).splitlines()[0]}") from error


def _query(database: Any, source: str, reading: Reading, columns: Sequence[TableColumn], stratum: str) -> RawTable:
    database.execute(f"CREATE VIEW raw AS {_select(source, reading)}")
    names = tuple(str(row[0]) for row in database.execute("DESCRIBE raw").fetchall())
    present = [column for column in columns if column.file_name in names]
    (rows,) = database.execute("SELECT count(*) FROM raw").fetchone()
    table, rare = "raw", {}
    if rows > reading.most_rows:
        table, rare = "sample", _draw_sample(database, reading, present, stratum, rows)
    frame = database.execute(f"SELECT {_typed_columns(database, table, reading, present)} FROM {table}").df()
    if table == "sample":
        frame.attrs[SAMPLING] = asdict(Sampling(len(frame), rows, reading.seed, rare))
        print(
            f"sampled {len(frame):,} of {rows:,} rows: `most_rows` under `reading` in schema.yaml; whether more would "
            "help: uv run learning-curve"
        )
    return RawTable(frame if present else frame.drop(columns="nothing"), names)


def _select(source: str, reading: Reading) -> str:
    """Return the query of all columns, the computed ones first, and of the rows that are cases."""
    computed = "".join(f"{expression} AS {_name(name)}, " for name, expression in reading.computed.items())
    conditions = [
        f"coalesce({_text(column)}, '') NOT IN ({', '.join(map(_literal, texts))})"
        for column, texts in reading.left_out_rows.items()
    ]
    return f"SELECT {computed}* FROM {source}{' WHERE ' * bool(conditions)}{' AND '.join(conditions)}"


def _typed_columns(database: Any, table: str, reading: Reading, columns: Sequence[TableColumn]) -> str:
    counts = ", ".join(["count(*)", *(f"count(*) FILTER ({_invalid(column, reading)})" for column in columns)])
    _, *invalid = database.execute(f"SELECT {counts} FROM {table}").fetchone()
    selected = [
        f"{_typed_or_text(column, reading) if count else _typed(column, reading)} AS {_name(column.name)}"
        for column, count in zip(columns, invalid, strict=True)
    ]
    return ", ".join(selected) or "NULL AS nothing"


def _locate_error(database: Any, source: str, reading: Reading, error: Exception) -> Exception:
    """Return an error with the line that has more or fewer cells than the others, if that is the problem.

    DuckDB names the line only if it is given the columns.
    """
    if reading.format != "csv" or "unicode" in str(error).lower():
        return error
    tolerant = f"{source[:-1]}, ignore_errors = true)"
    try:
        names = [str(row[0]) for row in database.execute(f"DESCRIBE SELECT * FROM {tolerant}").fetchall()]
        given = "{" + ", ".join(f"{_literal(name)}: 'VARCHAR'" for name in names) + "}"
        database.execute(f"SELECT count(COLUMNS(*)) FROM {source[:-1]}, auto_detect = false, columns = {given})")
    except duckdb.Error as located:
        line = re.search(r"Error on Line: (\d+)", str(located))
        cells = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", str(located))
        if line and cells:
            return TableError(
                f"data/raw/{reading.file}: line {line[1]} has {cells[2]} cells, the others have {cells[1]}; "
                "correct that line"
            )
    return error


def _draw_sample(
    database: Any, reading: Reading, columns: Sequence[TableColumn], stratum: str, rows: int
) -> dict[str, float]:
    """Create the table `sample` of the rows that a hash of their number and the seed chooses.

    So the sample depends neither on the number of threads nor on the values. Rows of one group or date are drawn one by
    one: the split keeps together what is left of them, and the same number of rows comes from more groups.

    Returns:
        The share of the rows that are kept of each rare class; of all others it is `most_rows / rows`.
    """
    share, draw = reading.most_rows / rows, f"hash({ROW} + {reading.seed} * 1000003) / 18446744073709551616.0"
    label, rare = _rare_classes(database, columns, stratum, share)
    cases = "".join(f"WHEN {_literal(name)} THEN {kept} " for name, kept in rare.items())
    chance = f"CASE {label} {cases}ELSE {share} END" if rare else str(share)
    names = ", ".join(_name(name) for name in dict.fromkeys(column.file_name for column in columns))
    database.execute(
        f"CREATE TEMP TABLE sample AS SELECT {names or 'NULL AS nothing'} "
        f"FROM (SELECT *, row_number() OVER () AS {ROW} FROM raw) WHERE {draw} < {chance}"
    )
    return rare


def _rare_classes(
    database: Any, columns: Sequence[TableColumn], stratum: str, share: float
) -> tuple[str, dict[str, float]]:
    """Return the class of a row as SQL, and the share of the rows to keep of each class that needs a larger one."""
    column = next((column for column in columns if column.name == stratum and column.kind == "category"), None)
    if column is None:
        return "", {}
    label = _text(column.file_name)
    members = database.execute(f"SELECT {label}, count(*) FROM raw GROUP BY 1 ORDER BY 1").fetchall()
    shares = {str(name): min(1.0, MIN_ROWS_PER_CLASS / count) for name, count in members if name}
    return label, {name: kept for name, kept in shares.items() if kept > share}


def _source(path: Path, reading: Reading) -> str:
    file = _literal(str(path))
    if reading.format == "parquet":
        return f"read_parquet({file})"
    if reading.format == "json":
        if not reading.records:
            return f"read_json({file}, format = 'auto')"
        table = f"read_json({file}, format = 'auto', maximum_object_size = {MAX_JSON_BYTES})"
        return f"(SELECT row.* FROM (SELECT unnest({_name(reading.records)}) AS row FROM {table}))"
    delimiter = "\t" if reading.delimiter == WHITESPACE else reading.delimiter
    names = f", names = [{', '.join(map(_literal, reading.names))}]" if reading.names else ""
    # DuckDB reads a file in parts of 16 lines of this size and guesses where a row begins in each, which fails inside
    # of texts of many lines.
    return (
        f"read_csv({file}, all_varchar = true, delim = {_literal(delimiter)}, quote = {_literal(reading.quote)}, "
        f"escape = {_literal(reading.escape)}, header = {reading.header}, skip = {reading.skip}{names}, "
        f"max_line_size = {LONG_LINE_BYTES})"
    )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _text(column: str) -> str:
    return f"trim(CAST({_name(column)} AS VARCHAR), {_literal(BLANKS)})"


def _present(column: TableColumn, reading: Reading) -> str:
    text, missing = _text(column.file_name), ", ".join(map(_literal, reading.missing)) or "''"
    return f"CASE WHEN {text} NOT IN ({missing}) THEN {text} END"


def _typed(column: TableColumn, reading: Reading) -> str:
    if column.kind == "category":
        return f"nullif({_text(column.file_name)}, '')"
    plain = text = _present(column, reading)
    for old, new in sorted(reading.replace.items(), key=lambda pair: -len(pair[0])):
        text = f"replace({text}, {_literal(old)}, {_literal(new)})"
    if column.kind == "date":
        timestamps = [_timestamp(value, column.date_format) for value in dict.fromkeys((plain, text))]
        return f"floor(epoch(coalesce({', '.join(timestamps)})) / 86400.0)"
    if reading.thousands:
        text = f"replace({text}, {_literal(reading.thousands)}, '')"
    if reading.decimal != ".":
        text = f"replace({text}, {_literal(reading.decimal)}, '.')"
    return f"TRY_CAST({text} AS DOUBLE)"


def _timestamp(text: str, date_format: str) -> str:
    if not date_format:
        return f"TRY_CAST({text} AS TIMESTAMP)"
    if "Q%q" in date_format:
        # DuckDB parses no quarters, so each becomes its first month.
        date_format = date_format.replace("Q%q", "Q%m")
        for quarter in range(1, 5):
            text = f"replace({text}, 'Q{quarter}', 'Q{3 * quarter - 2:02}')"
    return f"try_strptime({text}, {_literal(date_format)})"


def _invalid(column: TableColumn, reading: Reading) -> str:
    if column.kind == "category":
        return "WHERE false"
    return f"WHERE {_present(column, reading)} IS NOT NULL AND {_typed(column, reading)} IS NULL"


def _typed_or_text(column: TableColumn, reading: Reading) -> str:
    """Return the values as text, invalid ones included, so that they can be reported."""
    return f"coalesce(CAST({_typed(column, reading)} AS VARCHAR), {_present(column, reading)})"
