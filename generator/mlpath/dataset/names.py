"""Names: of columns in code, of columns for people, and of files."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# Gradio's client has these as parameters of its own, and the API names each input.
_TAKEN = {"self", "args", "kwargs", "api_name", "fn_index", "request", "row", "index", "none"}
_LONGEST = 60


def keys(names: Iterable[str]) -> list[str]:
    """Return an identifier for each name, no two alike."""
    found: dict[str, None] = {}
    for position, name in enumerate(names):
        key = _key(name) or f"column_{position + 1}"
        number, unique = 2, key
        while unique in found:
            unique, number = f"{key}_{number}", number + 1
        found[unique] = None
    return list(found)


def _key(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    # "MonthlyCharges" has words, too.
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain)
    key = re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_").lower()[:_LONGEST].rstrip("_")
    if key[:1].isdigit():
        key = f"n_{key}"
    if keyword.iskeyword(key) or keyword.issoftkeyword(key) or key in _TAKEN:
        key = f"{key}_"
    return f"{key}_" if hasattr(builtins, key) else key


def label(name: str) -> str:
    """Return a name as people read it."""
    words = " ".join(re.sub(r"_+", " ", name).split()) or name
    return words[:1].upper() + words[1:]


def file_name(path: Path, suffix: str = "") -> str:
    """Return a name that every system and every quoting takes; mostly it is the file's own.

    Args:
        path: The file.
        suffix: What the content demands, for DuckDB unpacks by the name.
    """
    name = re.sub(r"[^\w.() -]", "_", path.name).strip(" .-") or "data"
    return name if name.lower().endswith(suffix) else name + suffix
