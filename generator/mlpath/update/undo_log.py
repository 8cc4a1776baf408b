"""Brings a merge into a project so that it can be undone, whatever happens in between.

Before the first byte is written, a journal in the repository's git folder holds the plan and a
copy of every file that will change. `write.py` carries the plan out in a process of its own. A
journal that is not marked as done is rolled back by the next command; one that is serves
`--abort` until the update is committed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpath.errors import MlpathError
from mlpath.system import git, processes
from mlpath.update import write

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment, unused-ignore]

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Below the git folder of a work tree: a journal for each project in it, and what is half-made.
_FOLDER, _JOURNAL, _DRAFT = "mlpath", "update", "new-"

_PATIENCE = 30.0
"""Seconds to wait for another mlpath that is writing into the same project."""


@dataclass(frozen=True)
class Entry:
    """What git has under a path: mode and blob."""

    mode: str
    blob: str


@dataclass(frozen=True)
class Change:
    """One path that a merge changes, in its file or in its index entry."""

    path: str
    before: Entry | None
    after: Entry | None


@dataclass(frozen=True)
class Plan:
    """All that is to be written into one work tree."""

    top: Path
    prefix: str
    """Where the project is below `top`: empty, or ending in a slash."""
    git_dir: Path
    head: str
    """The commit on which the plan rests."""
    head_tree: str
    result_tree: str
    stages: str
    """What `git update-index --index-info -z` reads to record the conflicts."""
    changes: tuple[Change, ...]


def carry_out(plan: Plan) -> None:
    """Write a plan into its work tree; all of it, or nothing. The caller holds off signals.

    Raises:
        MlpathError: It could not be written. Nothing changed.
    """
    place = _place(plan.git_dir, plan.prefix)
    with _at_work(place.parent) as lock:
        if place.exists():
            if is_pending(plan.top, plan.git_dir, plan.prefix, plan.head):
                raise MlpathError(
                    f"another update of {plan.top / plan.prefix} was faster",
                    hint="Look at what it brought: git diff --staged",
                )
            _retire(place)
        draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=place.parent))
        try:
            _fill(draft, plan)
            draft.rename(place)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        _write("apply", place, plan.top, lock)
        if not (place / write.DONE).exists():
            reason = _text(place / write.FAILED) or "the process that writes was killed"
            kept = _finished(place)
            if kept is None:
                kept = _roll_back("recover", place, plan.top, lock)
            raise MlpathError(
                f"the update could not be written: {reason}",
                hint=" ".join(["Everything is as it was before.", *map(_kept, kept)]),
            )


def recover(top: Path, git_dir: Path) -> list[str]:
    """Roll back what killed updates left half-written in a work tree.

    Nothing that its owner typed since is thrown away. Where they went on, and committed, it is
    theirs as it is.

    Returns:
        What the user should know; nothing if there was nothing to roll back.

    Raises:
        MlpathError: Another mlpath is still writing there.
    """
    if not _unfinished(git_dir / _FOLDER):
        return []
    told: list[str] = []
    with _at_work(git_dir / _FOLDER) as lock:
        # A second look: the other one may merely have been slow.
        for place in _unfinished(git_dir / _FOLDER):
            if not _is_at(top, _plan_of(place)["head"]):
                _retire(place)
                continue
            kept = _roll_back("recover", place, top, lock)
            told.append("An update was killed while it wrote; everything is back as it was before.")
            told += map(_kept, kept)
    return told


def recover_around(project: Path) -> list[str]:
    """Do what `recover` does, before it is even known whether a folder is a project.

    To be called before anything of a project is read: a writer that outlived its update may still
    be at work in any of its files, the record among them.
    """
    top, git_dir = git.enclosing(project), git.folder_of(project)
    return recover(top, git_dir) if top and git_dir else []


def is_pending(top: Path, git_dir: Path, prefix: str, head: str) -> bool:
    """Tell whether the last update of a project still waits to be committed on top of HEAD."""
    place = _place(git_dir, prefix)
    if not place.exists():
        return False
    plan = _plan_of(place)
    return bool(plan["head"] == head) and _is_left(top, plan)


def abort(top: Path, git_dir: Path, prefix: str) -> list[str]:
    """Undo the last update of a project, which must not be committed yet.

    Returns:
        What the user should know of files that they had changed since.

    Raises:
        MlpathError: There is nothing to undo.
    """
    place, project = _place(git_dir, prefix), top / prefix
    if not place.exists():
        raise MlpathError(f"there is no update to undo in {project}")
    plan = _plan_of(place)
    if not _is_at(top, plan["head"]):
        raise MlpathError(
            f"the last update of {project} is committed already, so there is nothing to abort",
            hint="To take it back all the same: git revert HEAD (or the commit that has it).",
        )
    with _at_work(place.parent) as lock:
        if not _is_left(top, plan):
            _retire(place)
            raise MlpathError(
                f"nothing is left of the last update of {project}; you undid it before"
            )
        # From here on, a killed abort is finished by the next command.
        (place / write.DONE).unlink(missing_ok=True)
        return list(map(_kept, _roll_back("restore", place, top, lock)))


def _plan_of(place: Path) -> dict[str, Any]:
    try:
        return write.read_plan(place)
    except (ValueError, FileNotFoundError):  # as a power cut leaves it
        raise MlpathError(
            f"what the last update noted of itself is cut off, or gone: {place / write.PLAN}",
            hint="git status and git diff tell what it has changed; what stood in the files before "
            f"is in {place / write.BEFORE}. Move {place} away, then go on.",
        ) from None


def _is_at(top: Path, commit: str) -> bool:
    return git.run("rev-parse", "HEAD", cwd=top).strip() == commit


def _roll_back(command: str, place: Path, top: Path, lock: int | None) -> list[Path]:
    with processes.holding_off_signals() as received:
        said = _write(command, place, top, lock)
        if not (place / write.RESTORED).exists():
            raise MlpathError(
                f"cannot undo the update: {said or 'the process that writes was killed'}",
                hint=f"What stood in the files before is in {place / write.BEFORE}.",
            )
        kept = _finished(place) or []
    for number in received[:1]:
        signal.raise_signal(number)
    return kept


def _finished(place: Path) -> list[Path] | None:
    """Clear away a journal that was rolled back; return the copies of what the user had made.

    None if it was not rolled back yet.
    """
    if not (place / write.RESTORED).exists():
        return None
    rescued = place / write.RESCUED
    files = [path.relative_to(rescued) for path in rescued.rglob("*") if not path.is_dir()]
    kept = place.with_name(f"rescued-{time.strftime('%Y%m%d-%H%M%S')}")
    if files:
        rescued.rename(kept)
    _retire(place)
    return [kept / path for path in sorted(files)]


def _kept(path: Path) -> str:
    return f"You had changed {path.name} since; that is kept as {path}."


def _place(git_dir: Path, prefix: str) -> Path:
    """Return where the journal of a project is: each folder of a repository has its own."""
    name = f"-{hashlib.sha256(os.fsencode(prefix)).hexdigest()[:12]}" if prefix else ""
    return git_dir / _FOLDER / f"{_JOURNAL}{name}"


def _unfinished(folder: Path) -> list[Path]:
    found = folder.glob(f"{_JOURNAL}*") if folder.is_dir() else ()
    return [place for place in found if not (place / write.DONE).exists()]


def _retire(place: Path) -> None:
    """Remove a journal in one step, so that a kill leaves no half of it."""
    gone = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=place.parent))
    place.rename(gone / "journal")
    shutil.rmtree(gone)


def _fill(draft: Path, plan: Plan) -> None:
    changes: dict[str, Mapping[str, Any]] = {}
    for change in plan.changes:
        here, copy = plan.top / change.path, draft / write.BEFORE / change.path
        existed = os.path.lexists(here) and (here.is_symlink() or not here.is_dir())
        if existed:
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(here, copy, follow_symlinks=False)
        changes[change.path] = {
            "existed": existed,
            "mode": change.before.mode if change.before else None,
            "before": change.before.blob if change.before else None,
            "after": change.after.blob if change.after else None,
        }
    (draft / write.STAGES).write_bytes(plan.stages.encode("utf-8", "surrogateescape"))
    content: dict[str, Any] = {
        "head": plan.head,
        "head_tree": plan.head_tree,
        "result_tree": plan.result_tree,
        "null": "0" * len(plan.head),
        "changes": changes,
        "new_folders": _new_folders(plan),
    }
    (draft / write.PLAN).write_text(json.dumps(content), encoding="ascii")


def _new_folders(plan: Plan) -> list[str]:
    """Return the folders that the plan makes, the deepest first."""
    above = {
        parent.as_posix() for change in plan.changes for parent in Path(change.path).parents
    } - {"."}
    missing = [folder for folder in above if not (plan.top / folder).is_dir()]
    return sorted(missing, key=len, reverse=True)


def _write(command: str, journal: Path, top: Path, lock: int | None) -> str:
    """Run `write.py` to its end, out of reach of the terminal; return its last complaint.

    It inherits the lock, so the journal counts as in use even if this process is killed.
    """
    assert write.__file__  # noqa: S101 - it is a file of this package
    with tempfile.TemporaryFile() as complaints:
        subprocess.run(
            [sys.executable, "-I", write.__file__, command, str(journal), str(top)],
            env=git.environment(git.settings_as_environment()),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
            start_new_session=True,
            pass_fds=() if lock is None else (lock,),
            check=False,
        )
        complaints.seek(0)
        lines = complaints.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


def _is_left(top: Path, plan: Mapping[str, Any]) -> bool:
    """Tell whether any index entry is still another one than before the update."""
    listed = git.run("ls-files", "-s", "-z", cwd=top)
    pairs = (line.split("\t", 1) for line in listed.split("\0") if line)
    entries = {path: meta for meta, path in pairs}
    return any(
        entries.get(path) != (f"{change['mode']} {change['before']} 0" if change["mode"] else None)
        for path, change in plan["changes"].items()
    )


@contextmanager
def _at_work(folder: Path) -> Iterator[int | None]:
    """Be the only mlpath that writes in a work tree.

    Whoever holds the lock, and the processes that inherit it, are at work. So what is half-made
    when it is free was left by somebody who was killed.
    """
    folder.mkdir(exist_ok=True)
    if fcntl is None:
        yield None
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        deadline = time.monotonic() + _PATIENCE
        while not _lock(handle):
            if time.monotonic() > deadline:
                raise MlpathError(
                    f"another mlpath is at work in {folder.parent}",
                    hint="Wait for it to end, then run the command again.",
                )
            time.sleep(0.02)
        for draft in folder.glob(f"{_DRAFT}*"):
            shutil.rmtree(draft)
        yield handle
    finally:
        os.close(handle)


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
