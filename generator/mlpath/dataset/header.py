"""Lines above the rows: the header, and lines that are skipped."""

from __future__ import annotations

import contextlib
import csv
from itertools import chain, count, pairwise
from typing import TYPE_CHECKING, NamedTuple

from mlpath.dataset.names import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlpath.dataset.results import ReadOptions

ROW_NAMES = "rownames"
"""Name of the column that the header doesn't name."""
SAMPLED_LINES = 200
_MAX_SHOWN = 60
_MAX_NAME_WORDS = 5
_MIN_NUMERIC_NAMES = 3


class Layout(NamedTuple):
    """Where the rows of a file begin, and where their names come from."""

    skip: int
    """Lines above the header, or above the rows if there are `names`."""
    header: bool
    names: tuple[str, ...] = ()
    """Column names, where the header has more or fewer names than the rows have cells."""


def parse_rows(lines: list[str], delimiter: str, quote: str) -> list[list[str]]:
    """Return the cells of lines, without blanks around them; none if a quote is not closed."""
    with contextlib.suppress(csv.Error):
        reader = csv.reader(lines, delimiter=delimiter, quotechar=quote)
        return [[cell.strip() for cell in row] for row in reader]
    return []


def detect_layout(rows: list[list[str]], sniffed: Layout) -> Layout:
    """Return the layout of a file, given its rows below the lines that the sniffer skips.

    The sniffer compares only their types.
    """
    titles = _count_titles(rows)
    skip, rows = sniffed.skip + titles, rows[titles:]
    if names := names_of_another_width(rows):
        return Layout(skip + 1, header=False, names=names)
    is_header = sniffed.header and not titles and not _is_a_row(rows)
    return Layout(skip, header=is_header or _looks_like_header(rows))


def _count_titles(rows: list[list[str]]) -> int:
    """Return how many rows above the header are blank, or have texts in few of their cells."""
    is_filled = (any(row[1:]) and 2 * sum(map(bool, row)) >= len(row) for row in rows)
    titles = next((n for n, filled in enumerate(is_filled) if filled), 0)
    return titles if any(len(row) > 1 for row in rows[:titles]) else 0


def _looks_like_header(rows: list[list[str]]) -> bool:
    columns = _used_columns(rows)
    names = [name for name, _ in columns if name]
    unique = len({name.lower() for name in names}) == len(names) >= max(len(columns) - 1, 1)
    if len(rows) < 2 or not unique or all(map(is_number, names)):  # noqa: PLR2004
        return False
    is_sequence = _is_sequence([int(name) for name in names if name.isdecimal()])
    return all(_can_name(name, values, is_sequence=is_sequence) for name, values in columns)


def _used_columns(rows: list[list[str]]) -> list[tuple[str, list[str]]]:
    """Return the columns as pairs of the first cell and the others, without empty columns."""
    width = len(rows[0]) if rows else 0
    columns = zip(*(row for row in rows if len(row) == width), strict=True)
    return [(name, values) for name, *values in columns if name or any(values)]


def _is_a_row(rows: list[list[str]]) -> bool:
    """Return whether the first row of a table of texts has a text that occurs below it."""
    first, *below = rows or [[]]
    columns = list(zip(*(row for row in below if row != first), strict=False))
    pairs = list(zip(first, columns, strict=False))
    has_numbers = any(all(map(is_number, filter(None, values))) for _, values in pairs)
    return not has_numbers and any(name in values for name, values in pairs if name)


def _is_sequence(numbers: list[int]) -> bool:
    """Return whether numbers are ascending years, or at least three consecutive integers."""
    steps = {after - before for before, after in pairwise(numbers)}
    is_counter = steps == {1} and len(numbers) >= _MIN_NUMERIC_NAMES
    return is_counter or (min(steps, default=0) > 0 and all(map(_is_year, numbers)))


def _can_name(name: str, values: Sequence[str], *, is_sequence: bool) -> bool:
    if is_number(name):
        others = sum(not _is_year(value) for value in values)
        fractions = sum("." in value for value in values)
        is_sequence = is_sequence and 2 * others > len(values)
        return name.isdecimal() and (is_sequence or 2 * fractions > len(values))
    fewest_words = min((len(value.split()) for value in values), default=0)
    return name not in values and len(name.split()) <= max(_MAX_NAME_WORDS, fewest_words - 1)


def names_of_another_width(rows: list[list[str]]) -> tuple[str, ...]:
    """Return the columns where the header has more or fewer cells than the rows below it.

    R's header names all columns but the first; others have empty names at their end.
    """
    header, *below = rows or [[]]
    widths = {len(row) for row in below if row}
    width = widths.pop() if len(widths) == 1 else 0
    if width == len(header) + 1 and _omits_row_names(header, below):
        return tuple(_unique([ROW_NAMES, *header]))
    excess = 1 < width < len(header) and not any(header[width:])
    return tuple(_unique(header[:width])) if excess else ()


def _omits_row_names(names: list[str], rows: list[list[str]]) -> bool:
    # A trailing delimiter makes rows longer, too; and row names are unique.
    filled = any(row[-1] for row in rows)
    unique = len({row[0] for row in rows}) == len(rows)
    return filled and unique and all(names) and not any(map(is_number, names))


def _unique(names: list[str]) -> list[str]:
    """Make names differ without regard to case, with the suffix that DuckDB uses."""
    unique: dict[str, str] = {}
    for name in names:
        variants = chain([name], (f"{name}_{number}" for number in count(1)))
        free = next(variant for variant in variants if variant.lower() not in unique)
        unique[free.lower()] = free
    return list(unique.values())


def is_number(word: str) -> bool:
    """Return whether a word is written as a number."""
    with contextlib.suppress(ValueError):
        float(word)
        return True
    return False


def notes(head: str, options: ReadOptions, columns: list[str]) -> list[str]:
    """Return remarks on the lines above the rows; `head` is the beginning of the file."""
    remarks = []
    if skipped := options.skip - bool(options.names):
        lines = "line is" if skipped == 1 else f"{skipped} lines are"
        # DuckDB alone can unpack zstd, so there is no text of such a file.
        shown = " ".join(next(iter(head.splitlines()), "").split())[:_MAX_SHOWN]
        remarks.append(f"The first {lines} skipped{f': {shown!r}' if shown else ''}.")
    if options.names[:1] == (ROW_NAMES,):
        remarks.append(
            f"The header has one name fewer than the rows have cells; the first column is "
            f"{ROW_NAMES!r}."
        )
    elif options.format == "csv" and options.header and (numbers := _odd_numbers(columns)):
        remarks.append(
            f"The first line names columns {listed(numbers[:4])}; if it is not a header, add one "
            "above it."
        )
    return remarks


def _odd_numbers(columns: list[str]) -> list[str]:
    """Return the names that are numbers, unless they are years or a sequence."""
    numbers = [name for name in columns if is_number(name) and not _is_year(name)]
    is_sequence = all(map(str.isdecimal, numbers)) and _is_sequence(list(map(int, numbers)))
    return [] if is_sequence else numbers


def _is_year(name: str | int) -> bool:
    return str(name).isdecimal() and 1000 <= int(name) <= 2200  # noqa: PLR2004
