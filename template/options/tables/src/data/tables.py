"""Reads the raw table with DuckDB: as `reading` in `schema.yaml` says, and only the columns that are asked for."""

# Names can be no parameters of a query; `_name` and `_quoted` escape them.
# ruff: noqa: S608

import gzip
import io
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple

import pandas as pd
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

# At most so many rows of a class are kept whole where the others are sampled: a rare class is not to vanish.
KEPT_OF_A_CLASS = 500
WHITESPACE = "whitespace"
QUOTED_OR_BLANKS = re.compile(r'("[^"]*")|[ \t]+')


class ReadingError(ValueError):
    """The raw file is not there, or not as `reading` says; the message is a line for people."""


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Reading:
    """How the raw file is to be read.

    Attributes:
        file: its name in `data/raw/`.
        format: a table of text, Parquet, or JSON objects, a line each or in a list. `.gz` and `.zst` are unpacked by
            their names.
        encoding: of the text, as Python calls it.
        member: the file inside a zip archive.
        delimiter: between the columns; "whitespace" for any run of blanks.
        quote: around a text that holds the delimiter.
        escape: before a quote inside such a text.
        header: whether the first line names the columns; else they are column0, column1 and so on.
        skip: lines before that.
        names: of the columns, where no line names them all; then `header` is false.
        mixed_line_ends: whether lines end in different ways, which DuckDB refuses.
        decimal: what stands before the fraction of a number.
        thousands: what stands between groups of its digits.
        missing: texts that stand for a missing number or date.
        most_rows: a larger table is sampled (seeded, rare classes kept), so that it fits into memory.
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
    missing: tuple[str, ...] = ("",)
    most_rows: int = 200_000
    seed: int = 0


class Wanted(NamedTuple):
    """A column that is asked for: `name` in the result, `column` in the file.

    A category comes as it stands there, without the blanks around it. A date comes as days since 1970-01-01,
    whole ones; `date_format` is that of `strptime`, with `Q%q` for a quarter, and empty for ISO 8601.
    """

    name: str
    column: str
    kind: Literal["number", "category", "date"]
    date_format: str = ""


class RawTable(NamedTuple):
    """What was read.

    Attributes:
        frame: the wanted columns that exist, by their names. Numbers and dates as float64, missing ones as nan; a
            column of which some value is neither missing nor what it should be comes as the text that stands there.
        columns: every column of the file, in its order.
        rows: how many rows the file has; more than the frame's where it was sampled.
    """

    frame: pd.DataFrame
    columns: tuple[str, ...]
    rows: int


def read(folder: Path, reading: Reading, wanted: Sequence[Wanted], stratum: str | None = None) -> RawTable:
    """Read the wanted columns of the raw file; a column that the file lacks is left out.

    Args:
        folder: where the file is.
        reading: how to read it.
        wanted: the columns.
        stratum: the name of the column whose rare values a sample keeps.

    Raises:
        ReadingError: there is no such file, or it can't be read as `reading` says.
    """
    # Every stage imports this module for `Reading`, and one stage reads.
    import duckdb

    try:
        with _text_of(folder / reading.file, reading) as path, duckdb.connect() as database:
            database.execute("SET autoinstall_known_extensions = false")
            try:
                return _read(database, _source(path, reading), reading, wanted, stratum)
            except duckdb.InvalidInputException as error:
                raise _located(database, _source(path, reading), reading, error) from None
    except FileNotFoundError as error:
        raise ReadingError(f"{error.filename} is not there; `uv run dvc pull` brings it from the DVC remote") from error
    except (duckdb.Error, UnicodeError, zipfile.BadZipFile, OSError, EOFError, KeyError) as error:
        raise ReadingError(f"data/raw/{reading.file} can't be read: {str(error).splitlines()[0]}") from error


def _read(database: Any, source: str, reading: Reading, wanted: Sequence[Wanted], stratum: str | None) -> RawTable:
    database.execute(f"CREATE VIEW raw AS SELECT * FROM {source}")
    columns = tuple(str(row[0]) for row in database.execute("DESCRIBE raw").fetchall())
    there = [one for one in wanted if one.column in columns]
    counted = ", ".join(["count(*)", *(f"count(*) FILTER ({_misfit(one, reading)})" for one in there)])
    rows, *misfits = database.execute(f"SELECT {counted} FROM raw").fetchone()
    shown = ", ".join(
        f"{_told(one, reading) if misfit else _typed(one, reading)} AS {_name(one.name)}"
        for one, misfit in zip(there, misfits, strict=True)
    )
    class_of = next((one for one in there if one.name == stratum), None)
    chosen = _sampled(reading, class_of, rows)
    frame = database.execute(f"SELECT {shown or 'NULL AS nothing'} FROM {chosen}").df()
    return RawTable(frame if there else frame.drop(columns="nothing"), columns, rows)


def _located(database: Any, source: str, reading: Reading, error: Exception) -> Exception:
    """An error that names the line with more or fewer cells than the others, if that is what is wrong.

    DuckDB names it only where it need not find out the columns first.
    """
    if reading.format != "csv" or "unicode" in str(error).lower():
        return error
    import duckdb

    loose = f"{source[:-1]}, ignore_errors = true)"
    try:
        names = [str(row[0]) for row in database.execute(f"DESCRIBE SELECT * FROM {loose}").fetchall()]
        given = "{" + ", ".join(f"{_quoted(name)}: 'VARCHAR'" for name in names) + "}"
        database.execute(f"SELECT count(COLUMNS(*)) FROM {source[:-1]}, auto_detect = false, columns = {given})")
    except duckdb.Error as located:
        line = re.search(r"Error on Line: (\d+)", str(located))
        cells = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", str(located))
        if line and cells:
            return ReadingError(
                f"data/raw/{reading.file}: line {line[1]} has {cells[2]} cells, the others {cells[1]}; mend that line"
            )
    return error


def _sampled(reading: Reading, class_of: Wanted | None, rows: int) -> str:
    """The rows to take, as SQL: all, or by a hash of their number, so that the same file gives the same sample."""
    if rows <= reading.most_rows:
        return "raw"
    share = reading.most_rows / rows
    lot = f"hash(number + {reading.seed} * 1000003) / 18446744073709551616.0"
    numbered = "(SELECT *, row_number() OVER () AS number FROM raw)"
    if class_of is None:
        return f"(SELECT * FROM {numbered} WHERE {lot} < {share})"
    label = _as_text(class_of)
    counts = f"(SELECT {label} AS label, count(*) AS members FROM raw GROUP BY 1)"
    chance = f"greatest({share}, {KEPT_OF_A_CLASS}.0 / members)"
    return f"(SELECT r.* FROM {numbered} r JOIN {counts} c ON {label} = c.label WHERE {lot} < {chance} ORDER BY number)"


def _source(path: Path, reading: Reading) -> str:
    name = _quoted(str(path))
    if reading.format == "parquet":
        return f"read_parquet({name})"
    if reading.format == "json":
        return f"read_json({name}, format = 'auto')"
    delimiter = "\t" if reading.delimiter == WHITESPACE else reading.delimiter
    named = f", names = [{', '.join(map(_quoted, reading.names))}]" if reading.names else ""
    return (
        f"read_csv({name}, all_varchar = true, delim = {_quoted(delimiter)}, quote = {_quoted(reading.quote)}, "
        f"escape = {_quoted(reading.escape)}, header = {reading.header}, skip = {reading.skip}{named})"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _as_text(one: Wanted) -> str:
    return f"CAST({_name(one.column)} AS VARCHAR)"


def _present(one: Wanted, reading: Reading) -> str:
    """The text of a number or date, or NULL where it is missing."""
    missing = ", ".join(_quoted(text) for text in reading.missing) or "''"
    return f"CASE WHEN trim({_as_text(one)}) NOT IN ({missing}) THEN trim({_as_text(one)}) END"


def _typed(one: Wanted, reading: Reading) -> str:
    if one.kind == "category":
        return f"nullif(trim({_as_text(one)}), '')"
    text = _present(one, reading)
    if one.kind == "date":
        return f"floor(epoch({_moment(text, one.date_format)}) / 86400.0)"
    if reading.thousands:
        text = f"replace({text}, {_quoted(reading.thousands)}, '')"
    if reading.decimal != ".":
        text = f"replace({text}, {_quoted(reading.decimal)}, '.')"
    return f"TRY_CAST({text} AS DOUBLE)"


def _moment(text: str, date_format: str) -> str:
    if not date_format:
        return f"TRY_CAST({text} AS TIMESTAMP)"
    if "Q%q" in date_format:
        # DuckDB knows no quarters, but the months that they begin with.
        date_format = date_format.replace("Q%q", "Q%m")
        for quarter in range(1, 5):
            text = f"replace({text}, 'Q{quarter}', 'Q{3 * quarter - 2:02}')"
    return f"try_strptime({text}, {_quoted(date_format)})"


def _misfit(one: Wanted, reading: Reading) -> str:
    """Where a value is there, and is not what the column holds."""
    if one.kind == "category":
        return "WHERE false"
    return f"WHERE {_present(one, reading)} IS NOT NULL AND {_typed(one, reading)} IS NULL"


def _told(one: Wanted, reading: Reading) -> str:
    """The values as text, so that those which are not what the column holds can be shown."""
    return f"coalesce(CAST({_typed(one, reading)} AS VARCHAR), {_present(one, reading)})"


@contextmanager
def _text_of(path: Path, reading: Reading) -> Iterator[Path]:
    """A file that DuckDB reads by itself: the raw one, or one unpacked, in UTF-8, with tabs for runs of blanks."""
    if not path.exists():
        raise FileNotFoundError(2, "The raw data is not there", str(path))
    plain = reading.encoding in ("utf-8", "ascii") and reading.delimiter != WHITESPACE and not reading.mixed_line_ends
    if not reading.member and plain:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        unpacked = Path(folder, Path(reading.member or path.name.removesuffix(".gz")).name)
        with _opened(path, reading.member) as packed:
            if plain:
                with unpacked.open("wb") as out:
                    shutil.copyfileobj(packed, out)
            else:
                _rewrite(packed, unpacked, reading)
        yield unpacked


@contextmanager
def _opened(path: Path, member: str) -> Iterator[IO[bytes]]:
    if member:
        with zipfile.ZipFile(path) as archive, archive.open(member) as file:
            yield file
    else:
        opener: Any = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rb") as file:
            yield file


def _rewrite(packed: IO[bytes], unpacked: Path, reading: Reading) -> None:
    squeeze = reading.delimiter == WHITESPACE
    with (
        io.TextIOWrapper(packed, encoding=reading.encoding) as text,
        unpacked.open("w", encoding="utf-8", newline="\n") as out,
    ):
        for line in text:
            out.write(_squeezed(line) if squeeze else line)


def _squeezed(line: str) -> str:
    """The line with a tab for each run of blanks outside quotes."""
    return QUOTED_OR_BLANKS.sub(lambda found: found[1] or "\t", line.strip(" \t\r\n")) + "\n"
