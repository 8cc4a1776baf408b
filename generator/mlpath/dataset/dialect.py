"""How a table is to be read: DuckDB sniffs the dialect, and says where a line does not fit."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import duckdb

from mlpath.dataset import detect as kinds
from mlpath.dataset import header as headers
from mlpath.dataset import names
from mlpath.dataset.findings import Reading
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlpath.dataset.detect import Kind

WHITESPACE = "whitespace"
_DELIMITERS = (",", ";", "\t", "|")
_LINE_END = re.compile(r"\r\n|\n|\r")
_QUOTED_OR_BLANKS = re.compile(r'("[^"]*")|[ \t]+')
_LOOSE = ", delim = '{}', null_padding = true, strict_mode = false"
_LONGEST_PREFACE = 30
_NATIVE = {"utf-8", "ascii"}


def connect() -> duckdb.DuckDBPyConnection:
    """Return a database in memory that reaches for nothing on the network."""
    database = duckdb.connect()
    for setting in (
        "SET autoinstall_known_extensions = false",
        "SET autoload_known_extensions = false",
        "SET enable_progress_bar = false",
    ):
        with contextlib.suppress(duckdb.Error):
            database.execute(setting)
    return database


def quoted(text: str) -> str:
    """Return a text as SQL has it."""
    return "'" + text.replace("'", "''") + "'"


def name(column: str) -> str:
    """Return the name of a column as SQL has it."""
    return '"' + column.replace('"', '""') + '"'


@contextmanager
def readable(
    database: duckdb.DuckDBPyConnection, path: Path, kind: Kind
) -> Iterator[tuple[Reading, str]]:
    """Give how a table is read, and the SQL that reads it, all of it as text.

    Raises:
        MlpathError: It is no table, or a line of it does not fit; says which.
    """
    suffix = {"gz": ".gz", "zst": ".zst", "zip": ".zip"}.get(kind.packed, "")
    if not suffix:
        suffix = {"parquet": ".parquet", "json": ".jsonl"}.get(kind.format, "")
        if kind.format == "json" and path.suffix.lower() in {".json", ".ndjson"}:
            suffix = path.suffix.lower()
    file = names.file_name(path, suffix)
    if kind.format != "csv":
        reading = Reading(file, format=kind.format, member=kind.member, encoding=kind.encoding)
        with _plain(path, kind, reading) as plain:
            yield reading, _source(plain, reading)
        return
    mixed = len(set(_LINE_END.findall(kind.head))) > 1
    squeezed = _is_squeezed(kind.head)
    reading = Reading(
        file, member=kind.member, encoding=kind.encoding, mixed_line_ends=mixed,
        delimiter=WHITESPACE if squeezed else ",",
    )  # fmt: skip
    with _plain(path, kind, reading) as plain:
        reading = _sniffed(database, path, plain, reading)
        sql = _source(plain, reading)
        yield reading, sql


def columns_of(database: duckdb.DuckDBPyConnection, path: Path, sql: str) -> list[str]:
    """Return the names of the columns, as DuckDB makes them unique."""
    try:
        described = database.execute(f"DESCRIBE SELECT * FROM {sql}").fetchall()  # noqa: S608
    except duckdb.Error as error:
        raise _located(database, path, sql, error) from None
    return [str(row[0]) for row in described]


def refusal(
    database: duckdb.DuckDBPyConnection, path: Path, sql: str, error: duckdb.Error
) -> MlpathError:
    """Return what DuckDB says of a file that it can't read, as a line for people."""
    return _located(database, path, sql, error)


def _is_squeezed(head: str) -> bool:
    """Tell whether the columns stand apart by runs of blanks, as in tables made for the eye."""
    lines = [line for line in head.splitlines()[:200] if line.strip()][:-1] or head.splitlines()[:1]
    # Blanks inside quotes part nothing.
    lines = [re.sub(r'"[^"]*"', "quoted", line) for line in lines]
    if any(one in line for line in lines[:50] for one in (",", ";", "|", '"')):
        return False
    # Tabs that stand one by one are a dialect of their own, in which an empty cell is legal.
    if all(re.search(r"\S\t\S", line) and "  " not in line.strip() for line in lines):
        return False
    counts = {len(line.split()) for line in lines[1:] or lines}
    numbers = sum(headers.is_number(word) for line in lines[1:20] for word in line.split())
    return len(counts) == 1 and counts != {1} and numbers > 0


