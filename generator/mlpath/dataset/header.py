"""The lines above the rows: names that they give or lack, and what is passed over."""

from __future__ import annotations

import contextlib
import csv
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlpath.dataset.findings import Reading

ROW_NAMES = "rownames"
"""What the column is called that the header does not name."""
ROWS = 20
"""Below a header that are looked at."""
_LONGEST_SHOWN = 60


def of_named_rows(lines: list[str], delimiter: str, quote: str) -> tuple[str, ...]:
    """Return the columns of a table whose header names all but the first, as R writes it.

    Args:
        lines: One that may be such a header, and the rows below it.
        delimiter: Between the columns.
        quote: Around a text that holds the delimiter.

    Returns:
        The names, `rownames` first; none if there is no such header.
    """
    with contextlib.suppress(csv.Error):
        first, *rows = csv.reader(lines[: ROWS + 1], delimiter=delimiter, quotechar=quote)
        names = [cell.strip() for cell in first]
        if _names_all_but_one(names, rows):
            return tuple(_unique([ROW_NAMES, *names]))
    return ()


def _names_all_but_one(names: list[str], rows: list[list[str]]) -> bool:
    wide = all(len(row) == len(names) + 1 for row in rows)
    # A delimiter at the end of each row makes it longer, too; and row names never come twice.
    filled = any(row[-1].strip() for row in rows)
    named = len({row[0] for row in rows}) == len(rows) > 0
    return wide and filled and named and all(names) and not any(map(is_number, names))


def _unique(names: list[str]) -> list[str]:
    """Make names differ, without regard to case, by the suffix that DuckDB gives."""
    found: dict[str, str] = {}
    for name in names:
        number, one = 0, name
        while one.lower() in found:
            number += 1
            one = f"{name}_{number}"
        found[one.lower()] = one
    return list(found.values())


def is_number(word: str) -> bool:
    """Tell whether a word is written as a number."""
    with contextlib.suppress(ValueError):
        float(word)
        return True
    return False


def notes(head: str, reading: Reading, columns: list[str]) -> list[str]:
    """Return what a person should know of the lines above the rows.

    Args:
        head: The first text of the file.
        reading: How the file is read.
        columns: The names that its columns have got.
    """
    found = []
    above = reading.skip - bool(reading.names)
    if above:
        what = "line is" if above == 1 else f"{above} lines are"
        # Of a file that DuckDB alone can unpack there is no text at hand.
        shown = " ".join(next(iter(head.splitlines()), "").split())[:_LONGEST_SHOWN]
        found.append(f"The first {what} passed over{f': {shown!r}' if shown else ''}.")
    if reading.names:
        found.append(
            f"The header has one name fewer than the rows have cells; {ROW_NAMES!r} is the first."
        )
    elif reading.format == "csv" and reading.header:
        numbers = [name for name in columns if is_number(name) and not _is_year(name)]
        if numbers:
            some = ", ".join(map(repr, numbers[:4]))
            found.append(
                f"The first line names columns {some}: if it is no header, put one above it."
            )
    return found


def _is_year(name: str) -> bool:
    return name.isdecimal() and 1000 <= int(name) <= 2200  # noqa: PLR2004 - as long as years have been
