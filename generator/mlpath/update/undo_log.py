"""Write a merge into the work tree so that it can be undone, even after a kill.

HEAD has the content of every tracked file, so the log only lists the index entries, before and
after, of the paths that change. It is saved as `update.pending` before the first file is touched,
and renamed to `update.json` when everything is written. The next `mlpath update`, `add` or `status`
rolls back a pending log; `mlpath update --abort` rolls back the other, until the update is
committed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlpath.errors import MlpathError
from mlpath.system import git, locks, processes
from mlpath.update.workspace import Change, Entry, is_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlpath.update.repository import Repository

_FOLDER = "mlpath"
"""The folder in git's own folder that holds the logs, one for each project of a work tree."""


@dataclass(frozen=True)
class Log:
    """What an update writes, as recorded before the first file is touched."""

    head: str
    created: str
    changes: Mapping[str, Change]


@dataclass(frozen=True)
class _WorkTree:
    """A work tree that this process may write to, because it holds the lock."""

    top: Path
    git_dir: Path
    lock: int | None

    def git(self, *arguments: str, text: str = "", index: Path | None = None) -> str:
        """Run git out of reach of Ctrl-C; it holds the lock even if this process is killed."""
        env = {"GIT_LITERAL_PATHSPECS": "1", **({"GIT_INDEX_FILE": str(index)} if index else {})}
        return git.run(*arguments, cwd=self.top, env=env, text=text, lock=self.lock)

    def refresh(self, index: Path | None = None) -> None:
        """Update the file sizes and times in the index; files that differ are no error."""
        with suppress(git.GitError):
            self.git("update-index", "-q", "--refresh", index=index)

    def roll_back(self, pending: Path) -> list[str]:
        """Restore HEAD's version of what a log lists; can be repeated if it is cut short.

        Files that are neither HEAD's nor the update's are the user's: they are moved aside.

        Returns:
            A note on each file that was moved aside.

        Raises:
            MlpathError: git cannot write.
        """
        log = _load(pending)
        aside = pending.with_name(f"rescued-{log.created}")
        try:
            self._restore(log.changes, aside)
        except git.GitError as error:
            raise MlpathError(
                f"the update cannot be rolled back: {error}",
                hint="Move away what is in the place of that file, or free disk space. Then run "
                "the command again.",
            ) from None
        pending.unlink()
        rescued = sorted(filter(is_file, aside.rglob("*")))
        return [f"You had edited {path.name}; your version is now {path}." for path in rescued]

    def _restore(self, changes: Mapping[str, Change], aside: Path) -> None:
        (self.git_dir / "index.lock").unlink(missing_ok=True)  # left by a git that was killed
        before = {path: change.before for path, change in changes.items()}
        after = {path: change.after for path, change in changes.items()}
        differing = self._differing(before)
        for path in sorted(differing & self._differing(after)):
            if not self._is_cut_short(path, after[path]):
                _move(self.top / path, aside / path)
        added = {path for path, entry in before.items() if not entry}
        for path in differing | added:
            _remove(self.top, path)
        options = ("-q", "--pathspec-from-file=-", "--pathspec-file-nul")
        self.git("reset", *options, text=_lines(changes))
        # Unlike `git restore`, it overwrites nothing that is in the way.
        self.git("checkout-index", "--index", "-z", "--stdin", text=_lines(differing - added))
        self.refresh()

    def _differing(self, entries: Mapping[str, Entry | None]) -> set[str]:
        """Return the paths whose file is missing, or not that of the entry."""
        present = {path: entry for path, entry in entries.items() if entry}
        lines = (f"{entry.mode} {entry.blob}\t{path}" for path, entry in present.items())
        with tempfile.TemporaryDirectory(prefix="mlpath-") as scratch:
            index = Path(scratch, "index")
            self.git("update-index", "-z", "--index-info", text=_lines(lines), index=index)
            self.refresh(index)
            differing = self.git("diff-files", "--name-only", "-z", index=index).split("\0")[:-1]
        unwanted = (path for path in entries.keys() - present if is_file(self.top / path))
        return {*differing, *unwanted}

    def _is_cut_short(self, path: str, entry: Entry | None) -> bool:
        """Return whether there is no file, or one that git was killed while writing."""
        file = self.top / path
        if not os.path.lexists(file):
            return True
        if entry is None or file.is_symlink() or not file.is_file():
            return False
        blob = self.git("cat-file", "blob", entry.blob).encode("utf-8", "surrogateescape")
        return _unix_lines(blob).startswith(_unix_lines(file.read_bytes()))


