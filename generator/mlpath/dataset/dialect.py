"""Detect the dialect of a table with DuckDB's sniffer, and explain lines that don't fit it."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

import duckdb

from mlpath.dataset import header, names
from mlpath.dataset.detect import open_unpacked
from mlpath.dataset.results import ReadOptions
from mlpath.dataset.sql import Table, identifier, literal
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlpath.dataset.detect import FileFormat

WHITESPACE = "whitespace"
_DELIMITERS = (",", ";", "\t", "|")
_LINE_END = re.compile(r"\r\n|\n|\r")
_QUOTED = re.compile(r'"[^"\r\n]*"')
_OTHER_DELIMITER = re.compile(r'[,;|"]')
_QUOTED_OR_BLANKS = re.compile(r'("[^"]*")|[ \t]+')
_MAX_PREFACE = 30
"""Lines above a table."""
_SUFFIXES = {"gz": ".gz", "zst": ".zst", "zip": ".zip", "parquet": ".parquet", "json": ".jsonl"}
_MAX_JSON = 1 << 28
"""Bytes of a JSON object that contains all rows."""
_MAX_SMALL = 1 << 27
"""Bytes of a file whose lines may have `_LONG_LINE` bytes, in others `_LONGER_THAN_USUAL`."""
_LONG_LINE, _LONGER_THAN_USUAL = 1 << 24, 1 << 22
_NATIVE_ENCODINGS = {"utf-8", "ascii"}
_LOOSE = "null_padding = true, strict_mode = false"


@dataclass(frozen=True)
class TableSource:
    """A table that DuckDB can read."""

    path: Path
    """The user's file, for messages."""
    options: ReadOptions
    table: Table
    """Table function that reads it, in CSV all cells as text."""


class _Dialect(NamedTuple):
    delimiter: str
    quote: str
    escape: str
    skip: int
    header: bool
    columns: int


@contextmanager
def readable_errors(path: Path) -> Iterator[None]:
    """Translate errors of reading a table.

    Raises:
        MlpathError: The table can't be read.
    """
    try:
        yield
    except (duckdb.OutOfMemoryException, MemoryError):
        raise MlpathError(
            f"{path} needs more memory than is available",
            hint="Write it as Parquet, or keep fewer columns.",
        ) from None
    except UnicodeDecodeError as error:
        raise MlpathError(
            f"{path} is not {error.encoding} at byte {error.start:,}",
            hint="Convert it: iconv -f ENCODING -t UTF-8 FILE > NEW",
        ) from None
    except OSError as error:
        raise MlpathError(f"{path} can't be read: {error.strerror or error}") from None


@contextmanager
def open_table(
    database: duckdb.DuckDBPyConnection, path: Path, file_format: FileFormat
) -> Iterator[TableSource]:
    """Yield a table in a form that DuckDB reads.

    Raises:
        MlpathError: The file is not a table.
    """
    options = _initial_options(path, file_format)
    with _readable_file(path, file_format, options) as file:
        if options.format == "csv":
            options = _detect_dialect(database, path, file, options)
        elif options.format == "json":
            options = replace(options, records=_detect_records(database, file))
        yield TableSource(
            path, options, Table(database, _table_function(file, options, file_format.head))
        )


def _initial_options(path: Path, file_format: FileFormat) -> ReadOptions:
    # DuckDB detects compression and JSON by the file name.
    suffix = _SUFFIXES.get(file_format.compression or file_format.format, "")
    if suffix == ".jsonl" and path.suffix.lower() in {".json", ".ndjson"}:
        suffix = path.suffix.lower()
    options = ReadOptions(
        names.file_name(path, suffix), format=file_format.format, member=file_format.member,
        encoding=file_format.encoding,
    )  # fmt: skip
    if file_format.format != "csv":
        return options
    return replace(
        options,
        mixed_line_ends=len(set(_LINE_END.findall(file_format.head))) > 1,
        delimiter=WHITESPACE if _is_whitespace_delimited(file_format.head) else ",",
    )


def _is_whitespace_delimited(head: str) -> bool:
    lines = list(filter(str.strip, _QUOTED.sub("quoted", head).splitlines()[:200]))[:-1]
    # Single tabs are a delimiter, between which a cell may be empty.
    if _OTHER_DELIMITER.search("\n".join(lines[:50])) or all(map(_has_single_tabs, lines)):
        return False
    rows = [line.split() for line in lines[1:]]
    aligned = len({len(row) for row in rows}) == 1 and len(rows[0]) > 1
    return aligned and any(header.is_number(word) for row in rows[:19] for word in row)


def _has_single_tabs(line: str) -> bool:
    return bool(re.search(r"\S\t\S", line)) and "  " not in line.strip()


