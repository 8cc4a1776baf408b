"""Compare `mlpath update` with `copier update` on every edit, and write the table in the docs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from support.e2e import Owner
from support.edits import ALL_EDITS, Decision, Edit
from support.scenarios import Scenario
from support.updates import COPIER, UpdateRun, make_edit, update
from support.version_pairs import BaseProject, prepare, write_tiny_template

PAGE = Path(__file__).parents[2] / "docs" / "updates.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"


@dataclass(frozen=True)
class Comparison:
    """What the two updates did with one edit."""

    edit: Edit
    mlpath: UpdateRun
    copier: UpdateRun


def tiny_base(owner: Owner, folder: Path, below: str = "") -> BaseProject:
    """Create a project of a tiny template that differs between two releases in every way."""
    source = write_tiny_template(owner, folder / "template")
    return prepare(owner, folder / "base", source, "v1.0.0", "v1.1.0", below=below)


def compare_updates(
    base: BaseProject, scenarios: Mapping[str, Scenario], folder: Path
) -> list[Comparison]:
    """Update each edited project with Copier, and compare with what mlpath did."""
    return [
        Comparison(
            edit,
            scenarios[edit.name].update,
            update(*make_edit(base, folder / edit.name, edit), COPIER),
        )
        for edit in ALL_EDITS
    ]


def format_page(comparisons: list[Comparison]) -> str:
    """Return docs/updates.md with the table of these comparisons."""
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{_table(comparisons)}\n{END}{tail}"


def _table(comparisons: list[Comparison]) -> str:
    rows = [
        "| the template … | and you … | `mlpath update` | `copier update` |",
        "|---|---|---|---|",
    ]
    previous = ""
    for comparison in comparisons:
        edit = comparison.edit
        theirs = edit.theirs if edit.theirs != previous else ""
        previous = edit.theirs
        cells = theirs, edit.mine, _cell(comparison.mlpath), _cell(comparison.copier)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join([_totals(comparisons), "", *rows, ""])


def _cell(run: UpdateRun) -> str:
    """Return what an update did, in bold where something is lost."""
    suffix = "" if run.exit_status else ", exit 0"
    if run.decision is Decision.CONFLICT:
        return f"conflict{suffix}"
    if run.decision is Decision.BROKEN:
        return "**fails half-way**"
    if run.missing:
        return f"**{' and '.join(run.missing)}**{suffix}"
    return "both kept" if run.decision is Decision.MERGED else "refused"


def _totals(comparisons: list[Comparison]) -> str:
    columns = [
        [comparison.mlpath for comparison in comparisons],
        [comparison.copier for comparison in comparisons],
    ]
    lines = [
        f"Of {len(comparisons)} edits:",
        "",
        "| | `mlpath update` | `copier update` |",
        "|---|---|---|",
    ]
    for title, decisions in {
        "both sides kept, without a conflict": (Decision.MERGED,),
        "a conflict, or refused before anything was written": (
            Decision.CONFLICT,
            Decision.REFUSED,
        ),
        "your work lost": (Decision.LOST,),
        "the template's change dropped silently": (Decision.DROPPED,),
        "failed half-way": (Decision.BROKEN,),
    }.items():
        counts = [str(sum(run.decision in decisions for run in column)) for column in columns]
        lines.append(f"| {title} | {' | '.join(counts)} |")
    silent = [str(sum(map(_is_silent_conflict, column))) for column in columns]
    lines.append(f"| a conflict that exits with 0 | {' | '.join(silent)} |")
    return "\n".join(lines)


def _is_silent_conflict(run: UpdateRun) -> bool:
    return run.decision is Decision.CONFLICT and not run.exit_status
