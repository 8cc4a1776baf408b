"""Format the results of `update`, `add` and `status` as text and as JSON."""

from __future__ import annotations

import dataclasses
import re
import shlex
from collections import Counter
from typing import TYPE_CHECKING, Any

from mlpath.system.shell import quote_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from mlpath.update.batch import Result
    from mlpath.update.options import Option
    from mlpath.update.outcomes import FileOutcome
    from mlpath.update.status import Status
    from mlpath.update.update import UpdateResult

    Style = Callable[..., str]

COLORS = {
    "new": "green",
    "changed": "green",
    "renamed": "green",
    "merged": "cyan",
    "conflict": "red",
    "removed": "yellow",
    "kept": "blue",
}
"""The color of each outcome that is listed."""

_TOTALS = {
    "conflicts": "with conflicts",
    "current": "up to date",
    "pretended": "would be updated",
    "aborted": "undone",
}


def document(result: Result) -> dict[str, Any]:
    """Return the result for a project as JSON has it."""
    project = str(result.project)
    if result.error:
        error = {"error": str(result.error), "hint": result.error.hint}
        return {"project": project, "state": "failed", **error}
    if result.status:
        fields = dataclasses.asdict(dataclasses.replace(result.status, preview=None))
        del fields["preview"]
        preview = result.status.preview
        fields["forecast"] = _update_document(preview) if preview else {}
        return {**fields, "project": project}
    assert result.update  # noqa: S101 - a result has one of the three
    return {**_update_document(result.update), "project": project}


def _update_document(result: UpdateResult) -> dict[str, Any]:
    fields = dataclasses.asdict(result)
    for key in ("project", "written", "aborted"):
        del fields[key]
    return {"state": _update_state(result), **fields}


def exit_status(results: Sequence[Result], outdated_status: int = 0) -> int:
    """Return 1 for errors, conflicts and obstacles, `outdated_status` for outdated projects."""
    states = set(map(_state, results))
    obstacles = any(result.update and result.update.obstacles for result in results)
    if obstacles or states & {"failed", "conflicts"}:
        return 1
    return outdated_status if "outdated" in states else 0


def total(results: Sequence[Result]) -> str:
    """Return a line that sums up the results for several projects."""
    counts = Counter(map(_state, results))
    parts = (f"{count} {_TOTALS.get(key, key)}" for key, count in counts.most_common())
    return f"\n{len(results)} projects: {', '.join(parts)}"


def _state(result: Result) -> str:
    if result.update:
        return _update_state(result.update)
    if result.status:
        return "outdated" if result.status.outdated else "current"
    return "failed"


def _update_state(result: UpdateResult) -> str:
    if result.aborted:
        return "aborted"
    if not result.changed:
        return "current"
    if result.conflicts:
        return "conflicts"
    return "updated" if result.written else "pretended"


def lines(result: Result, style: Style, *, brief: bool) -> Iterator[str]:
    """Yield the lines to print for a project; `brief` for one of many."""
    if result.status:
        yield from _status_lines(result.status, style, brief=brief)
    if result.update:
        yield from _update_lines(result.update, style, brief=brief)


def _update_lines(result: UpdateResult, style: Style, *, brief: bool) -> Iterator[str]:
    name = _name(result.project)
    yield from _notes(result.notes, style)
    if result.aborted:
        undone = style("Undone", fg="green", bold=True)
        yield f"{undone} in {name}: the files are as before the update"
        return
    if not result.changed:
        yield f"{name} is up to date: template {result.new}"
        return
    yield _headline(result, name, style)
    if result.patch:
        yield result.patch
    elif brief:
        yield from _table(result, style, {"conflict"})
    else:
        yield ""
        yield from _table(result, style, {*COLORS} - ({"kept"} if result.written else set()))
        yield ""
        yield from _next_steps(result, style)


def _headline(result: UpdateResult, name: str, style: Style) -> str:
    versions = f"{result.old} → {result.new}"
    if result.old == result.new:
        versions = f"{result.new}, other answers"
    verb = "Updated" if result.written else "Would update"
    color = "red" if result.conflicts else "green"
    return f"{style(verb, fg=color, bold=True)} {name}: template {versions}, {_conflicts(result)}"


def _conflicts(result: UpdateResult) -> str:
    count = len(result.conflicts)
    return f"{count} file{'s' if count > 1 else ''} in conflict" if count else "no conflicts"


def _table(result: UpdateResult, style: Style, outcomes: set[str]) -> Iterator[str]:
    rows = [row for row in result.files if row.outcome in outcomes]
    width = max((len(row.path) for row in rows if _reason(row)), default=0)
    for row in rows:
        outcome = style(f"{row.outcome:>8}", fg=COLORS[row.outcome])
        reason = _reason(row)
        path = f"{row.path:<{width}}  {style(reason, dim=True)}" if reason else row.path
        yield f"  {outcome}  {path}"
    yours = sum(row.outcome == "yours" for row in result.files)
    if yours and "kept" in outcomes:
        yield f"  {'yours':>8}  {yours} more, which the template does not have"


