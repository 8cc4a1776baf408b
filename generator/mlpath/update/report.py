"""What commands that look at projects, or change them, have to say: to people and to programs."""

from __future__ import annotations

import dataclasses
import json
import shlex
from collections import Counter
from typing import TYPE_CHECKING, Any

from mlpath.create.staging import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from mlpath.update.batch import Result
    from mlpath.update.options import Option
    from mlpath.update.project import Outcome
    from mlpath.update.status import Status

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
    project = str(result.project)
    if result.error:
        error = {"error": str(result.error), "hint": result.error.hint}
        return {"project": project, "state": "failed", **error}
    if result.status:
        forecast = _outcome_document(result.status.forecast)
        found = {**dataclasses.asdict(result.status), "forecast": forecast}
        return {**found, "project": project}
    return {**_outcome_document(result.outcome), "project": project}


def _outcome_document(outcome: Outcome | None) -> dict[str, Any]:
    if outcome is None:
        return {}
    found = dataclasses.asdict(outcome)
    for key in ("project", "signals", "written", "aborted"):
        del found[key]
    return {"state": state(outcome), **found}


def state(outcome: Outcome) -> str:
    """Name what happened to a project: current, conflicts, updated, pretended, or aborted."""
    if outcome.aborted:
        return "aborted"
    if not outcome.changed:
        return "current"
    if outcome.conflicts:
        return "conflicts"
    return "updated" if outcome.written else "pretended"


def exit_status(results: Sequence[Result], outdated_is: int = 0) -> int:
    """Return 1 if anything failed or is in conflict; a signal that had to wait has its own."""
    outcomes = [result.outcome for result in results if result.outcome]
    for outcome in outcomes:
        for number in outcome.signals:
            return 128 + number
    if any(result.error for result in results):
        return 1
    if any(outcome.conflicts or outcome.obstacles for outcome in outcomes):
        return 1
    outdated = any(result.status.outdated for result in results if result.status)
    return outdated_is if outdated else 0


_IN_TOTAL = {
    "conflicts": "with conflicts",
    "current": "up to date",
    "pretended": "would be updated",
    "aborted": "undone",
}


def total(results: Sequence[Result]) -> str:
    """Return one line on what came of all projects together."""
    counts = Counter(_word(result) for result in results)
    words = (f"{count} {_IN_TOTAL.get(word, word)}" for word, count in counts.most_common())
    return f"\n{len(results)} projects: {', '.join(words)}"


def _word(result: Result) -> str:
    if result.outcome:
        return state(result.outcome)
    if result.status:
        return "outdated" if result.status.outdated else "current"
    return "failed"


def lines(result: Result, style: Style, *, brief: bool) -> Iterator[str]:
    """Tell a person what came of a project, and what to do next; `brief` if it is one of many."""
    if result.status:
        yield from _status_lines(result.status, style, brief=brief)
    if result.outcome:
        yield from _outcome_lines(result.outcome, style, brief=brief)


def _outcome_lines(outcome: Outcome, style: Style, *, brief: bool) -> Iterator[str]:
    place = _called(outcome.project)
    yield from _notes(outcome.notes, style)
    if outcome.aborted:
        yield f"{style('Undone', fg='green', bold=True)} in {place}: all is as before the update"
        return
    if not outcome.changed:
        yield f"{place} is up to date: template {outcome.new}"
        return
    yield _headline(outcome, place, style)
    if outcome.patch:
        yield outcome.patch
    elif brief:
        yield from _table(outcome, style, {"conflict"})
    else:
        yield ""
        yield from _table(outcome, style, {*COLOURS} - ({"kept"} if outcome.written else set()))
        yield ""
        yield from _next(outcome, style)


def _headline(outcome: Outcome, place: str, style: Style) -> str:
    same = outcome.old == outcome.new
    what = f"{outcome.new}, other answers" if same else f"{outcome.old} → {outcome.new}"
    verb = "Updated" if outcome.written else "Would update"
    colour = "red" if outcome.conflicts else "green"
    return f"{style(verb, fg=colour, bold=True)} {place}: template {what}, {_conflicts(outcome)}"


def _conflicts(outcome: Outcome) -> str:
    count = len(outcome.conflicts)
    return f"{count} file{'s' if count > 1 else ''} in conflict" if count else "no conflicts"


