"""What a project records of its template, and whether its files follow that record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlpath.errors import MlpathError
from mlpath.system import git
from mlpath.template import store as template
from mlpath.template.answers import (
    ANSWERS_FILE,
    Record,
    check_project,
    parse_record,
)
from mlpath.update import undo_log
from mlpath.update.repository import Repository, clean_head

if TYPE_CHECKING:
    from pathlib import Path

    from mlpath.update.renders import RenderCache


@dataclass(frozen=True)
class Start:
    """A project before an update, and the version to update it to."""

    project: Path
    repository: Repository
    head: str
    record: Record
    target: str | None
    """None stands for the newest version of another template, which Copier finds."""
    notes: list[str]


def read_start(project: Path, version: str | None) -> Start:
    """Read what an update starts from.

    Args:
        project: The project's folder.
        version: The version to update to; None is the newest.

    Raises:
        MlpathError: There is no such project or version, or it has uncommitted changes.
    """
    notes = undo_log.recover(project)
    check_project(project)
    repository = Repository.around(project)
    head = clean_head(repository)
    record = _record_at(repository, head)
    if record is None:
        raise MlpathError(
            f"{project / ANSWERS_FILE} is not committed, so there is nothing to merge with",
            hint="Commit the project first: git add --all && git commit -m 'Before the update'",
        )
    if record.source == template.SRC_PATH:
        notes += template.try_publish()
    return Start(project, repository, head, record, _target(project, record, version), notes)


def newest_version(project: Path, record: Record) -> str:
    """Return the newest release of mlpath's template, or the project's version if it is newer.

    Raises:
        MlpathError: The project has a version that only another mlpath knows.
    """
    template.check_known(record.version, project)
    newest = template.newest_release() or record.version
    return record.version if template.is_older(newest, record.version) else newest


def refuse_downgrade(project: Path, old: str, new: str) -> None:
    """Raise an error if a version is older than the one that a project has."""
    if template.is_older(new, old):
        raise MlpathError(
            f"{project} has template version {old}, and {new} is older",
            hint="To go back, revert the commit of the update: "
            f"git log --oneline -- {ANSWERS_FILE}, then git revert COMMIT",
        )


@dataclass(frozen=True)
class AnswersCommit:
    """The last commit that changed what the answers file records."""

    commit: str
    before: Record
    others: list[str]
    """The other files that it changed, relative to the project."""


def last_answers_commit(start: Start) -> AnswersCommit | None:
    """Return the last commit that changed the record; None if it created the file."""
    repository, top = start.repository, start.repository.top
    path = f"{repository.prefix}{ANSWERS_FILE}"
    options = ("-1", "--first-parent", start.head, "--", f":(top,literal){path}")
    commit = git.run("rev-list", *options, cwd=top).strip()
    try:
        before = _record_at(repository, f"{commit}^")
    except MlpathError:
        return None
    if before is None or before == start.record:
        return None
    listed = git.run("diff-tree", "-r", "-z", "--name-only", f"{commit}^", commit, cwd=top)
    others = [name for name in listed.split("\0") if name not in {"", path}]
    return AnswersCommit(commit, before, list(map(repository.relative, others)))


def refuse_edited_answers(
    start: Start, last: AnswersCommit, renders: RenderCache, render: Path
) -> None:
    """Raise an error if the recorded answers were edited by hand.

    They were if the files of the project are still those of the record before the edit: a merge
    that starts from the edited answers would not change them.

    Args:
        start: The project.
        last: The last commit that changed its record.
        renders: Renders the record before that commit.
        render: The render of the present record.
    """
    project = start.project
    if any(_read(project / name) == _read(render / name) for name in last.others):
        return  # the commit brought a file as the template renders it, as updates do
    try:
        earlier = renders.render_recorded(last.before)
    except MlpathError:
        return  # nothing to compare with
    names = {*_names(earlier), *_names(render)} - {ANSWERS_FILE}
    differing = [name for name in names if _read(earlier / name) != _read(render / name)]
    follows = any(_read(project / name) == _read(render / name) for name in differing)
    stayed = any(_read(project / name) == _read(earlier / name) for name in differing)
    if stayed and not follows:
        raise _edited_answers(last, start.record)


def is_reformatted(project: Path, render: Path) -> bool:
    """Return whether the answers file differs from its render, but for comments of the user."""
    mine, rendered = ((_read(folder / ANSWERS_FILE) or b"") for folder in (project, render))
    comments = {line for line in mine.splitlines() if b"#" in line}
    return mine != rendered and comments <= {*rendered.splitlines()}


def _edited_answers(last: AnswersCommit, now: Record) -> MlpathError:
    old, new = ({"_commit": each.version, **each.answers} for each in (last.before, now))
    keys = [key for key in sorted({*old, *new}) if old.get(key) != new.get(key)]
    changes = ", ".join(f"{key}: {old.get(key)!r} → {new.get(key)!r}" for key in keys)
    options = [
        f"-r {new[key]}" if key == "_commit" else f"-d {key}={new[key]}"
        for key in keys
        if key in new
    ]
    commit = last.commit[:7]
    return MlpathError(
        f"commit {commit} edited {ANSWERS_FILE} by hand ({changes}), and the files do not match it",
        hint=f"Restore it (git checkout {commit}^ -- {ANSWERS_FILE} && git commit -m 'Restore the "
        f"answers'), then change the answers with: {' '.join(['mlpath update', *options])}",
    )


def _record_at(repository: Repository, commit: str) -> Record | None:
    path = f"{repository.prefix}{ANSWERS_FILE}"
    done = git.attempt("cat-file", "blob", f"{commit}:{path}", cwd=repository.top)
    if done.returncode:
        return None
    return parse_record(done.stdout.encode("utf-8", "surrogateescape"), path)


def _target(project: Path, record: Record, version: str | None) -> str | None:
    if record.source != template.SRC_PATH:
        return version
    newest = newest_version(project, record)
    if version is None:
        return newest
    known = template.versions()
    wanted = f"v{version}" if f"v{version}" in known else version
    if wanted not in known:
        raise MlpathError(
            f"there is no template version {version}", hint=f"Known here: {', '.join(known)}."
        )
    refuse_downgrade(project, record.version, wanted)
    return wanted


def _names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def _read(path: Path) -> bytes | None:
    """Return a file's content with the line ends that git stores."""
    return path.read_bytes().replace(b"\r\n", b"\n") if path.is_file() else None