def apply(
    repository: Repository, head: str, result: str, changes: Mapping[str, Change], stages: str
) -> None:
    """Write the result of a merge into the work tree and the index: all of it, or nothing.

    `result` is the merged tree, and `changes` how it differs from `head`, by path, with the paths
    in conflict; `stages` are the conflicts, as `git update-index --index-info -z` reads them.

    Raises:
        MlpathError: It cannot be written. Nothing has changed.
    """
    with locks.hold(repository.git_dir / _FOLDER) as lock:
        _refuse_locked_index(repository)
        tree = _WorkTree(repository.top, repository.git_dir, lock)
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
                notes = tree.roll_back(pending)
                raise MlpathError(
                    f"the update could not be written: {error}",
                    hint=" ".join(["Everything is as it was before.", *notes]),
                ) from None
            if received:
                tree.roll_back(pending)
            else:
                pending.replace(_path(repository))


def recover(project: Path) -> list[str]:
    """Roll back what a killed update left half-written in the work tree around a folder.

    Call this before reading anything of a project: its answers file may be half-written, too.

    Returns:
        Notes for the user; empty if there was nothing to roll back.

    Raises:
        MlpathError: The log cannot be read.
    """
    if not project.is_dir():
        return []
    done = git.attempt("rev-parse", "--show-toplevel", "--absolute-git-dir", cwd=project)
    if done.returncode:
        return []
    top, git_dir = map(Path, done.stdout.split("\n")[:2])
    logs = git_dir / _FOLDER
    if not list(logs.glob("*.pending")):
        return []
    notes = []
    with locks.hold(logs) as lock, processes.deferred_signals():
        # Look again: another process may have finished while this one waited for the lock.
        for pending in logs.glob("*.pending"):
            if _load(pending).head != git.run("rev-parse", "HEAD", cwd=top).strip():
                pending.unlink()  # the user has committed what was there
                continue
            notes.append("An interrupted update was rolled back; the files are as before it.")
            notes += _WorkTree(top, git_dir, lock).roll_back(pending)
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
            raise MlpathError(
                f"there is no update to undo in {project}",
                hint="If the update is committed, find it with git log, and revert it: "
                "git revert COMMIT",
            )
        log = _load(path)
        if log.head != git.run("rev-parse", "HEAD", cwd=repository.top).strip():
            raise MlpathError(
                f"the last update of {project} is already committed",
                hint="Revert that commit instead: git revert HEAD",
            )
        if not _is_staged(repository.top, log):
            path.unlink()
            raise MlpathError(
                f"the last update of {project} was already undone",
                hint="To repeat it, run: mlpath update",
            )
        _refuse_locked_index(repository)
        pending = path.replace(path.with_suffix(".pending"))
        return _WorkTree(repository.top, repository.git_dir, lock).roll_back(pending)


def _path(repository: Repository) -> Path:
    digest = hashlib.sha256(os.fsencode(repository.prefix)).hexdigest()[:12]
    name = f"update-{digest}.json" if repository.prefix else "update.json"
    return repository.git_dir / _FOLDER / name


def _save(path: Path, log: Log) -> Path:
    new = path.with_suffix(".new")
    with new.open("w", encoding="ascii") as file:
        json.dump(asdict(log), file)
        file.flush()
        os.fsync(file.fileno())
    return new.replace(path.with_suffix(".pending"))


def _load(path: Path) -> Log:
    try:
        document = json.loads(path.read_bytes())
        changes = {
            name: Change(*(Entry(*entry) if entry else None for entry in entries))
            for name, entries in document["changes"].items()
        }
        return Log(document["head"], document["created"], changes)
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


def _is_staged(top: Path, log: Log) -> bool:
    listed = git.run("diff-index", "--cached", "--name-only", "-z", log.head, cwd=top)
    return not log.changes.keys().isdisjoint(listed.split("\0"))


def _move(source: Path, target: Path) -> None:
    while os.path.lexists(target):
        target = target.with_name(f"{target.name}~")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(source, target)


def _remove(top: Path, path: str) -> None:
    """Remove a file, and the folders that are empty without it."""
    if is_file(top / path):
        (top / path).unlink()
    with suppress(OSError):
        for folder in Path(path).parents[:-1]:
            (top / folder).rmdir()


def _lines(texts: Iterable[str]) -> str:
    return "".join(f"{text}\0" for text in texts)


def _unix_lines(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
