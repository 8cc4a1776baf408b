"""Choose the file of a repository of files that is the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlpath.dataset import detect
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Iterable

_AMBIGUOUS = (".json", ".txt", ".dat", ".data")
"""Suffixes that settings and descriptions have, too."""
_PACKED = ("", ".gz", ".zst", ".zip")
_MAX_LISTED = 6


def choose(names: Iterable[str], label: str) -> str | None:
    """Return the only table of a repository; None if it has images instead.

    Args:
        names: Paths of its files.
        label: Its address without a file.

    Raises:
        MlpathError: It has several tables, or neither tables nor images.
    """
    visible = sorted(name for name in names if not detect.is_system_file(name))
    tables = _tables(visible)
    if len(tables) == 1:
        return tables[0]
    if tables:
        listed = ", ".join(tables[:_MAX_LISTED]) + (", ..." if len(tables) > _MAX_LISTED else "")
        raise MlpathError(
            f"{label} has {len(tables)} tables: {listed}", hint=f"Name one: {label}/{tables[0]}"
        )
    if not _with_suffix(visible, detect.IMAGE_SUFFIXES):
        raise MlpathError(
            f"{label} has no table and no images", hint="Use another data set, or name a file."
        )
    return None


def _tables(names: list[str]) -> list[str]:
    """Return the tables, of the least ambiguous kind that there is."""
    tables = certain_tables(names) or _with_suffix(names, [".zip"])
    images = _with_suffix(names, detect.IMAGE_SUFFIXES)
    tables = tables or _with_suffix(names, detect.CONVERTED_SUFFIXES)
    return tables or ([] if images else _with_suffix(names, _AMBIGUOUS))


def certain_tables(names: list[str]) -> list[str]:
    """Return the tables whose suffix is not that of settings and descriptions, too."""
    return _with_suffix(
        names, [suffix for suffix in detect.TABLE_SUFFIXES if suffix not in _AMBIGUOUS]
    )


def _with_suffix(names: list[str], suffixes: Iterable[str]) -> list[str]:
    endings = tuple(suffix + packing for suffix in suffixes for packing in _PACKED)
    return [name for name in names if name.lower().endswith(endings)]
