"""Convert spreadsheets, Arrow and SQLite files, and folders of tables to a file that projects read.

Each kind has a module with a function `convert(path, part, entry, options)`, which writes to an
entry of `cache` and returns the file and what it was made of, such as `sheet Orders`.
"""

from __future__ import annotations

import os
import re
import zipfile
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

from mlpath.dataset import detect
from mlpath.dataset.sources import cache, folder, json_object
from mlpath.dataset.sources.results import FetchedDataset, Provenance
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from pathlib import Path

    from mlpath.dataset.sources.results import DownloadOptions

_MAGIC = {
    b"SQLite format 3\0": "database", b"ARROW1": "arrow", b"FEA1": "arrow",
    b"\xff\xff\xff\xff": "arrow", b"\xd0\xcf\x11\xe0": "spreadsheet",
}  # fmt: skip
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
_PART = re.compile(
    r"(https?:[^#]*|"
    rf".+?(?:{'|'.join(map(re.escape, detect.PARTED_SUFFIXES))})(?:@[^#]*)?)#(.*)",
    re.IGNORECASE | re.DOTALL,
)


def split_part(source: str) -> tuple[str, str]:
    """Return a path or an address, and the sheet or table that follows its `#`."""
    match = _PART.fullmatch(source)
    if match is None or os.path.exists(source):  # noqa: PTH110 - false for a NUL character
        return source, ""
    return match[1], match[2]


def to_table(fetched: FetchedDataset, part: str, options: DownloadOptions) -> FetchedDataset:
    """Return a data set in a form that projects read, with the original in its provenance.

    Args:
        fetched: A file or folder.
        part: The sheet, table or query to use; empty for the only one.
        options: Limits.

    Raises:
        MlpathError: It can't be read, or it is not clear what to use.
    """
    path = detect.expand(fetched.path)
    detect.check_readable(path)
    kind = _kind(path)
    if part and fetched.provenance is None and kind not in {"spreadsheet", "database"}:
        raise MlpathError(f"{path} has no sheets or tables", hint=f"Leave out #{part}.")
    if kind is None:
        return fetched
    if kind == "folder" and len(files := folder.tables(path)) == 1:
        return replace(fetched, path=path / files[0])
    before = detect.file_state(path)
    with cache.open_entry(f"{path.resolve()}#{part}") as entry:
        module = import_module(f"mlpath.dataset.sources.{kind}")
        file, origin = module.convert(path, part, entry, options)
    provenance = fetched.provenance or Provenance(path.name)
    sha256 = folder.hash_files(path) if kind == "folder" else cache.hash_file(path)
    if detect.file_state(path) != before:
        raise detect.changed(path)
    return replace(fetched, path=file, provenance=replace(provenance, part=origin, sha256=sha256))


def _kind(path: Path) -> str | None:
    """Return the module that converts a file or folder; None if projects read it as it is."""
    if path.is_dir():
        return "folder" if folder.is_table(path) else None
    with path.open("rb") as file:
        head = file.read(16)
    if head.startswith(b"PK"):
        return "spreadsheet" if _is_workbook(path) else None
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return "json_object" if json_object.is_table(path) else None
    return next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), None)


def _is_workbook(path: Path) -> bool:
    """Return whether a zip archive is an Excel or OpenDocument spreadsheet."""
    try:
        with zipfile.ZipFile(path) as archive:
            members, names = archive.infolist(), set(archive.namelist())
            is_ods = "mimetype" in names and archive.read("mimetype").startswith(_ODS)
    except (zipfile.BadZipFile, NotImplementedError, OSError, RuntimeError):
        return False  # `detect` reports it
    is_workbook = is_ods or not names.isdisjoint({"xl/workbook.xml", "xl/workbook.bin"})
    if is_workbook:
        detect.check_unpacked_size(path, members)
    return is_workbook