def _sniffed(
    database: duckdb.DuckDBPyConnection, path: Path, plain: Path, reading: Reading
) -> Reading:
    forced = ", delim = '\t'" if reading.delimiter == WHITESPACE else ""
    found = _sniff(database, path, plain, forced)
    if not forced and (found is None or len(found[5]) == 1):
        # A line that does not fit makes the sniffer doubt the delimiter; so each is tried alone.
        others = (
            _sniff(
                database,
                path,
                plain,
                f", delim = '{one}', null_padding = true, strict_mode = false",
            )
            for one in _DELIMITERS
        )
        several = [one for one in others if one and len(one[5]) > 1]
        best = max(several, key=lambda one: len(one[5]), default=None)
        if best is not None and _is_delimited(_first_lines(database, plain, 100), str(best[0])):
            found = best
    if found is None:
        raise _untold(path)
    delimiter, quote, escape, skip, header, _ = found
    blank = {"\0", "", "(empty)", None}
    escape = '"' if escape in blank or quote in blank else str(escape)
    quote = '"' if quote in blank else str(quote)
    columns: tuple[str, ...] = ()
    lines = _first_lines(database, plain, 4 * int(skip) + headers.ROWS) if int(skip) else []
    if lines and not header:
        columns = headers.of_named_rows(lines[int(skip) - 1 :], str(delimiter), quote)
    if lines and not columns and not _is_preface(lines, int(skip), str(delimiter)):
        # The sniffer would rather pass over a table's rows than over the one that does not fit.
        skip, header = 0, True
    return Reading(
        reading.file,
        member=reading.member,
        encoding=reading.encoding,
        mixed_line_ends=reading.mixed_line_ends,
        delimiter=WHITESPACE if forced else str(delimiter),
        quote=quote,
        escape=escape,
        header=bool(header),
        skip=int(skip),
        names=columns,
    )


def _untold(path: Path) -> MlpathError:
    return MlpathError(
        f"{path} is no table that can be told: no delimiter fits its lines",
        hint="Export it as CSV, with one header line and as many cells in each line.",
    )


def _sniff(
    database: duckdb.DuckDBPyConnection, path: Path, plain: Path, options: str
) -> tuple[Any, ...] | None:
    wanted = "Delimiter, Quote, Escape, SkipRows, HasHeader, Columns"
    try:
        return database.execute(
            f"SELECT {wanted} FROM sniff_csv({quoted(str(plain))}{options})"  # noqa: S608
        ).fetchone()
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        if "not utf-8" in str(error):
            raise NotUtf8Error(path) from None
        return None


def _first_lines(database: duckdb.DuckDBPyConnection, plain: Path, count: int) -> list[str]:
    """Return the first lines of a file, packed or not, without the mark of an encoding."""
    whole = (
        "delim = '\x1f', quote = '', escape = '', header = false, auto_detect = false, "
        "strict_mode = false, null_padding = true, columns = {'line': 'VARCHAR'}"
    )
    query = f"SELECT line FROM read_csv({quoted(str(plain))}, {whole}) LIMIT {count}"  # noqa: S608
    with contextlib.suppress(duckdb.InvalidInputException):  # what reads the table will tell it
        return [str(row[0] or "") for row in database.execute(query).fetchall()]
    return []


def _is_preface(first: list[str], lines: int, delimiter: str) -> bool:
    """Tell whether the first lines are remarks above the table, rather than rows of it."""
    if lines > _LONGEST_PREFACE:
        return False
    # A table may well begin with a line of its own kind; then many more of another kind follow.
    few = sum(delimiter in line for line in first[:lines]) <= lines / 2
    return few or len(first) >= 4 * lines


def _is_delimited(first: list[str], delimiter: str) -> bool:
    """Tell whether most lines have the delimiter; a comma in one sentence makes no table."""
    return sum(delimiter in line for line in first) > 0.8 * len(first)


class NotUtf8Error(Exception):
    """A file turned out to have another encoding than its beginning."""


