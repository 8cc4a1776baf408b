"""Tells which version of its template a project has, and what a newer one would bring.

Imports no Copier: it answers in the time that Copier takes to start.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mlpath.errors import MlpathError
from mlpath.system import git
from mlpath.template import store as template
from mlpath.template.answers import Record, read_record

if TYPE_CHECKING:
    from mlpath.update.project import Outcome

# How Copier spells two well-known hosts.
_SHORT = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}
_HEADING = re.compile(r"^## \[?(\d\S*?)\]?(?: .*)?$", re.MULTILINE)


@dataclass
class Status:
    """How a project stands to its template."""

    project: Path
    source: str
    version: str
    newest: str
    outdated: bool
    changelog: dict[str, str] = field(default_factory=dict)
    """What the changelog says of each version between the two, the newest first."""
    notes: list[str] = field(default_factory=list)
    forecast: Outcome | None = None


def look(project: Path) -> Status:
    """Compare what a project has with what there is.

    Raises:
        MlpathError: The project has no readable record, or its version is unknown here.
    """
    project = project.absolute()
    notes = _recovered(project)
    record = read_record(project)
    notes = template.try_publish() + notes
    newest = _newest(project, record)
    outdated = template.is_older(record.version, newest)
    status = Status(project, record.source, record.version, newest, outdated, notes=notes)
    if outdated and record.source == template.SRC_PATH:
        status.changelog = changes_between(record.version, newest)
    return status


def changes_between(old: str, new: str) -> dict[str, str]:
    """Return the changelog's sections of the versions after `old`, up to `new`, newest first."""
    parts = _HEADING.split(_changelog())[1:]
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    return {
        version: text.strip()
        for version, text in sections.items()
        if template.is_older(old, version) and not template.is_older(new, version)
    }


def _changelog() -> str:
    here = Path(__file__).parents[1]
    for path in (here / "_changelog.md", here.parents[1] / "CHANGELOG.md"):
        if path.is_file():
            return path.read_text(encoding="utf-8")
    return ""


def _recovered(project: Path) -> list[str]:
    """Undo what a killed update left, before anything is read: its record may be half-written."""
    git_dir = git.folder_of(project)
    if git_dir is None or not (git_dir / "mlpath").is_dir():
        return []
    from mlpath.update import undo_log as journal  # noqa: PLC0415 - seldom needed

    return journal.recover_around(project)


def _newest(project: Path, record: Record) -> str:
    if record.source == template.SRC_PATH:
        template.check_known(record.version, project)
        newest = template.newest_release() or record.version
        return record.version if template.is_older(newest, record.version) else newest
    return _newest_elsewhere(record)


def _newest_elsewhere(record: Record) -> str:
    """Return the newest tag of another template than ours, as Copier would choose it."""
    address = record.source.removeprefix("git+")
    for short, long in _SHORT.items():
        if address.startswith(short):
            address = long + address.removeprefix(short)
    try:
        # The folder of an unknown user stays as it is, and is not there.
        address = os.path.expanduser(address)  # noqa: PTH111
        listed = git.run("ls-remote", "--tags", "--refs", "--", address)
    except git.GitError as error:
        raise MlpathError(
            f"the template {record.source} is gone, or cannot be reached: {error}",
            hint="The project works without it; an update needs it.",
        ) from None
    tags = [line.rpartition("refs/tags/")[2] for line in listed.splitlines()]
    found = {tag: version for tag in tags if (version := template.parse(tag)) is not None}
    released = [tag for tag, version in found.items() if not version.is_prerelease]
    return max(released, key=lambda tag: found[tag], default=record.version)