def _table(outcome: Outcome, style: Style, verdicts: set[str]) -> Iterator[str]:
    rows = [row for row in outcome.files if row.verdict in verdicts]
    width = max((len(row.path) for row in rows if row.reason), default=0)
    for row in rows:
        verdict = style(f"{row.verdict:>8}", fg=COLOURS[row.verdict])
        path = f"{row.path:<{width}}  {style(row.reason, dim=True)}" if row.reason else row.path
        yield f"  {verdict}  {path}"
    yours = sum(row.verdict == "yours" for row in outcome.files)
    if yours and "kept" in verdicts:
        yield f"  {'yours':>8}  {yours} more, which the template does not know"


def _next(outcome: Outcome, style: Style) -> Iterator[str]:
    option = _option(outcome.project)
    git = f"git -C{option}" if option else "git"
    if outcome.obstacles:
        yield f"{style('It would refuse to:', fg='red')} {'. '.join(outcome.obstacles)}"
    if not outcome.written:
        yield "Nothing was written."
        return
    if outcome.conflicts:
        name = shlex.quote(outcome.conflicts[0].path)
        yield "Resolve each file in conflict, in your editor or in the merge tool of your choice,"
        yield "and tell git so. Then look at it all, and commit:"
        yield ""
        yield from _commands({
            f"{git} mergetool": "takes you from one conflict to the next",
            f"{git} add {name}": f"when one is resolved ({git} rm, to do without the file)",
        }, style)  # fmt: skip
    lock = f"uv lock --project{option}" if option else "uv lock"
    if _needs_lock(outcome):
        yield from _commands({f"{lock} && {git} add uv.lock": "the dependencies changed"}, style)
    what = f"the template to {outcome.new}" if outcome.new != outcome.old else "the answers"
    subject = f"Update {what}"
    yield from _commands({
        f"{git} diff --staged": "look at what changed",
        f"{git} commit -m {shlex.quote(subject)}": "keep it; nothing is committed before you do",
        f"mlpath update --abort{option}": "undo it",
    }, style)  # fmt: skip


def _called(project: Path) -> str:
    """Return a project's name for a person: the folder they stand in has one too."""
    return quoted(project) if _option(project) else shlex.quote(project.absolute().name)


def _option(project: Path) -> str:
    """Return what names a project on a command line, after a space; nothing if it is here."""
    name = quoted(project.absolute())
    return "" if name == "." else f" {name}"


def _needs_lock(outcome: Outcome) -> bool:
    changed = any(row.path == "pyproject.toml" for row in outcome.changed)
    return changed and (outcome.project / "uv.lock").exists()


def _commands(commands: dict[str, str], style: Style) -> Iterator[str]:
    for command, meaning in commands.items():
        yield f"  {style(command, bold=True)}"
        yield f"      {meaning}"


def _status_lines(status: Status, style: Style, *, brief: bool) -> Iterator[str]:
    place = _called(status.project)
    yield from _notes(status.notes, style)
    if not status.outdated:
        yield f"{place} is up to date: template {status.version}"
        return
    mark = style("outdated", fg="yellow", bold=True)
    yield f"{place} is {mark}: template {status.version}, newest {status.newest}"
    if not brief:
        for version, text in status.changelog.items():
            yield ""
            yield style(version, bold=True)
            yield from (f"  {line.removeprefix('### ')}".rstrip() for line in text.splitlines())
        yield ""
    if status.forecast:
        count = len(status.forecast.changed)
        yield f"An update would touch {count} files: {_conflicts(status.forecast)}"
        yield from _notes(status.forecast.notes, style)
        yield from _notes(status.forecast.obstacles, style)
        yield from _table(status.forecast, style, {"conflict"})
    if not brief:
        option = _option(status.project)
        yield f"To see each file's verdict: mlpath update --pretend{option}"
        yield f"To update: mlpath update{option}"


def _notes(notes: Iterable[str], style: Style) -> Iterator[str]:
    return (f"{style('Note:', fg='yellow')} {note}" for note in notes)


def offers_text(offers: Sequence[Option], style: Style) -> str:
    """Return the options of a project as a person reads them."""
    rows = []
    for title, present in (("Can be added:", False), ("Is there already:", True)):
        chosen = [option for option in offers if option.present is present]
        if chosen:
            rows += [title, ""]
        for option in chosen:
            values = f"={'|'.join(option.values)}" if option.values else ""
            now = f" (now {option.now})" if present else ""
            rows += [f"  {style(option.key, bold=True)}{style(values, dim=True)}{now}"]
            rows += [f"      {option.why}"]
        rows += [""] if chosen else []
    return "\n".join([*rows, "Add one: mlpath add OPTION, or mlpath add OPTION=VALUE"])


def offers_json(offers: Sequence[Option]) -> str:
    """Return the options of a project as a program reads them."""
    return json.dumps([dataclasses.asdict(option) for option in offers], indent=2)
