"""Inspect a data set: the stages in their order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlpath.dataset import detect, header, images, sql
from mlpath.dataset.dialect import open_table, readable_errors
from mlpath.dataset.infer import Request, infer_project
from mlpath.dataset.profile import profile_table
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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
    path = detect.expand(path)
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
    profile = _inspect_table(path, file_format, Request(target, domain, task))
    if detect.file_state(path) != before:
        raise detect.changed(path)
    return replace(profile, notes=(*_file_notes(path, profile), *profile.notes))


def _file_notes(path: Path, profile: DatasetProfile) -> Iterator[str]:
    if path.is_symlink():
        yield f"{path} is a link to {path.resolve()}."
    encoding = profile.read_options.encoding if profile.read_options else "utf-8"
    if not encoding.startswith("utf"):
        yield f"The encoding is not declared; detected {encoding}."


def _inspect_table(path: Path, file_format: FileFormat, request: Request) -> DatasetProfile:
    with (
        sql.connect() as database,
        readable_errors(path),
        open_table(database, path, file_format) as source,
    ):
        table, sample = profile_table(source, path.stat().st_size)
        profile = infer_project(sample, table, request)
    names = [column.name for column in profile.columns]
    remarks = header.notes(file_format.head, source.options, names)
    return replace(profile, notes=(*file_format.notes, *remarks, *profile.notes))