def _detect_records(database: duckdb.DuckDBPyConnection, file: Path) -> str:
    """Return the key of the only list of objects, if the file is a single object."""
    with contextlib.suppress(duckdb.Error):  # reading the table reports it
        relation = database.sql(f"FROM {_read_object(file)} LIMIT 2")
        kinds = dict(zip(relation.columns, map(str, relation.types), strict=True))
        lists = [name for name, kind in kinds.items() if re.fullmatch(r"STRUCT\(.*\)\[\]", kind)]
        if len(lists) == 1 and len(relation.fetchall()) == 1:
            return lists[0]
    return ""


def _detect_dialect(
    database: duckdb.DuckDBPyConnection, path: Path, file: Path, options: ReadOptions
) -> ReadOptions:
    whitespace = options.delimiter == WHITESPACE
    dialect = _sniff(database, file, *(["delim = '\t'"] if whitespace else []))
    if not whitespace and (dialect is None or dialect.columns == 1):
        dialect = _sniff_each_delimiter(database, file) or dialect
    if dialect is None:
        raise _not_a_table(path)
    layout = _inspect_header(database, file, dialect)
    return replace(
        options, delimiter=WHITESPACE if whitespace else dialect.delimiter, quote=dialect.quote,
        escape=dialect.escape, header=layout.header, skip=layout.skip, names=layout.names,
    )  # fmt: skip


def _sniff(database: duckdb.DuckDBPyConnection, file: Path, *options: str) -> _Dialect | None:
    shown = "Delimiter, Quote, Escape, SkipRows, HasHeader, len(Columns)"
    sniffer = Table(database, f"sniff_csv({', '.join([literal(str(file)), *options])})")
    try:
        delimiter, quote, escape, skip, has_header, columns = sniffer.aggregate(shown)
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        return None
    unset = {"\0", "", "(empty)", None}
    return _Dialect(
        str(delimiter),
        '"' if quote in unset else str(quote),
        '"' if quote in unset or escape in unset else str(escape),
        int(skip), bool(has_header), int(columns),
    )  # fmt: skip


def _sniff_each_delimiter(database: duckdb.DuckDBPyConnection, file: Path) -> _Dialect | None:
    """Return the dialect with the most columns; one bad line confuses the sniffer."""
    dialects = [
        _sniff(database, file, f"delim = '{delimiter}'", _LOOSE) for delimiter in _DELIMITERS
    ]
    best = max(filter(None, dialects), key=lambda dialect: dialect.columns, default=None)
    if best is None or best.columns == 1:
        return None
    lines = _first_lines(database, file, 100)
    # A comma in one sentence doesn't make a table.
    delimited = sum(best.delimiter in line for line in lines) > 0.8 * len(lines)
    return best if delimited else None


def _inspect_header(
    database: duckdb.DuckDBPyConnection, file: Path, dialect: _Dialect
) -> header.Layout:
    skip, sniffed = dialect.skip, header.Layout(dialect.skip, dialect.header)
    lines = _first_lines(database, file, 4 * skip + header.SAMPLED_LINES)
    if skip and lines and not dialect.header:
        above = header.parse_rows(lines[skip - 1 :], dialect.delimiter, dialect.quote)
        if columns := header.names_of_another_width(above):
            return header.Layout(skip, header=False, names=columns)
    if skip and lines and not _is_preface(lines, skip, dialect.delimiter):
        # The sniffer skips rows of a table rather than a line that doesn't fit.
        sniffed = header.Layout(0, header=True)
    rows = header.parse_rows(lines[sniffed.skip :], dialect.delimiter, dialect.quote)
    return header.detect_layout(rows, sniffed)


def _first_lines(database: duckdb.DuckDBPyConnection, file: Path, count: int) -> list[str]:
    """Return the first lines of a file, unpacked and without a byte order mark."""
    options = (
        "delim = '\x1f', quote = '', escape = '', header = false, auto_detect = false, "
        f"columns = {{'line': 'VARCHAR'}}, {_LOOSE}"
    )
    lines = Table(database, f"read_csv({literal(str(file))}, {options})")
    with contextlib.suppress(duckdb.InvalidInputException):  # reading the table reports it
        return [str(row[0] or "") for row in lines.select("line", f"LIMIT {count}")]
    return []


def _is_preface(lines: list[str], skip: int, delimiter: str) -> bool:
    """Return whether the first lines are remarks above the table rather than rows of it."""
    if skip > _MAX_PREFACE:
        return False
    mostly_text = sum(delimiter in line for line in lines[:skip]) <= skip / 2
    return mostly_text or len(lines) >= 4 * skip


def _table_function(file: Path, options: ReadOptions, head: str) -> str:
    if options.format == "parquet":
        return f"read_parquet({literal(str(file))})"
    if options.format == "json":
        return _read_json(file, options.records)
    delimiter = "\t" if options.delimiter == WHITESPACE else options.delimiter
    columns = f", names = [{', '.join(map(literal, options.names))}]" if options.names else ""
    line_size = _line_size(file, options, head)
    return (
        f"read_csv({literal(str(file))}, all_varchar = true, delim = {literal(delimiter)}, "
        f"quote = {literal(options.quote)}, escape = {literal(options.escape)}, "
        f"header = {options.header}, skip = {options.skip}{columns}{line_size})"
    )


