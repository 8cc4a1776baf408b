"""Write a sheet of an Excel or OpenDocument workbook to a CSV file."""

from __future__ import annotations

import csv
import re
import shlex
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import click
import python_calamine

from mlpath.dataset.names import listed
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mlpath.dataset.sources.cache import Entry
    from mlpath.dataset.sources.results import DownloadOptions

_MAX_EXACT = 1e15
"""Larger floats are not exact integers."""
_MAX_LISTED = 12
LARGE = 1 << 20
"""Bytes of a workbook from which on the progress is shown: it takes seconds."""


@dataclass(frozen=True)
class _Sheet:
    name: str
    visible: bool
    rows: list[list[str]]
    """Without blank rows and columns."""

    @property
    def is_table(self) -> bool:
        """Return whether there is more than a list of remarks: two rows with two cells."""
        return sum(sum(map(bool, row)) > 1 for row in self.rows) > 1


def convert(path: Path, part: str, entry: Entry, options: DownloadOptions) -> tuple[Path, str]:
    """Write a sheet to a CSV file.

    Args:
        path: The workbook.
        part: Name of the sheet; empty for the only one that has a table.
        entry: Where the file is written.
        options: Whether to show the progress.

    Raises:
        MlpathError: The workbook can't be read, or has several tables.
    """
    with _readable_errors(path), python_calamine.load_workbook(str(path)) as book:
        progress = options.progress and path.stat().st_size >= LARGE
        sheets = list(_sheets(book, progress=progress))
    sheet = _named(path, sheets, part) if part else _only_table(path, sheets)
    entry.start()
    with entry.partial.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(sheet.rows)
    name = f"{path.stem}-{sheet.name}" if part else path.stem
    table, _ = entry.finish(f"{name}.csv")
    return table, f"sheet {sheet.name}"


@contextmanager
def _readable_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except python_calamine.PasswordError:
        raise MlpathError(
            f"{path} is protected by a password", hint="Save a copy without a password."
        ) from None
    except python_calamine.CalamineError as error:
        reason = " ".join(str(error).split())
        raise MlpathError(
            f"{path} is damaged, or not a spreadsheet: {reason}",
            hint="Open it in a spreadsheet program, and save it as .xlsx or CSV.",
        ) from None


def _sheets(book: Any, *, progress: bool) -> Iterator[_Sheet]:
    for sheet in book.sheets_metadata:
        if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet:
            if progress:
                click.echo(f"Reading sheet {sheet.name} ...", err=True)
            table = book.get_sheet_by_name(sheet.name)
            with click.progressbar(
                table.iter_rows(), length=table.height, label="Converting rows", file=sys.stderr,
                hidden=not progress,
            ) as bar:  # fmt: skip
                rows = [list(map(_text, row)) for row in bar]
            visible = sheet.visible == python_calamine.SheetVisibleEnum.Visible
            yield _Sheet(sheet.name, visible, _without_blanks(rows))


def _without_blanks(rows: list[list[str]]) -> list[list[str]]:
    rows = [row for row in rows if any(row)]
    used = [any(column) for column in zip(*rows, strict=True)]
    return [[cell for cell, keep in zip(row, used, strict=True) if keep] for row in rows]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < _MAX_EXACT:
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(" ") if value.time() != time() else value.date().isoformat()
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    return re.sub(r"\s*[\r\n]\s*", " ", str(value)).strip()


def _named(path: Path, sheets: Sequence[_Sheet], name: str) -> _Sheet:
    """Return a sheet by its name, in any case."""
    same = [sheet for sheet in sheets if sheet.name == name]
    same += [sheet for sheet in sheets if sheet.name.casefold() == name.casefold()]
    if not same:
        names = listed([sheet.name for sheet in sheets][:_MAX_LISTED])
        raise MlpathError(f"{path} has no sheet {name!r}", hint=f"It has: {names}")
    if not same[0].rows:
        raise MlpathError(f"{path}: the sheet {same[0].name!r} is empty", hint="Use another one.")
    return same[0]


def _only_table(path: Path, sheets: Sequence[_Sheet]) -> _Sheet:
    """Return the only sheet with a table; hidden ones count if no other has one."""
    tables = _candidates(sheets)
    if not tables:
        raise MlpathError(
            f"{path} has only empty sheets", hint="Check whether it was saved completely."
        )
    if len(tables) > 1:
        shown = ", ".join(
            f"{each.name!r} ({len(each.rows):,} rows)" for each in tables[:_MAX_LISTED]
        )
        raise MlpathError(
            f"{path} has {len(tables)} sheets with tables: {shown}",
            hint=f"Name one: {shlex.quote(f'{path}#{tables[0].name}')}",
        )
    return tables[0]


def _candidates(sheets: Sequence[_Sheet]) -> list[_Sheet]:
    filled = [sheet for sheet in sheets if sheet.rows]
    tables = [sheet for sheet in filled if sheet.is_table] or filled
    return [sheet for sheet in tables if sheet.visible] or tables
