"""Write a merge into the work tree so that it can be undone, even after a kill.

HEAD has the content of every tracked file, so the log only lists the index entries, before and
after, of the paths that change. It is saved as `update.pending` before the first file is touched,
and renamed to `update.json` when everything is written. The next mlpath command rolls back a
pending log; `mlpath update --abort` rolls back the other, until the update is committed.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from mlpath.errors import MlpathError
from mlpath.system import git, locks, processes
from mlpath.update.rollback import Change, Entry, WorkTree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlpath.update.repository import Repository

_FOLDER = "mlpath"
"""The folder in git's own folder that holds the logs, one for each project of a work tree."""


@dataclass(frozen=True)
class Log:
    """What an update writes, as recorded before the first file is touched."""

    head: str
    created: str
    changes: Mapping[str, Change]


def apply(
    repository: Repository, head: str, result: str, changes: Mapping[str, Change], stages: str
) -> None:
    """Write the result of a merge into the work tree and the index: all of it, or nothing.

    Args:
        repository: Where to write.
        head: The commit that is checked out.
        result: The merged tree.
        changes: How it differs from HEAD, by path, with the paths in conflict.
        stages: The conflicts, as `git update-index --index-info -z` reads them.

    Raises:
        MlpathError: It cannot be written. Nothing has changed.
    """
    with locks.hold(repository.git_dir / _FOLDER) as lock:
        _refuse_locked_index(repository)
        tree = WorkTree(repository.top, repository.git_dir, lock)
        trees = ("-m", "-u", f"{head}^{{tree}}", result)
        tree.refresh()
        tree.git("read-tree", "--dry-run", *trees)
        with processes.deferred_signals() as received:
            log = Log(head, time.strftime("%Y%m%d-%H%M%S"), changes)
            pending = _save(_path(repository), log)
            try:
                tree.git("read-tree", *trees)
                tree.git("update-index", "-z", "--index-info", text=stages)
            except MlpathError as error:
                notes = _roll_back(tree, pending)
                raise MlpathError(
                    f"the update could not be written: {error}",
                    hint=" ".join(["Everything is as it was before.", *notes]),
                ) from None
            if received:
                _roll_back(tree, pending)
            else:
                pending.replace(_path(repository))


def recover(project: Path) -> list[str]:
    """Roll back what a killed update left half-written in the work tree around a folder.

    Call this before reading anything of a project: its answers file may be half-written, too.

    Returns:
        Notes for the user; empty if there was nothing to roll back.

    Raises:
        MlpathError: Another mlpath is writing there, or the log cannot be read.
    """
    top, git_dir = git.enclosing(project), git.folder_of(project)
    if top is None or git_dir is None or not (git_dir / _FOLDER).is_dir():
        return []
    _refuse_old_logs(git_dir / _FOLDER)
    if not list((git_dir / _FOLDER).glob("*.pending")):
        return []
    notes = []
    with locks.hold(git_dir / _FOLDER) as lock, processes.deferred_signals():
        # Look again: another process may have finished while this one waited for the lock.
        for pending in (git_dir / _FOLDER).glob("*.pending"):
            if _load(pending).head != git.run("rev-parse", "HEAD", cwd=top).strip():
                pending.unlink()  # the user has committed what was there
                continue
            notes.append("An interrupted update was rolled back; the files are as before it.")
            notes += _roll_back(WorkTree(top, git_dir, lock), pending)
    return notes


def is_uncommitted(repository: Repository, head: str) -> bool:
    """Return whether the last update of a project is in the index, on top of a commit."""
    path = _path(repository)
    if not path.exists():
        return False
    log = _load(path)
    return log.head == head and _is_staged(repository.top, log)


def abort(repository: Repository) -> list[str]:
    """Undo the last update of a project, if it is not committed yet.

    Returns:
        Notes on files that the user has edited since.

    Raises:
        MlpathError: There is nothing to undo.
    """
    path, project = _path(repository), repository.project
    with locks.hold(repository.git_dir / _FOLDER) as lock, processes.deferred_signals():
        if not path.exists():
            raise MlpathError(f"there is no update to undo in {project}")
        log = _load(path)
        if log.head != git.run("rev-parse", "HEAD", cwd=repository.top).strip():
            raise MlpathError(
                f"the last update of {project} is already committed",
                hint="Revert that commit instead: git revert HEAD",
            )
        if not _is_staged(repository.top, log):
            path.unlink()
            raise MlpathError(f"the last update of {project} was already undone")
        _refuse_locked_index(repository)
        pending = path.replace(path.with_suffix(".pending"))
        return _roll_back(WorkTree(repository.top, repository.git_dir, lock), pending)


def _roll_back(tree: WorkTree, pending: Path) -> list[str]:
    """Restore what a log lists; return a note on each file that was moved aside."""
    log = _load(pending)
    aside = pending.with_name(f"rescued-{log.created}")
    try:
        rescued = tree.restore(log.changes, aside)
    except git.GitError as error:
        raise MlpathError(
            f"the update cannot be rolled back: {error}",
            hint="Move away what is in the place of that file, or free disk space. Then run the "
            "command again.",
        ) from None
    pending.unlink()
    return [f"You had edited {path.name}; your version is now {path}." for path in rescued]


def _path(repository: Repository) -> Path:
    """Return the path of a project's log."""
    digest = hashlib.sha256(os.fsencode(repository.prefix)).hexdigest()[:12]
    name = f"update-{digest}.json" if repository.prefix else "update.json"
    return repository.git_dir / _FOLDER / name


def _save(path: Path, log: Log) -> Path:
    """Write a log as pending, and return its path."""
    new = path.with_suffix(".new")
    with new.open("w", encoding="ascii") as file:
        json.dump(asdict(log), file)
        file.flush()
        os.fsync(file.fileno())
    return new.replace(path.with_suffix(".pending"))


def _load(path: Path) -> Log:
    try:
        found = json.loads(path.read_bytes())
        changes = {
            name: Change(*(Entry(*entry) if entry else None for entry in entries))
            for name, entries in found["changes"].items()
        }
        return Log(found["head"], found["created"], changes)
    except (ValueError, TypeError, KeyError):
        raise MlpathError(
            f"the log of the last update is damaged: {path}",
            hint="See what was changed with git status and git diff --staged, undo it with "
            f"git reset --hard if you like, and delete {path}.",
        ) from None


def _refuse_locked_index(repository: Repository) -> None:
    """Refuse to write while another git does: a roll-back removes the lock of the index."""
    lock = repository.git_dir / "index.lock"
    if lock.exists():
        raise MlpathError(
            f"another git process is writing in {repository.top}",
            hint=f"Wait until it ends. If none is running, delete {lock}.",
        )


def _refuse_old_logs(folder: Path) -> None:
    for plan in folder.glob("update*/plan.json"):
        if not (plan.parent / "done").exists():
            raise MlpathError(
                f"an update by mlpath 0.8 or older was interrupted: {plan.parent}",
                hint="Undo it with that version (uvx mlpath@0.8.4 status), or save the files that "
                f"you need, then run: git reset --hard && rm -r {plan.parent}",
            )


def _is_staged(top: Path, log: Log) -> bool:
    """Return whether any index entry of a log still differs from HEAD."""
    listed = git.run("diff-index", "--cached", "--name-only", "-z", log.head, cwd=top)
    return not log.changes.keys().isdisjoint(listed.split("\0"))
