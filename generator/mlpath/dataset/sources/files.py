"""Choose the file of a repository of files that is the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlpath.dataset import detect
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Iterable

_AMBIGUOUS = (".json", ".txt", ".dat", ".data")
"""Suffixes that settings and descriptions have, too."""
_MAX_LISTED = 6


def choose(names: Iterable[str], label: str, file: str = "") -> str | None:
    """Return the named file of a repository, or its only table; None if it has images instead.

    Args:
        names: Paths of its files.
        label: Its address without a file.
        file: Path of the file; empty for the only table.

    Raises:
        MlpathError: There is no such file, or there are several tables, or neither tables nor
            images.
    """
    visible = sorted(name for name in names if not detect.is_system_file(name))
    listed = ", ".join(visible[:_MAX_LISTED])
    if file:
        if file not in visible:
            raise MlpathError(f"{label}: no such file in the data set", hint=f"It has: {listed}")
        return file
    tables = _tables(visible)
    if len(tables) > 1:
        listed = ", ".join(tables[:_MAX_LISTED]) + (", ..." if len(tables) > _MAX_LISTED else "")
        raise MlpathError(
            f"{label} has {len(tables)} tables: {listed}", hint=f"Name one: {label}/{tables[0]}"
        )
    if not tables and not _with_suffix(visible, detect.IMAGE_SUFFIXES):
        raise MlpathError(
            f"{label} has no table and no images", hint="Use another data set, or name a file."
        )
    return tables[0] if tables else None


def _tables(names: list[str]) -> list[str]:
    tables = certain_tables(names) or _with_suffix(names, [".zip"])
    images = _with_suffix(names, detect.IMAGE_SUFFIXES)
    tables = tables or _with_suffix(names, detect.CONVERTED_SUFFIXES)
    return tables or ([] if images else _with_suffix(names, _AMBIGUOUS))


def certain_tables(names: list[str]) -> list[str]:
    """Return the tables whose suffix is not that of settings and descriptions, too."""
    return _with_suffix(names, [each for each in detect.TABLE_SUFFIXES if each not in _AMBIGUOUS])


def _with_suffix(names: list[str], suffixes: Iterable[str]) -> list[str]:
    packings = ("", ".gz", ".zst", ".zip")
    return detect.with_suffix(names, tuple(s + packing for s in suffixes for packing in packings))
