"""The record that a project has of its template, and the version to update it to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlpath.errors import MlpathError
from mlpath.system import git
from mlpath.template import store
from mlpath.template.answers import ANSWERS_FILE, Record, parse_record

if TYPE_CHECKING:
    from pathlib import Path

    from mlpath.update.repository import Repository


def committed_record(repository: Repository, head: str) -> Record:
    """Return the record of a project at a commit.

    Raises:
        MlpathError: It is missing or malformed.
    """
    path = f"{repository.prefix}{ANSWERS_FILE}"
    done = git.attempt("cat-file", "blob", f"{head}:{path}", cwd=repository.top)
    if done.returncode:
        raise MlpathError(
            f"{repository.project / ANSWERS_FILE} is not committed, so there is nothing to merge "
            "with",
            hint="Commit the project first: git add --all && git commit -m 'Before the update'",
        )
    return parse_record(done.stdout.encode("utf-8", "surrogateescape"), path)


def check_own_template(project: Path, record: Record) -> None:
    """Check that a project was created from mlpath's own template.

    Raises:
        MlpathError: It was not.
    """
    if record.source != store.SRC_PATH:
        raise MlpathError(
            f"{project} was created from {record.source}, whose versions and options mlpath does "
            "not know",
            hint="Find newer versions with: copier check-update. Update to the newest, or change "
            "an answer: mlpath update -d KEY=VALUE",
        )


def newest_version(project: Path, record: Record) -> str:
    """Return the newest release of mlpath's template, or the project's version if it is newer.

    Raises:
        MlpathError: The project has a version that only another mlpath knows.
    """
    store.check_known(record.version, project)
    newest = store.newest_release() or record.version
    return record.version if store.is_older(newest, record.version) else newest


def target_version(project: Path, record: Record, wanted: str | None) -> str | None:
    """Return the version to update to; None for the newest of another template.

    Raises:
        MlpathError: The version is unknown.
    """
    if record.source != store.SRC_PATH:
        return wanted  # Copier finds it
    newest = newest_version(project, record)
    return newest if wanted is None else store.find_version(wanted)


def refuse_downgrade(project: Path, old: str, new: str) -> None:
    """Check that a version is not older than the one that a project has.

    Raises:
        MlpathError: It is.
    """
    if store.is_older(new, old):
        raise MlpathError(
            f"{project} has template version {old}, and {new} is older",
            hint="To go back, revert the commit of the update: "
            f"git log --oneline -- {ANSWERS_FILE}, then git revert COMMIT",
        )


def is_reformatted(project: Path, render: Path) -> bool:
    """Return whether the answers file differs from its render and has no comments of the user."""
    mine, rendered = (
        (folder / ANSWERS_FILE).read_bytes().replace(b"\r\n", b"\n") for folder in (project, render)
    )
    comments = {line for line in mine.splitlines() if re.search(rb"(^|\s)#", line)}
    return mine != rendered and comments <= {*rendered.splitlines()}