def _source(plain: Path, reading: Reading) -> str:
    file = quoted(str(plain))
    if reading.format == "parquet":
        return f"read_parquet({file})"
    if reading.format == "json":
        return f"read_json({file}, format = 'auto')"
    delimiter = "\t" if reading.delimiter == WHITESPACE else reading.delimiter
    named = f", names = [{', '.join(map(quoted, reading.names))}]" if reading.names else ""
    return (
        f"read_csv({file}, all_varchar = true, delim = {quoted(delimiter)}, "
        f"quote = {quoted(reading.quote)}, escape = {quoted(reading.escape)}, "
        f"header = {reading.header}, skip = {reading.skip}{named})"
    )


def _located(
    database: duckdb.DuckDBPyConnection, path: Path, sql: str, error: duckdb.Error
) -> MlpathError:
    text = str(error)
    if "not utf-8" in text or "Invalid unicode" in text:
        raise NotUtf8Error(path) from None
    if "sniffing" in text:
        # With the columns given, there is nothing to sniff, and the reader names the line.
        loose = sql[:-1] + ", ignore_errors = true)"
        try:
            described = database.execute(f"DESCRIBE SELECT * FROM {loose}").fetchall()  # noqa: S608
            given = ", ".join(f"{quoted(str(row[0]))}: 'VARCHAR'" for row in described)
            exact = f"{sql[:-1]}, auto_detect = false, columns = {{{given}}})"
            database.execute(f"SELECT count(COLUMNS(*)) FROM {exact}").fetchall()  # noqa: S608
        except duckdb.Error as located:
            text = str(located)
    line = re.search(r"Error on Line: (\d+)", text)
    counts = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
    where = f"line {int(line[1]):,}" if line else "a line"
    if counts:
        return MlpathError(
            f"{path}: {where} has {counts[2]} cells, the others {counts[1]}",
            hint="Quote a text that holds a delimiter; take out remarks below or above the table.",
        )
    if "nterminated" in text or "quote should be followed" in text:
        return MlpathError(
            f"{path}: a quote is opened in {where} and never closed",
            hint='A quote inside a text is written twice: "she said ""no"""',
        )
    if "sniffing" in text:
        return _untold(path)
    first = next((one.strip() for one in text.splitlines() if one.strip()), "DuckDB failed")
    return MlpathError(f"{path} can't be read: {first}", hint="Export it as CSV once more.")


@contextmanager
def _plain(path: Path, kind: Kind, reading: Reading) -> Iterator[Path]:
    """Give a file that DuckDB reads by itself, and finds by its name."""
    rewrite = (
        reading.encoding not in _NATIVE
        or reading.mixed_line_ends
        or reading.delimiter == WHITESPACE
    )
    if kind.packed == "zst" and rewrite:
        raise MlpathError(f"{path} is not UTF-8", hint="Unpack it first: unzstd FILE")
    suffix = {"gz": ".gz", "zst": ".zst"}.get(kind.packed, "")
    if not rewrite and kind.packed != "zip" and path.name.lower().endswith(suffix):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="mlpath-") as folder:
        if not rewrite and suffix:
            plain = Path(folder, f"table{suffix}")
            plain.symlink_to(path.resolve())
        else:
            plain = Path(folder, f"table.{kind.format}")
            with kinds.opened(path, kind) as file:
                _rewrite(file, plain, reading, rewrite=rewrite)
        yield plain


def _rewrite(file: IO[bytes], plain: Path, reading: Reading, *, rewrite: bool) -> None:
    if not rewrite:
        with plain.open("wb") as out:
            shutil.copyfileobj(file, out)
        return
    squeeze = reading.delimiter == WHITESPACE
    with (
        io.TextIOWrapper(file, encoding=reading.encoding) as text,
        plain.open("w", encoding="utf-8", newline="\n") as out,
    ):
        for line in text:
            out.write(_squeezed(line) if squeeze else line)


def _squeezed(line: str) -> str:
    """Put one tab for each run of blanks that stands outside quotes."""
    return _QUOTED_OR_BLANKS.sub(lambda found: found[1] or "\t", line.strip()) + "\n"
