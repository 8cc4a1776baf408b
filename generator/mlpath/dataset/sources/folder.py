"""Write a folder of tables that have the same columns as one table."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from mlpath.dataset import detect, dialect, images, sql
from mlpath.dataset.sources import cache, files
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from mlpath.dataset.sources.cache import Entry
    from mlpath.dataset.sources.results import DownloadOptions


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
        copies, formats, columns = [], [], []
        for number, name in enumerate(names):
            copies.append(Path(scratch, f"{number}.parquet"))
            file_format, header = _copy(database, path / name, copies[-1])
            formats.append(file_format)
            columns.append(header)
            if problem := _difference(
                (names[0], formats[0], columns[0]), (name, file_format, header)
            ):
                raise MlpathError(
                    f"{path} is not one table: {problem}",
                    hint=f"Use one file, such as {path / names[0]}, or a folder of files with the "
                    "same columns.",
                )
        suffix = "csv" if formats[0] == "csv" else "parquet"
        listed = ", ".join(sql.literal(str(copy)) for copy in copies)
        rows = f"SELECT * FROM read_parquet([{listed}], union_by_name = true)"  # noqa: S608
        with dialect.readable_errors(path):
            _write(database, rows, entry.partial, suffix)
    table, _ = entry.finish(f"{path.resolve().name}.{suffix}")
    return table, f"{len(names)} files"


def tables(path: Path) -> list[str]:
    """Return the paths of the tables below a folder, relative to it."""
    found = (file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file())
    return files.certain_tables(sorted(name for name in found if not detect.is_system_file(name)))


def _copy(
    database: duckdb.DuckDBPyConnection, path: Path, copy: Path
) -> tuple[str, tuple[str, ...]]:
    """Copy a table without titles and in UTF-8; return its format and columns."""
    file_format = detect.detect_format(path)
    with (
        dialect.readable_errors(path),
        dialect.open_table(database, path, file_format) as source,
    ):
        try:
            _write(database, f"SELECT * FROM {source.table.source}", copy, "parquet")  # noqa: S608
            return file_format.format, tuple(source.table.columns())
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:
            raise dialect.read_error(source, error) from None


def _write(database: duckdb.DuckDBPyConnection, rows: str, file: Path, suffix: str) -> None:
    database.execute(f"COPY ({rows}) TO {sql.literal(str(file))} (FORMAT {suffix})")


def _difference(
    first: tuple[str, str, tuple[str, ...]], other: tuple[str, str, tuple[str, ...]]
) -> str:
    """Return how a table, given as name, format and columns, differs from the first one."""
    (name, file_format, columns), (other_name, other_format, other_columns) = first, other
    if other_format != file_format:
        return f"{name} is {file_format}, and {other_name} is {other_format}"
    for column in columns:
        if column not in other_columns:
            return f"{other_name} has no column {column!r}, which {name} has"
    for column in other_columns:
        if column not in columns:
            return f"{other_name} has a column {column!r}, which {name} has not"
    return ""
