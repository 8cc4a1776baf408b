"""Write the rows of a JSON object that are not a list at its top as JSON lines.

They may lie deeper, or be in the forms of `DataFrame.to_json`: columns, index, list or split.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlpath.dataset.sources.cache import Entry
    from mlpath.dataset.sources.results import DownloadOptions

    Rows = list[dict[str, Any]]

_MAX_BYTES = 1 << 26
"""Python takes about ten times as much memory."""
_MIN_ROWS = 10
"""Fewer objects with a name each are settings rather than rows."""
_INDEX = "index"


def is_table(path: Path) -> bool:
    """Return whether a file is one JSON object with rows elsewhere than in a list at its top."""
    document = _load(path)
    return sum(map(_is_list_of_objects, document.values())) != 1 and bool(_candidates(document))


def convert(path: Path, _part: str, entry: Entry, _options: DownloadOptions) -> tuple[Path, str]:
    """Write the rows as JSON lines.

    Raises:
        MlpathError: There are several lists of rows.
    """
    found = _candidates(_load(path))
    place, rows = max(found.items(), key=lambda item: len(item[1]))
    if len(found) > 1:
        shown = ", ".join(f"{name} ({len(each):,} rows)" for name, each in list(found.items())[:6])
        raise MlpathError(
            f"{path} has {len(found)} lists of rows: {shown}",
            hint=f"Write the one to use to a file: jq .{place} FILE > NEW.json",
        )
    entry.start()
    with entry.partial.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    table, _ = entry.finish(f"{path.stem}.jsonl")
    return table, f"rows of {place}" if place else ""


def _load(path: Path) -> dict[str, Any]:
    """Return the only object of a file; empty if it is of another form, such as JSON lines."""
    if path.stat().st_size > _MAX_BYTES:
        return {}
    with contextlib.suppress(ValueError, RecursionError), path.open("rb") as file:
        first, second = file.readline(), file.readline()
        if not (second.strip() and _is_document(first)):
            file.seek(0)
            document = json.loads(file.read())
            return document if isinstance(document, dict) else {}
    return {}


def _is_document(line: bytes) -> bool:
    with contextlib.suppress(ValueError):
        return bool(json.loads(line))
    return False


def _candidates(document: dict[str, Any]) -> dict[str, Rows]:
    """Return what may be the rows of an object, by its place."""
    place = ""
    while len(document) == 1 and isinstance(value := next(iter(document.values())), dict):
        place, document = f"{place}.{next(iter(document))}".strip("."), value
    for form in (_rows_of_split, _rows_of_lists, _rows_of_objects):
        if rows := form(document):
            return {place: rows}
    return dict(_lists_below(document, place))


def _rows_of_split(document: dict[str, Any]) -> Rows:
    names, rows = document.get("columns"), document.get("data")
    if (
        not isinstance(names, list)
        or not isinstance(rows, list)
        or not all(isinstance(row, list) for row in rows)
    ):
        return []
    return [dict(zip(map(str, names), row, strict=False)) for row in rows]


def _rows_of_lists(document: dict[str, Any]) -> Rows:
    lists = [each for each in document.values() if isinstance(each, list) and each]
    is_table = len(lists) == len(document) and len({len(each) for each in lists}) == 1
    if not is_table or any(map(_is_list_of_objects, lists)):
        return []
    return [dict(zip(document, row, strict=True)) for row in zip(*lists, strict=True)]


def _rows_of_objects(document: dict[str, Any]) -> Rows:
    """Return rows, or columns with the same names of rows, that are objects; with their names."""
    values = _objects(document)
    if not values:
        return []
    names = list(values[0])
    if _are_columns(values, names):
        cells = zip(*(each.values() for each in values), strict=True)
        rows = [dict(zip(document, row, strict=True)) for row in cells]
        document = dict(zip(names, rows, strict=True))
    elif len(values) < _MIN_ROWS or not set(names).intersection(*values):
        return []
    if list(document) == list(map(str, range(len(document)))):
        return list(document.values())
    return [{_INDEX: name, **row} for name, row in document.items()]


def _objects(document: dict[str, Any]) -> Rows:
    values = list(document.values())
    return values if all(isinstance(each, dict) and each for each in values) else []


def _are_columns(values: Rows, names: list[str]) -> bool:
    is_long = len(names) >= max(_MIN_ROWS, len(values) + 1)
    return is_long and all(list(each) == names for each in values)


def _lists_below(value: Any, place: str) -> Iterator[tuple[str, Rows]]:
    """Yield the place and the objects of each list of objects."""
    if _is_list_of_objects(value):
        yield place, value
    elif isinstance(value, dict):
        for key, child in value.items():
            yield from _lists_below(child, f"{place}.{key}".strip("."))


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value)
