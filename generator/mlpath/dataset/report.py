"""The findings as a table for people, and as JSON for scripts."""

from __future__ import annotations

import json
import shutil
import unicodedata
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlpath.dataset.findings import Column, Findings

MOST_SHOWN = 40
_WIDEST_NAME = 24


def document(findings: Findings) -> dict[str, Any]:
    """Return the findings as JSON has them."""
    return {**asdict(findings), "path": str(findings.path)}


def as_json(findings: Findings) -> str:
    """Return the findings as one JSON document."""
    return json.dumps(document(findings), indent=2, ensure_ascii=False)


def text(
    findings: Findings, style: Callable[..., str] = lambda words, **_: words, width: int = 0
) -> str:
    """Return the findings as a table that fits a terminal.

    Args:
        findings: What was found.
        style: Colours a text, as `click.style` does.
        width: Of the terminal, in columns; 0: as wide as it is.
    """
    width = width or min(shutil.get_terminal_size((80, 24)).columns, 120)
    lines = [style(_headline(findings), bold=True), ""]
    lines += _pictures(findings) if findings.kind == "pictures" else _table(findings, style, width)
    lines += ["", *_verdict(findings, style)]
    for doubt in findings.doubts:
        lines.append(f"{style('doubt', fg='yellow')}  {doubt}.")
    for note in findings.notes:
        lines.append(f"{style('note', fg='cyan')}   {note}")
    return "\n".join(lines)


def _headline(findings: Findings) -> str:
    what = "pictures" if findings.kind == "pictures" else "rows"
    columns = f", {len(findings.columns)} columns" if findings.kind == "table" else ""
    name = findings.path.name or str(findings.path)
    return f"{name}: {findings.rows:,} {what}{columns}, {_size(findings.bytes)}"


def _size(count: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:  # noqa: PLR2004
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def _pictures(findings: Findings) -> list[str]:
    facts = findings.pictures
    wide, high = facts["width"], facts["height"]
    across = f"{wide[0]} to {wide[2]} pixels wide (median {wide[1]})"
    down = f"{high[0]} to {high[2]} high (median {high[1]})"
    return [f"  {', '.join(facts['formats'])}; {across}, {down}"]


def _table(findings: Findings, style: Callable[..., str], width: int) -> list[str]:
    shown = findings.columns[:MOST_SHOWN]
    longest = min(max(6, *(_width(one.name) for one in shown)), _WIDEST_NAME)
    heads = (_fitted("column", longest), "type    ", "missing", "distinct")
    room = max(width - longest - 35, 20)
    last = _fitted("what it holds, or why it is left out", room).rstrip()
    lines = ["  " + style("  ".join((*heads, last)), dim=True)]
    for column in shown:
        missing = f"{100 * column.missing / findings.rows:.1f}%" if column.missing else "-"
        cells = (
            _fitted(column.name, longest),
            f"{column.type:<8}",
            f"{missing:>7}",
            f"{column.distinct:>8,}",
            _fitted(_holds(column), room).rstrip(),
        )
        colours: dict[str, dict[str, Any]] = {
            "target": {"fg": "green", "bold": True},
            "left out": {"dim": True},
        }
        lines.append("  " + style("  ".join(cells), **colours.get(column.role, {})))
    if len(findings.columns) > MOST_SHOWN:
        lines.append(f"  ... and {len(findings.columns) - MOST_SHOWN:,} more (--json has them all)")
    return lines


def _holds(column: Column) -> str:
    if column.role == "left out":
        return f"left out: {column.reason}"
    start = {"target": "TARGET  ", "time": "TIME  ", "text": "TEXT  "}.get(column.role, "")
    if column.type == "number" and column.minimum is not None and column.maximum is not None:
        middle = f", median {column.median:g}" if column.median is not None else ""
        return f"{start}{column.minimum:g} to {column.maximum:g}{middle}"
    if column.type == "date" and column.minimum is not None and column.maximum is not None:
        return f"{start}{_day(column.minimum)} to {_day(column.maximum)}"
    return start + ", ".join(value for value, _ in column.choices[:6])


def _day(days: float) -> str:
    from datetime import date, timedelta  # noqa: PLC0415 - for dates alone

    try:
        return (date(1970, 1, 1) + timedelta(days=int(days))).isoformat()
    except OverflowError:
        return f"day {days:g}"


def _verdict(findings: Findings, style: Callable[..., str]) -> list[str]:
    domains = {
        "tabular": "a table", "vision": "pictures", "text": "texts", "timeseries": "a time series",
    }  # fmt: skip
    lines = [f"It looks like {style(domains[findings.domain], bold=True)}."]
    if findings.task == "classification":
        shares = ", ".join(
            f"{value} {100 * count / max(sum(n for _, n in findings.classes), 1):.0f}%"
            for value, count in findings.classes[:8]
        )
        more = f" and {len(findings.classes) - 8} more" if len(findings.classes) > 8 else ""  # noqa: PLR2004
        about = style(str(findings.target), fg="green") + ": " if findings.target else ""
        lines.append(f"To tell apart: {about}{shares}{more}.")
    elif findings.task == "regression":
        lines.append(f"A number to predict: {style(str(findings.target), fg='green')}.")
    elif findings.task == "forecast":
        apart = findings.frequency or "at uneven steps"
        steps = "step" if findings.gaps == 1 else "steps"
        gaps = f", {findings.gaps:,} {steps} missing" if findings.gaps else ", without gaps"
        lines.append(f"To forecast: {style(str(findings.target), fg='green')}, {apart}{gaps}.")
    others = [one for one in findings.candidates if one != findings.target][:4]
    if others and findings.domain != "timeseries":
        lines.append(f"Other columns that could be predicted: {', '.join(others)} (--target).")
    return lines


def _width(words: str) -> int:
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in words)


def _fitted(words: str, width: int) -> str:
    """Return a text of exactly so many columns, cut with a mark if it is longer."""
    words = "".join(one if one.isprintable() else " " for one in words)
    if _width(words) > width:
        while _width(words) > width - 1:
            words = words[:-1]
        words += "…"
    return words + " " * (width - _width(words))
