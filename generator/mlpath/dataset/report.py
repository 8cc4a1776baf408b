"""Report a profile as a table for the terminal, and as JSON."""

from __future__ import annotations

import json
import shutil
import textwrap
import unicodedata
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlpath.dataset.results import Column, DatasetProfile

    Style = Callable[..., str]

MAX_COLUMNS = 40
MAX_CLASSES = 8
_MAX_NAME = 24
_FIXED_WIDTH = 35
"""Of a line, without name and content of the column."""
_ROLE_STYLES: dict[str, dict[str, Any]] = {
    "target": {"fg": "green", "bold": True},
    "left_out": {"dim": True},
}


def to_json(profile: DatasetProfile) -> str:
    """Return a profile as JSON."""
    document = {**asdict(profile), "path": str(profile.path)}
    for column in document["columns"]:
        if column["type"] == "text" or column["role"] == "left_out":
            column["top_values"] = ()  # whole texts, or personal data
    return json.dumps(document, indent=2, ensure_ascii=False)


def format_profile(
    profile: DatasetProfile, style: Style = lambda text, **_: text, width: int = 0
) -> str:
    """Return a profile as a table that fits the terminal.

    Args:
        profile: Profile of a data set.
        style: Styles a text as `click.style` does.
        width: Columns of the terminal; 0 to detect them.
    """
    width = width or min(shutil.get_terminal_size((80, 24)).columns, 120)
    is_table = profile.kind == "table"
    lines = [style(_headline(profile), bold=True), ""]
    lines += _table(profile, style, width) if is_table else [_image_sizes(profile)]
    return "\n".join([*lines, "", *_findings(profile, style)])


def format_summary(profile: DatasetProfile, style: Style = lambda text, **_: text) -> str:
    """Return a profile without its columns."""
    return "\n".join([style(_headline(profile), bold=True), *_findings(profile, style)])


def _findings(profile: DatasetProfile, style: Style) -> list[str]:
    lines = list(_suggestion(profile, style))
    lines += [f"{style('unclear', fg='yellow')}  {text}." for text in profile.doubts]
    lines += [f"{style('note', fg='cyan')}     {text}" for text in profile.notes]
    return lines


def _headline(profile: DatasetProfile) -> str:
    rows = "images" if profile.kind == "images" else "rows"
    columns = f", {len(profile.columns)} columns" if profile.kind == "table" else ""
    name = profile.path.name or str(profile.path)
    return f"{name}: {profile.rows:,} {rows}{columns}, {format_size(profile.bytes)}"


def format_size(size: float) -> str:
    """Return a number of bytes for people."""
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:  # noqa: PLR2004
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _image_sizes(profile: DatasetProfile) -> str:
    formats, width, height = (profile.images[key] for key in ("formats", "width", "height"))
    return (
        f"  {', '.join(formats)}; {width[0]} to {width[2]} pixels wide (median {width[1]}), "
        f"{height[0]} to {height[2]} high (median {height[1]})"
    )


def _table(profile: DatasetProfile, style: Style, width: int) -> list[str]:
    shown = profile.columns[:MAX_COLUMNS]
    name_width = min(max(6, *(_width(column.name) for column in shown)), _MAX_NAME)
    content_width = max(width - name_width - _FIXED_WIDTH, 20)
    content = _fit("content, or why it is left out", content_width).rstrip()
    heads = (_fit("column", name_width), "type    ", "missing", "distinct", content)
    lines = ["  " + style("  ".join(heads), dim=True)]
    for column in shown:
        missing = f"{100 * column.missing / profile.rows:.1f}%" if column.missing else "-"
        cells = (
            _fit(column.name, name_width),
            f"{column.type:<8}",
            f"{missing:>7}",
            f"{column.distinct:>8,}",
        )
        before = "  " + "  ".join([*cells, ""])
        for text in _content_lines(column, content_width):
            lines.append(style(before + text, **_ROLE_STYLES.get(column.role, {})))
            before = " " * _width(before)
    if len(profile.columns) > MAX_COLUMNS:
        lines.append(f"  ... and {len(profile.columns) - MAX_COLUMNS:,} more (--json lists all)")
    return lines


def _content_lines(column: Column, width: int) -> list[str]:
    """Return the content of a column, cut to the width, or the whole reason in several lines."""
    if column.role != "left_out":
        return [_fit(_content(column), width).rstrip()]
    reason = f"left out: {_printable(column.reason)}"
    is_wide = _width(reason) > len(reason)
    return textwrap.wrap(reason, width // 2 if is_wide else width)


def _content(column: Column) -> str:
    role = f"{column.role.upper()}  " if column.role != "feature" else ""
    low, high = column.minimum, column.maximum
    if low is None or high is None or column.type not in {"number", "date"}:
        return role + ", ".join(value for value, _ in column.top_values[:6])
    if column.type == "date":
        return f"{role}{_day(low)} to {_day(high)}"
    median = f", median {column.median:g}" if column.median is not None else ""
    return f"{role}{low:g} to {high:g}{median}"


def _day(days: float) -> str:
    from datetime import date, timedelta  # noqa: PLC0415 - needed only for dates

    try:
        return (date(1970, 1, 1) + timedelta(days=int(days))).isoformat()
    except OverflowError:
        return f"day {days:g}"


def _suggestion(profile: DatasetProfile, style: Style) -> Iterator[str]:
    task = f" {profile.task}" if profile.task not in {None, "forecast"} else ""
    yield f"Suggested project: {style(profile.domain + task, bold=True)}"
    details = _target_details(profile)
    if profile.target:
        yield f"Target: {style(profile.target, fg='green')}{f' ({details})' if details else ''}"
    elif details:
        yield f"Classes: {details}"
    others = [name for name in profile.candidates if name != profile.target][:4]
    if others and profile.domain != "timeseries":
        yield f"Other possible targets: {', '.join(others)} (--target)"


def _target_details(profile: DatasetProfile) -> str:
    if profile.task == "classification":
        return _class_shares(profile)
    if profile.task != "forecast":
        return ""
    missing = f"{profile.missing_steps:,} missing" if profile.missing_steps else "complete"
    return f"{profile.frequency or 'irregular steps'}, {missing}"


def _class_shares(profile: DatasetProfile) -> str:
    total = max(sum(count for _, count in profile.classes), 1)
    shares = ", ".join(
        f"{name} {100 * count / total:.0f}%" for name, count in profile.classes[:MAX_CLASSES]
    )
    more = len(profile.classes) - MAX_CLASSES
    return f"{shares} and {more} more" if more > 0 else shares


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


def _fit(text: str, width: int) -> str:
    text = _printable(text)
    if _width(text) > width:
        while _width(text) > width - 1:
            text = text[:-1]
        text += "…"
    return text + " " * (width - _width(text))
