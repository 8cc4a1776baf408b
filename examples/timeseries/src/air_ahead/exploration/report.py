"""The report of the exploration, as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd
from matplotlib.figure import Figure

from ..evaluation.markdown import escape, rounded, table

MAX_FIRST = 3


@dataclass(frozen=True)
class Finding:
    """A sentence about the data, and its weight from 0 to 1: how much it matters for the model."""

    weight: float
    text: str


@dataclass
class Exploration:
    """Findings, tables by title, and figures by name with a caption.

    `sampled` is the number of samples that were drawn at random for them; None if they are of all samples.
    """

    findings: list[Finding] = field(default_factory=list)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    figures: dict[str, tuple[str, Figure]] = field(default_factory=dict)
    sampled: int | None = None


def to_markdown(exploration: Exploration, samples: str, folder: str, note: str = "") -> str:
    """Return the report.

    `samples` has how many samples of which split are described, `folder` is that of the figures, relative to the
    report, and `note` is a paragraph.
    """
    ranked = sorted(exploration.findings, key=lambda finding: -finding.weight)
    drawn = f"a random sample of {exploration.sampled:,} of " if exploration.sampled else ""
    verb = "shows" if exploration.sampled else "show"
    first, rest = ranked[:MAX_FIRST], ranked[MAX_FIRST:]
    parts = [
        "# The data",
        f"What {drawn}the {samples} {verb}, and how the validation split differs. Written by the stage `explore`, "
        "which does not read the test split.",
        *([note] if note else []),
        "## What matters most",
        "\n".join(f"{number}. {finding.text}" for number, finding in enumerate(first, start=1)),
    ]
    if rest:
        parts += ["## What else was found", "\n".join(f"- {finding.text}" for finding in rest)]
    for name, (caption, _) in exploration.figures.items():
        parts += [f"## {caption}", f"![{caption}]({folder}/{name}.png)"]
    for title, frame in exploration.tables.items():
        parts += [f"## {title}", _table(frame)]
    return "\n\n".join(parts) + "\n"


def join_names(names: Sequence[str], limit: int = 3) -> str:
    """Return some of the names, escaped, and how many others there are."""
    shown = ", ".join(escape(name) for name in names[:limit])
    return shown + (f" and {len(names) - limit} more" if len(names) > limit else "")


def percent(share: float) -> str:
    """Return a share in percent; a share below half a percent with three digits, one close to all as over 99%."""
    if 0.995 <= share < 1:
        return "over 99%"
    return f"{rounded(100 * share)}%" if 0 < share < 0.005 else f"{100 * share:.0f}%"


def _table(frame: pd.DataFrame) -> str:
    rows = [[escape(str(name)), *map(_cell, row)] for name, row in zip(frame.index, frame.to_numpy(), strict=True)]
    return table([str(frame.index.name), *map(str, frame.columns)], rows)


def _cell(value: object) -> str:
    if isinstance(value, str):
        return escape(value)
    return "" if pd.isna(value) else rounded(float(value))  # type: ignore[call-overload, arg-type]
