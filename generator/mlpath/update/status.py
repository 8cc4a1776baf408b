"""Which version of its template a project has, and what newer versions change.

`output.py` formats it. Does not import Copier, which takes longer than the rest of `mlpath status`.
"""

from __future__ import annotations

import configparser
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mlpath.template import store
from mlpath.template.answers import Record, read_record
from mlpath.update import undo_log
from mlpath.update.record import check_own_template, newest_version

if TYPE_CHECKING:
    from mlpath.update.update import UpdateResult

PROMPT = re.compile(r"<!--\s*yours:")
"""A section that only a project's author can write; the project's tests count them alike."""

PROMPT_FILES = ("README.md", "docs/post.md")
UNREACHABLE = (
    "Others cannot reproduce the results: the data is in no DVC remote that they can reach."
)
_HEADING = re.compile(r"^## \[?(\d\S*?)\]?(?: .*)?$", re.MULTILINE)


@dataclass
class Status:
    """A project's version of the template, and the newest one."""

    project: Path
    source: str
    version: str
    newest: str
    outdated: bool
    unwritten: int = 0
    """The sections that the author has not written yet."""
    changelog: dict[str, str] = field(default_factory=dict)
    """The changelog of each version after the project's, newest first."""
    notes: list[str] = field(default_factory=list)
    preview: UpdateResult | None = None


def read_status(project: Path) -> Status:
    """Return a project's version and the newest one.

    Raises:
        MlpathError: The project has no readable record, or its template is unknown here.
    """
    project = project.absolute()
    notes = undo_log.recover(project)
    recorded = read_record(project)
    check_own_template(project, recorded)
    notes = store.try_publish() + notes + _data_notes(project, recorded)
    newest = newest_version(project, recorded)
    outdated = store.is_older(recorded.version, newest)
    status = Status(
        project, recorded.source, recorded.version, newest, outdated, _count_prompts(project),
        notes=notes,
    )  # fmt: skip
    if outdated:
        status.changelog = changes_between(recorded.version, newest)
    return status


def _count_prompts(project: Path) -> int:
    files = (project / name for name in PROMPT_FILES)
    texts = (path.read_text(encoding="utf-8", errors="replace") for path in files if path.is_file())
    return sum(len(PROMPT.findall(text)) for text in texts)


def _data_notes(project: Path, record: Record) -> list[str]:
    """Return a note if others cannot fetch the data, or if the DVC remote has no address yet."""
    config = configparser.RawConfigParser()
    try:
        config.read(project / ".dvc/config", encoding="utf-8")
        name = config.get("core", "remote", fallback="")
        section = f"'remote \"{name}\"'"
        remote = dict(config.items(section)) if config.has_section(section) else {}
    except (configparser.Error, OSError, ValueError):
        return []
    url, dataset = remote.get("url", ""), record.answers.get("dataset")
    if "change-me" in url + remote.get("endpointurl", ""):
        note = UNREACHABLE if dataset else "The DVC remote has no address."
        return [f"{note} Replace change-me in .dvc/config, then run: uv run dvc push"]
    if "://" in url or not dataset:
        return []
    command = "uv run dvc remote modify store url s3://BUCKET/NAME && uv run dvc push"
    return [f"{UNREACHABLE} Set one: {command}"]


def changes_between(old: str, new: str) -> dict[str, str]:
    """Return the changelog of the versions after `old` up to `new`, newest first."""
    parts = _HEADING.split(_changelog())[1:]
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    return {
        version: text.strip()
        for version, text in sections.items()
        if store.is_older(old, version) and not store.is_older(new, version)
    }


def _changelog() -> str:
    here = Path(__file__).parents[1]
    for path in (here / "_changelog.md", here.parents[1] / "CHANGELOG.md"):
        if path.is_file():
            return path.read_text(encoding="utf-8")
    return ""
