"""Make names: identifiers and labels of columns, and file names."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

# Names of parameters of Gradio's client, which has one parameter per input of the API.
_RESERVED = {
    "self", "args", "kwargs", "api_name", "fn_index", "request", "row", "index", "none",
}  # fmt: skip
_MAX_LENGTH = 60


def keys(names: Iterable[str]) -> list[str]:
    """Return a unique identifier for each name."""
    unique: dict[str, None] = {}
    for position, name in enumerate(names):
        base = _key(name) or f"column_{position + 1}"
        number, key = 2, base
        while key in unique:
            key, number = f"{base}_{number}", number + 1
        unique[key] = None
    return list(unique)


def _key(name: str) -> str:
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", ascii_name)
    key = re.sub(r"[^A-Za-z0-9]+", "_", words).strip("_").lower()[:_MAX_LENGTH].rstrip("_")
    if key[:1].isdigit():
        key = f"n_{key}"
    reserved = keyword.iskeyword(key) or keyword.issoftkeyword(key) or key in _RESERVED
    if reserved:
        key = f"{key}_"
    return f"{key}_" if hasattr(builtins, key) else key


def label(name: str) -> str:
    """Return a name as a label for people."""
    words = " ".join(re.sub(r"_+", " ", name).split()) or name
    return words[:1].upper() + words[1:]


def listed(names: Sequence[str]) -> str:
    """Return names for a message."""
    return ", ".join(map(repr, names))


def file_name(path: Path, suffix: str = "") -> str:
    """Return a file name that is valid on every system; usually the file's own.

    `suffix` is what its format requires, since DuckDB unpacks by the name.
    """
    name = re.sub(r"[^\w.() -]", "_", path.name).strip(" .-") or "data"
    return name if name.lower().endswith(suffix) else name + suffix
