"""Inspect a data set: the stages in their order."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from mlpath.dataset import detect, header, images, sql
from mlpath.dataset.dialect import NotUtf8Error, open_table
from mlpath.dataset.infer import Request, infer_project
from mlpath.dataset.profile import profile_table
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlpath.dataset.detect import FileFormat
    from mlpath.dataset.results import DatasetProfile


def inspect(
    path: Path, target: str | None = None, *, domain: str | None = None, task: str | None = None
) -> DatasetProfile:
    """Return the profile of a data set, with the project that it suggests.

    Args:
        path: A table, or a folder or zip archive with one sub-folder of images per class.
        target: Column to predict; None to infer it.
        domain: Domain of the project; None to infer it.
        task: classification or regression; None to infer it.

    Raises:
        MlpathError: The data can't be read, or has nothing to learn.
    """
    path = _expanded(path)
    file_format = detect.detect_format(path)
    if file_format.format == "images":
        if domain not in {None, "vision"}:
            raise MlpathError(
                f"{path} contains images, which domain {domain!r} can't use",
                hint="Leave out the domain, or use a table.",
            )
        return images.inspect_images(path, file_format, target)
    if domain == "vision":
        raise MlpathError(
            f"{path} is a table, not images",
            hint="For images, use a folder or zip with one sub-folder per class.",
        )
    before = detect.file_state(path)
    profile = _inspect_any_encoding(path, file_format, Request(target, domain, task))
    if detect.file_state(path) != before:
        raise MlpathError(
            f"{path} changed while it was read",
            hint="Wait until nothing writes to it, or copy it first; then try again.",
        )
    return replace(profile, notes=(*_file_notes(path, profile), *profile.notes))


def _expanded(path: Path) -> Path:
    """Return a path that has a name and that DuckDB doesn't expand."""
    path = Path(os.path.expanduser(path))  # noqa: PTH111 - keeps ~b.csv if there is no user b.csv
    if path.parts[:1] and path.parts[0].startswith("~"):
        path = path.absolute()
    return path.resolve() if path.name in {"", ".."} else path


def _file_notes(path: Path, profile: DatasetProfile) -> Iterator[str]:
    if path.is_symlink():
        yield f"{path} is a link to {path.resolve()}."
    encoding = profile.read_options.encoding if profile.read_options else "utf-8"
    if not encoding.startswith("utf"):
        yield f"The encoding is not declared; detected {encoding}."


def _inspect_any_encoding(path: Path, file_format: FileFormat, request: Request) -> DatasetProfile:
    try:
        return _inspect_table(path, file_format, request)
    except NotUtf8Error:
        # The beginning was UTF-8, and a later block is not.
        block = detect.first_non_utf8_block(path, file_format)
        encoding = detect.detect_encoding(path, block)
        if encoding == file_format.encoding:
            raise detect.unknown_encoding(path) from None
        return _inspect_table(path, replace(file_format, encoding=encoding), request)


def _inspect_table(path: Path, file_format: FileFormat, request: Request) -> DatasetProfile:
    with (
        sql.connect() as database,
        _readable_errors(path),
        open_table(database, path, file_format) as source,
    ):
        table, sample = profile_table(source, path.stat().st_size)
        profile = infer_project(sample, table, request)
    names = [column.name for column in profile.columns]
    remarks = header.notes(file_format.head, source.options, names)
    return replace(profile, notes=(*file_format.notes, *remarks, *profile.notes))


@contextmanager
def _readable_errors(path: Path) -> Iterator[None]:
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
