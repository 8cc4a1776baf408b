"""Which version of its template a project has, and what newer versions change.

Does not import Copier, which takes longer than the rest of `mlpath status`.
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
from mlpath.update import undo_log
from mlpath.update.record import newest_version

if TYPE_CHECKING:
    from mlpath.update.project import UpdateResult

_HOSTS = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}
"""Copier's abbreviations."""
_HEADING = re.compile(r"^## \[?(\d\S*?)\]?(?: .*)?$", re.MULTILINE)


@dataclass
class Status:
    """A project's version of the template, and the newest one."""

    project: Path
    source: str
    version: str
    newest: str
    outdated: bool
    changelog: dict[str, str] = field(default_factory=dict)
    """The changelog of each version after the project's, newest first."""
    notes: list[str] = field(default_factory=list)
    forecast: UpdateResult | None = None


def read_status(project: Path) -> Status:
    """Return a project's version and the newest one.

    Raises:
        MlpathError: The project has no readable record, or its version is unknown here.
    """
    project = project.absolute()
    notes = undo_log.recover(project)
    recorded = read_record(project)
    notes = template.try_publish() + notes
    ours = recorded.source == template.SRC_PATH
    newest = newest_version(project, recorded) if ours else _newest_tag(recorded)
    outdated = template.is_older(recorded.version, newest)
    status = Status(project, recorded.source, recorded.version, newest, outdated, notes=notes)
    if outdated and ours:
        status.changelog = changes_between(recorded.version, newest)
    return status


def changes_between(old: str, new: str) -> dict[str, str]:
    """Return the changelog of the versions after `old` up to `new`, newest first."""
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


def _newest_tag(recorded: Record) -> str:
    """Return the newest tag of a template other than mlpath's, as Copier would choose it."""
    address = recorded.source.removeprefix("git+")
    for short, long in _HOSTS.items():
        if address.startswith(short):
            address = long + address.removeprefix(short)
    try:
        # Unlike Path.expanduser, this leaves an unknown user's folder as it is.
        address = os.path.expanduser(address)  # noqa: PTH111
        listed = git.run("ls-remote", "--tags", "--refs", "--", address)
    except git.GitError as error:
        raise MlpathError(
            f"the template {recorded.source} cannot be read: {error}",
            hint="The project works without it, but an update needs it.",
        ) from None
    tags = [line.rpartition("refs/tags/")[2] for line in listed.splitlines()]
    found = {tag: version for tag in tags if (version := template.parse(tag)) is not None}
    released = [tag for tag, version in found.items() if not version.is_prerelease]
    return max(released, key=lambda tag: found[tag], default=recorded.version)
