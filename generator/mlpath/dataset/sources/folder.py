"""Write a folder of tables that have the same columns as one table."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from mlpath.dataset import detect, dialect, images, sql
from mlpath.dataset.sources import cache, files
from mlpath.dataset.sources.results import ConvertedTable
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlpath.dataset.detect import FileFormat
    from mlpath.dataset.sources.cache import Entry
    from mlpath.dataset.sources.results import DownloadOptions


@dataclass(frozen=True)
class _Copy:
    """A table of the folder, copied without titles and in UTF-8."""

    file: Path
    format: str
    columns: tuple[str, ...]


def is_table(path: Path) -> bool:
    """Return whether a folder has tables, and no images by class."""
    return not images.has_classes(path) and bool(_tables(path))


def only_table(path: Path) -> Path | None:
    """Return the table of a folder that has one."""
    names = _tables(path)
    return path / names[0] if len(names) == 1 else None


def hash_files(path: Path) -> str:
    """Return a SHA-256 of the names and contents of the tables."""
    total = hashlib.sha256()
    for name in _tables(path):
        total.update(name.encode() + b"\0" + bytes.fromhex(cache.hash_file(path / name)))
    return total.hexdigest()


def convert(path: Path, _part: str, entry: Entry, _options: DownloadOptions) -> ConvertedTable:
    """Write the rows of all tables, in the order of their names, as CSV or Parquet.

    Raises:
        MlpathError: A table can't be read, or differs from the first one.
    """
    names = _tables(path)
    entry.start("", resumable=False)
    with tempfile.TemporaryDirectory(prefix="mlpath-") as scratch, sql.connect() as database:
        copies: list[_Copy] = []
        for number, name in enumerate(names):
            copy = _copy(database, path / name, Path(scratch, f"{number}.parquet"))
            _check_same(path, (names[0], copies[0] if copies else copy), (name, copy))
            copies.append(copy)
        suffix = "csv" if copies[0].format == "csv" else "parquet"
        listed = ", ".join(sql.literal(str(copy.file)) for copy in copies)
        rows = f"SELECT * FROM read_parquet([{listed}], union_by_name = true)"  # noqa: S608
        with dialect.readable_errors(path):
            _write(database, rows, entry.partial, suffix)
    table, _ = entry.finish(f"{path.resolve().name}.{suffix}")
    return ConvertedTable(table, f"{len(names)} files")


def _tables(path: Path) -> list[str]:
    """Return the paths of the tables below a folder, relative to it."""
    found = (file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file())
    return files.certain_tables(sorted(name for name in found if not detect.is_system_file(name)))


def _copy(database: duckdb.DuckDBPyConnection, path: Path, copy: Path) -> _Copy:
    def copy_table(file_format: FileFormat) -> _Copy:
        with dialect.open_table(database, path, file_format) as source:
            try:
                _write(database, f"SELECT * FROM {source.table.source}", copy, "parquet")  # noqa: S608
                columns = tuple(source.table.columns())
            except duckdb.OutOfMemoryException:
                raise
            except duckdb.Error as error:
                raise dialect.read_error(source, error) from None
        return _Copy(copy, file_format.format, columns)

    detect.check_readable(path)
    with dialect.readable_errors(path):
        return dialect.try_encodings(path, detect.detect_format(path), copy_table)


def _write(database: duckdb.DuckDBPyConnection, rows: str, file: Path, suffix: str) -> None:
    database.execute(f"COPY ({rows}) TO {sql.literal(str(file))} (FORMAT {suffix})")


def _check_same(folder: Path, first: tuple[str, _Copy], other: tuple[str, _Copy]) -> None:
    """Check that a table has the format and the columns of the first one.

    Raises:
        MlpathError: It has not.
    """
    (name, expected), (other_name, found) = first, other
    missing = _first_missing(expected.columns, found.columns)
    extra = _first_missing(found.columns, expected.columns)
    if found.format != expected.format:
        problem = f"{name} is {expected.format}, and {other_name} is {found.format}"
    elif missing is not None:
        problem = f"{other_name} has no column {missing!r}, which {name} has"
    elif extra is not None:
        problem = f"{other_name} has a column {extra!r}, which {name} has not"
    else:
        return
    raise MlpathError(
        f"{folder} is not one table: {problem}",
        hint=f"Use one file, such as {folder / name}, or a folder of files with the same columns.",
    )


def _first_missing(columns: Sequence[str], others: Sequence[str]) -> str | None:
    return next((column for column in columns if column not in others), None)
