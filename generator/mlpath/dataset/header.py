"""Lines above the rows: the header, and lines that are skipped."""

from __future__ import annotations

import contextlib
import csv
from typing import TYPE_CHECKING

from mlpath.dataset.names import listed

if TYPE_CHECKING:
    from mlpath.dataset.results import ReadOptions

ROW_NAMES = "rownames"
"""Name of the column that the header doesn't name."""
SAMPLED_LINES = 20
_MAX_SHOWN = 60


def names_with_row_names(lines: list[str], delimiter: str, quote: str) -> tuple[str, ...]:
    """Return the columns of a table whose header names all but the first, as R writes it.

    Args:
        lines: A possible header, and the rows below it.
        delimiter: Column delimiter.
        quote: Quote character.

    Returns:
        The names, `rownames` first; empty for other headers.
    """
    with contextlib.suppress(csv.Error):
        header, *rows = csv.reader(lines[: SAMPLED_LINES + 1], delimiter=delimiter, quotechar=quote)
        names = [cell.strip() for cell in header]
        if _omits_row_names(names, rows):
            return tuple(_unique([ROW_NAMES, *names]))
    return ()


def _omits_row_names(names: list[str], rows: list[list[str]]) -> bool:
    longer = all(len(row) == len(names) + 1 for row in rows)
    # A trailing delimiter makes rows longer, too; and row names are unique.
    filled = any(row[-1].strip() for row in rows)
    unique = len({row[0] for row in rows}) == len(rows) > 0
    return longer and filled and unique and all(names) and not any(map(is_number, names))


def _unique(names: list[str]) -> list[str]:
    """Make names differ without regard to case, with the suffix that DuckDB uses."""
    by_lower: dict[str, str] = {}
    for name in names:
        number, unique = 0, name
        while unique.lower() in by_lower:
            number += 1
            unique = f"{name}_{number}"
        by_lower[unique.lower()] = unique
    return list(by_lower.values())


def is_number(word: str) -> bool:
    """Return whether a word is written as a number."""
    with contextlib.suppress(ValueError):
        float(word)
        return True
    return False


def notes(head: str, options: ReadOptions, columns: list[str]) -> list[str]:
    """Return remarks on the lines above the rows.

    Args:
        head: Beginning of the file.
        options: How the file is read.
        columns: Names of its columns.
    """
    remarks = []
    if skipped := options.skip - bool(options.names):
        lines = "line is" if skipped == 1 else f"{skipped} lines are"
        # DuckDB alone can unpack zstd, so there is no text of such a file.
        shown = " ".join(next(iter(head.splitlines()), "").split())[:_MAX_SHOWN]
        remarks.append(f"The first {lines} skipped{f': {shown!r}' if shown else ''}.")
    if options.names:
        remarks.append(
            f"The header has one name fewer than the rows have cells; the first column is "
            f"{ROW_NAMES!r}."
        )
    elif numbers := _numeric_names(options, columns):
        remarks.append(
            f"The first line names columns {listed(numbers[:4])}; if it is not a header, add one "
            "above it."
        )
    return remarks


def _numeric_names(options: ReadOptions, columns: list[str]) -> list[str]:
    if options.format != "csv" or not options.header:
        return []
    return [name for name in columns if is_number(name) and not _is_year(name)]


def _is_year(name: str) -> bool:
    return name.isdecimal() and 1000 <= int(name) <= 2200  # noqa: PLR2004
