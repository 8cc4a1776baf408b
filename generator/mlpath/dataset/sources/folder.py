"""Write a folder of tables that have the same columns as one table."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import duckdb

from mlpath.dataset import detect, dialect, images, sql
from mlpath.dataset.sources import cache, files
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from mlpath.dataset.sources.cache import Entry
    from mlpath.dataset.sources.results import DownloadOptions


class _Copy(NamedTuple):
    """A table of the folder, copied without titles and in UTF-8."""

    name: str
    file: Path
    format: str
    columns: list[str]


def is_table(path: Path) -> bool:
    """Return whether a folder has tables, and no images by class."""
    return not images.images_below(path) and bool(tables(path))


def hash_files(path: Path) -> str:
    """Return a SHA-256 of the names and contents of the tables."""
    total = hashlib.sha256()
    for name in tables(path):
        total.update(name.encode() + b"\0" + bytes.fromhex(cache.hash_file(path / name)))
    return total.hexdigest()


def convert(path: Path, _part: str, entry: Entry, _options: DownloadOptions) -> tuple[Path, str]:
    """Write the rows of all tables, in the order of their names, as CSV or Parquet.

    Raises:
        MlpathError: A table can't be read, or differs from the first one.
    """
    names = tables(path)
    entry.start()
    with tempfile.TemporaryDirectory(prefix="mlpath-") as scratch, sql.connect() as database:
        copies: list[_Copy] = []
        for number, name in enumerate(names):
            copies.append(_copy(database, path, name, Path(scratch, f"{number}.parquet")))
            if problem := _difference(copies[0], copies[-1]):
                raise MlpathError(
                    f"{path} is not one table: {problem}",
                    hint=f"Use one file, such as {path / names[0]}, or a folder of files with the "
                    "same columns.",
                )
        suffix = "csv" if copies[0].format == "csv" else "parquet"
        listed = ", ".join(sql.literal(str(copy.file)) for copy in copies)
        rows = f"SELECT * FROM read_parquet([{listed}], union_by_name = true)"  # noqa: S608
        with dialect.readable_errors(path):
            _write(database, rows, entry.partial, suffix)
    table, _ = entry.finish(f"{path.resolve().name}.{suffix}")
    return table, f"{len(names)} files"


def tables(path: Path) -> list[str]:
    """Return the paths of the tables below a folder, relative to it."""
    found = (file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file())
    return files.certain_tables(sorted(name for name in found if not detect.is_system_file(name)))


def _copy(database: duckdb.DuckDBPyConnection, folder: Path, name: str, copy: Path) -> _Copy:
    path = folder / name
    file_format = detect.detect_format(path)
    with dialect.readable_errors(path), dialect.open_table(database, path, file_format) as source:
        try:
            _write(database, f"SELECT * FROM {source.table.source}", copy, "parquet")  # noqa: S608
            return _Copy(name, copy, file_format.format, source.table.columns())
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:
            raise dialect.read_error(source, error) from None


def _write(database: duckdb.DuckDBPyConnection, rows: str, file: Path, suffix: str) -> None:
    database.execute(f"COPY ({rows}) TO {sql.literal(str(file))} (FORMAT {suffix})")


def _difference(first: _Copy, other: _Copy) -> str:
    """Return how a table differs from the first one."""
    if other.format != first.format:
        return f"{first.name} is {first.format}, and {other.name} is {other.format}"
    for column in first.columns:
        if column not in other.columns:
            return f"{other.name} has no column {column!r}, which {first.name} has"
    for column in other.columns:
        if column not in first.columns:
            return f"{other.name} has a column {column!r}, which {first.name} has not"
    return ""
