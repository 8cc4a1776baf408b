"""What an update has to say, for people and for programs."""

from __future__ import annotations

import dataclasses
import shlex
from collections import Counter
from typing import TYPE_CHECKING, Any

from mlpath.staging import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mlpath.fleet import Result
    from mlpath.update import Outcome

    Style = Callable[..., str]

COLOURS = {
    "new": "green",
    "changed": "green",
    "merged": "cyan",
    "conflict": "red",
    "removed": "yellow",
    "kept": "blue",
}


def document(result: Result) -> dict[str, Any]:
    """Return a result as JSON has it."""
    if result.error:
        error = {"error": str(result.error), "hint": result.error.hint}
        return {"project": str(result.project), "state": "failed", **error}
    assert result.outcome  # noqa: S101 - one of the two is there
    found = dataclasses.asdict(result.outcome)
    for key in ("signals", "written", "aborted"):
        del found[key]
    return {**found, "project": str(result.project), "state": state(result.outcome)}


def state(outcome: Outcome) -> str:
    """Name what happened to a project: current, conflicts, updated, pretended, or aborted."""
    if outcome.aborted:
        return "aborted"
    if not outcome.changed:
        return "current"
    if outcome.conflicts:
        return "conflicts"
    return "updated" if outcome.written else "pretended"


def exit_status(results: Sequence[Result]) -> int:
    """Return 1 if anything failed or is in conflict, else 0; a signal that waited has its own."""
    outcomes = [result.outcome for result in results if result.outcome]
    for number in (number for outcome in outcomes for number in outcome.signals):
        return 128 + number
    return int(len(outcomes) < len(results) or any(outcome.conflicts for outcome in outcomes))


def lines(result: Result, style: Style) -> Iterator[str]:
    """Tell a person what an update did, and what to do next."""
    outcome = result.outcome
    assert outcome  # noqa: S101 - what failed is told as an error
    place = quoted(outcome.project)
    for note in outcome.notes:
        yield f"{style('Note:', fg='yellow')} {note}"
    if outcome.aborted:
        yield f"{style('Undone', fg='green', bold=True)} in {place}: all is as before the update"
        return
    if not outcome.changed:
        yield f"{place} is up to date: template {outcome.new}"
        return
    yield from _headline(outcome, place, style)
    if outcome.patch:
        yield outcome.patch
        return
    yield ""
    yield from _table(outcome, style)
    yield ""
    yield from _next(outcome, style)


def _headline(outcome: Outcome, place: str, style: Style) -> Iterator[str]:
    count = len(outcome.conflicts)
    what = f"{count} file{'s' if count > 1 else ''} in conflict" if count else "no conflicts"
    from_to = (
        f"template {outcome.old} → {outcome.new}"
        if outcome.old != outcome.new
        else f"template {outcome.old}, other answers"
    )
    if not outcome.written:
        yield f"{style('Would update', bold=True)} {place}: {from_to}, {what}"
        return
    colour = "red" if count else "green"
    yield f"{style('Updated', fg=colour, bold=True)} {place}: {from_to}, {what}"


def _table(outcome: Outcome, style: Style) -> Iterator[str]:
    rows = outcome.changed if outcome.written else outcome.files
    shown = [row for row in rows if row.verdict != "yours"]
    width = max((len(row.path) for row in shown if row.reason), default=0)
    for row in shown:
        verdict = style(f"{row.verdict:>8}", fg=COLOURS[row.verdict])
        path = f"{row.path:<{width}}  {style(row.reason, dim=True)}" if row.reason else row.path
        yield f"  {verdict}  {path}"
    if yours := Counter(row.verdict for row in rows)["yours"]:
        yield f"  {'yours':>8}  {yours} more, which the template does not know"


def _next(outcome: Outcome, style: Style) -> Iterator[str]:
    option = "" if str(outcome.project) == "." else f" {quoted(outcome.project)}"
    at = f"git -C {quoted(outcome.project)}" if option else "git"
    if not outcome.written:
        yield f"Nothing was written. To do it: {style(f'mlpath update{option}', bold=True)}"
        return
    if outcome.conflicts:
        first = shlex.quote(outcome.conflicts[0].path)
        yield "Resolve each file in conflict in your editor, or one after the other with:"
        yield f"  {at} mergetool"
        yield f"and say so with `{at} add {first}` (or `{at} rm {first}`). Then:"
    subject = f"Update the template to {outcome.new}"
    yield f"  {at} diff --staged{'':<20}  look at it"
    yield f"  {at} commit -m '{subject}'  keep it; nothing is committed before you do"
    yield f"  mlpath update --abort{option}  undo it"