def _read_json(file: Path, records: str) -> str:
    if not records:
        return f"read_json({literal(str(file))}, format = 'auto')"
    rows = f"SELECT unnest({identifier(records)}) AS row FROM {_read_object(file)}"  # noqa: S608
    return f"(SELECT row.* FROM ({rows}))"  # noqa: S608


def _line_size(file: Path, options: ReadOptions, head: str) -> str:
    """Return the option of `read_csv` for the longest line that it accepts."""
    # DuckDB reads a file in parts of 16 lines of this size and guesses where a row begins in each,
    # which fails inside of texts of many lines. Large parts take memory; a compressed file is one.
    is_compressed = file.suffix in (".gz", ".zst")
    has_long_texts = any(line.count(options.quote) % 2 for line in head.splitlines()[:-1])
    is_small = file.stat().st_size <= _MAX_SMALL
    largest = _LONG_LINE if is_small else _LONGER_THAN_USUAL
    takes_parts = not is_compressed and (is_small or has_long_texts)
    return f", max_line_size = {largest}" if takes_parts else ""


def _read_object(file: Path) -> str:
    return f"read_json({literal(str(file))}, format = 'auto', maximum_object_size = {_MAX_JSON})"


def _not_a_table(path: Path) -> MlpathError:
    return MlpathError(
        f"{path} is not a table: no delimiter fits its lines",
        hint="Export it as CSV, with one header line and the same number of cells in each line.",
    )


def read_error(source: TableSource, error: duckdb.Error) -> MlpathError:
    """Return the message for a table that DuckDB can't read."""
    text = str(error)
    if "sniffing" in text:
        text = _locate_error(source.table) or text
    return _explain(source.path, text)


def _explain(path: Path, text: str) -> MlpathError:
    line = re.search(r"Error on Line: (\d+)", text)
    where = f"line {int(line[1]):,}" if line else "a line"
    if counts := re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text):
        return MlpathError(
            f"{path}: {where} has {counts[2]} cells, the others {counts[1]}",
            hint="Quote texts that contain the delimiter; remove remarks above or below the table.",
        )
    if "nterminated" in text or "quote should be followed" in text:
        return MlpathError(
            f"{path}: a quote in {where} is not closed",
            hint='Double a quote inside a text: "she said ""no"""',
        )
    if "sniffing" in text:
        return _not_a_table(path)
    reason = text.strip().partition("\n")[0] or "DuckDB failed"
    return MlpathError(f"{path} can't be read: {reason}", hint="Export it as CSV again.")


def _locate_error(table: Table) -> str:
    """Return the error that names the line: with given columns, DuckDB doesn't sniff."""
    function = table.source.removesuffix(")")
    try:
        loose = Table(table.database, f"{function}, ignore_errors = true)")
        columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in loose.columns())
        exact = f"{function}, auto_detect = false, columns = {{{columns}}})"
        Table(table.database, exact).aggregate("count(COLUMNS(*))")
    except duckdb.Error as error:
        return str(error)
    return ""


@contextmanager
def _readable_file(path: Path, file_format: FileFormat, options: ReadOptions) -> Iterator[Path]:
    """Yield a file that DuckDB reads: the file itself, or a copy in UTF-8."""
    convert = (
        options.encoding not in _NATIVE_ENCODINGS
        or options.mixed_line_ends
        or options.delimiter == WHITESPACE
    )
    compression = file_format.compression
    if compression == "zst" and convert:
        raise MlpathError(f"{path} is not UTF-8", hint="Unpack it first: unzstd FILE")
    suffix = {"gz": ".gz", "zst": ".zst"}.get(compression, "")
    if not convert and compression != "zip" and path.name.lower().endswith(suffix):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="mlpath-") as folder:
        if not convert and suffix:
            # DuckDB unpacks by the file name.
            file = Path(folder, f"table{suffix}")
            file.symlink_to(path.resolve())
        else:
            file = Path(folder, f"table.{file_format.format}")
            with open_unpacked(path, file_format.compression, file_format.member) as unpacked:
                _copy(unpacked, file, options, convert=convert)
        yield file


def _copy(unpacked: IO[bytes], file: Path, options: ReadOptions, *, convert: bool) -> None:
    if not convert:
        with file.open("wb") as copy:
            shutil.copyfileobj(unpacked, copy)
        return
    whitespace = options.delimiter == WHITESPACE
    with (
        io.TextIOWrapper(unpacked, encoding=options.encoding) as text,
        file.open("w", encoding="utf-8", newline="\n") as copy,
    ):
        for line in text:
            copy.write(_tab_delimited(line) if whitespace else line)


def _tab_delimited(line: str) -> str:
    """Replace each run of blanks outside quotes by a tab."""
    return _QUOTED_OR_BLANKS.sub(lambda match: match[1] or "\t", line.strip()) + "\n"