def _reason(row: FileOutcome) -> str:
    renamed = f"renamed from {row.renamed_from}" if row.renamed_from else ""
    return "; ".join(filter(None, (renamed, row.reason)))


def _next_steps(result: UpdateResult, style: Style) -> Iterator[str]:
    argument = _argument(result.project)
    git = f"git -C{argument}" if argument else "git"
    yield from _obstacle(result, style)
    if not result.written:
        yield "Nothing was written."
        return
    if result.conflicts:
        path = shlex.quote(result.conflicts[0].path)
        yield "Resolve the conflicts in an editor or a merge tool, mark each file as resolved, then"
        yield "review and commit the update:"
        yield ""
        yield from _commands({
            f"{git} mergetool": "opens one conflict after the other",
            f"{git} add {path}": f"marks a file as resolved ({git} rm removes it instead)",
        }, style)  # fmt: skip
    dependencies = any(row.path == "pyproject.toml" for row in result.changed)
    if dependencies and (result.project / "uv.lock").exists():
        lock = f"uv lock --project{argument}" if argument else "uv lock"
        yield from _commands({f"{lock} && {git} add uv.lock": "the dependencies changed"}, style)
    subject = f"Update the template to {result.new}"
    if result.new == result.old:
        subject = "Update the answers"
    yield from _commands({
        f"{git} diff --staged": "shows the changes",
        f"{git} commit -m {shlex.quote(subject)}": "commits them; nothing is committed before",
        f"mlpath update --abort{argument}": "undoes the update",
    }, style)  # fmt: skip


def _obstacle(result: UpdateResult, style: Style) -> Iterator[str]:
    if result.obstacles:
        yield f"{style('The update would fail:', fg='red')} {'. '.join(result.obstacles)}"


def _name(project: Path) -> str:
    """Return the name of a project in messages; that of the current folder is its own."""
    return quote_path(project) if _argument(project) else shlex.quote(project.absolute().name)


def _argument(project: Path) -> str:
    """Return a project as an argument, after a space; empty for the current folder."""
    path_text = quote_path(project.absolute())
    return "" if path_text == "." else f" {path_text}"


def _commands(commands: dict[str, str], style: Style) -> Iterator[str]:
    for command, meaning in commands.items():
        yield f"  {style(command, bold=True)}"
        yield f"      {meaning}"


def _status_lines(status: Status, style: Style, *, brief: bool) -> Iterator[str]:
    name = _name(status.project)
    yield from _notes(status.notes, style)
    if status.outdated:
        outdated = style("outdated", fg="yellow", bold=True)
        yield f"{name} is {outdated}: template {status.version}, newest {status.newest}"
    else:
        yield f"{name} is up to date: template {status.version}"
    if status.unwritten:
        sections = "section" if status.unwritten == 1 else "sections"
        yield f"{status.unwritten} {sections} still yours to write: <!-- yours: ... -->"
    if status.outdated:
        yield from _outdated_lines(status, style, brief=brief)


def _outdated_lines(status: Status, style: Style, *, brief: bool) -> Iterator[str]:
    if not brief:
        yield from _changelog(status, style)
    if status.preview:
        count = len(status.preview.changed)
        files = "file" if count == 1 else "files"
        yield f"An update would change {count} {files}: {_conflicts(status.preview)}"
        yield from _notes(status.preview.notes, style)
        yield from _obstacle(status.preview, style)
        yield from _table(status.preview, style, {"conflict"})
    if not brief:
        argument = _argument(status.project)
        yield f"Preview the update: mlpath update --pretend{argument}"
        yield f"Update: mlpath update{argument}"


def _changelog(status: Status, style: Style) -> Iterator[str]:
    for version, text in status.changelog.items():
        yield ""
        yield style(version, bold=True)
        yield from (f"  {line}".rstrip() for line in _highlights(text))
    yield ""
    yield "Every change: mlpath status --json, or the changelog of mlpath"


def _highlights(changelog: str) -> Iterator[str]:
    """Yield what a version changes in a project, and the vulnerabilities that it fixes."""
    summary, *sections = re.split(r"^### ", changelog, flags=re.MULTILINE)
    yield from summary.strip().splitlines()
    for section in sections:
        if section.startswith("Security\n"):
            yield from ("", *section.strip().splitlines())


def _notes(notes: Iterable[str], style: Style) -> Iterator[str]:
    return (f"{style('Note:', fg='yellow')} {note}" for note in notes)


def options_text(options: Sequence[Option], style: Style) -> str:
    """Return the options of a project as text."""
    rows = []
    for title, present in (("Can be added:", False), ("Already there:", True)):
        chosen = [option for option in options if option.present is present]
        if chosen:
            rows += [title, ""]
        for option in chosen:
            values = f"={'|'.join(option.values)}" if option.values else ""
            now = f" (now {option.now})" if present else ""
            rows += [f"  {style(option.key, bold=True)}{style(values, dim=True)}{now}"]
            rows += [f"      {option.why}"]
        rows += [""] if chosen else []
    return "\n".join([*rows, "Add one: mlpath add OPTION, or mlpath add OPTION=VALUE"])
