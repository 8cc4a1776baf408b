"""Brings a merge into a project so that it can be undone, whatever happens in between.

Before the first byte is written, a journal in the repository's git folder holds the plan and a
copy of every file that will change. `write.py` carries the plan out in a process of its own. A
journal that is not marked as done is rolled back by the next command; one that is serves
`--abort` until the update is committed.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpath import git, processes, write
from mlpath.errors import MlpathError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment, unused-ignore]

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
    git_dir: Path
    head: str
    """The commit on which the plan rests."""
    head_tree: str
    result_tree: str
    stages: str
    """What `git update-index --index-info -z` reads to record the conflicts."""
    changes: tuple[Change, ...]


def carry_out(plan: Plan) -> list[int]:
    """Write a plan into its work tree; all of it, or nothing.

    Returns:
        The signals that came in the meantime, and that the caller has still to obey.

    Raises:
        MlpathError: It could not be written. Nothing changed.
    """
    place = _place(plan.git_dir)
    if place.exists():
        shutil.rmtree(place)  # an earlier update, done and committed
    place.parent.mkdir(exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix="new-", dir=place.parent))
    try:
        with _locked(draft) as lock, processes.holding_off_signals() as received:
            _fill(draft, plan)
            try:
                draft.rename(place)
            except OSError:
                raise MlpathError(f"another mlpath is updating {plan.top} at this moment") from None
            _write("apply", place, lock)
            if not (place / write.DONE).exists():
                reason = _text(place / write.FAILED) or "the process that writes was killed"
                if not (place / write.FAILED).exists():
                    _write("recover", place, lock)
                shutil.rmtree(place)
                raise MlpathError(
                    f"the update could not be written: {reason}",
                    hint="Everything is as it was before.",
                )
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return received


def recover(git_dir: Path) -> list[Path] | None:
    """Roll back what a killed update left half-written in a work tree.

    Returns:
        Copies of files that the user had changed since; nothing of theirs is thrown away. None
        if there was nothing to roll back.

    Raises:
        MlpathError: Another mlpath is still writing there.
    """
    place = _place(git_dir)
    _clear_drafts(place.parent)
    if not place.exists() or (place / write.DONE).exists():
        return None
    with _locked(place) as lock:
        if not place.exists() or (place / write.DONE).exists():
            return None  # the other one was merely slow
        return _roll_back("recover", place, lock)


def recover_and_tell(git_dir: Path) -> list[str]:
    """Do as `recover`; return what the user should know of it."""
    if not (git_dir / "mlpath").is_dir():
        return []
    kept = recover(git_dir)
    if kept is None:
        return []
    told = "The last update was killed while it wrote; everything is back as it was before."
    return [told, *(f"You had changed {path.name} since; that is kept as {path}." for path in kept)]


def is_pending(git_dir: Path, head: str) -> bool:
    """Tell whether the last update still waits to be committed on top of HEAD."""
    place = _place(git_dir)
    return place.exists() and write.read_plan(place)["head"] == head


def abort(project: Path, git_dir: Path) -> list[Path]:
    """Undo the last update, which must not be committed yet.

    Returns:
        Copies of files that the user had changed since.

    Raises:
        MlpathError: There is nothing to undo.
    """
    place = _place(git_dir)
    if not place.exists():
        raise MlpathError(f"there is no update to undo in {project}")
    plan = write.read_plan(place)
    if git.run("rev-parse", "HEAD", cwd=project).strip() != plan["head"]:
        raise MlpathError(
            f"the last update of {project} is committed already, so there is nothing to abort",
            hint="To take it back all the same: git revert HEAD (or the commit that has it).",
        )
    if not _is_left(plan):
        shutil.rmtree(place)
        raise MlpathError(f"nothing is left of the last update of {project}; you undid it before")
    with _locked(place) as lock:
        # From here on, a killed abort is finished by the next command.
        (place / write.DONE).unlink(missing_ok=True)
        return _roll_back("restore", place, lock)


def _roll_back(command: str, place: Path, lock: int | None) -> list[Path]:
    with processes.holding_off_signals():
        said = _write(command, place, lock)
        if not (place / write.RESTORED).exists():
            raise MlpathError(
                f"cannot undo the update: {said or 'the process that writes was killed'}",
                hint=f"What stood in the files before is in {place / write.BEFORE}.",
            )
        rescued: list[str] = json.loads(_text(place / write.RESTORED))
        kept = place.with_name(f"rescued-{time.strftime('%Y%m%d-%H%M%S')}")
        if rescued:
            (place / write.RESCUED).rename(kept)
        shutil.rmtree(place)
    return [kept / path for path in rescued]


def _place(git_dir: Path) -> Path:
    return git_dir / "mlpath" / "update"


def _fill(draft: Path, plan: Plan) -> None:
    changes: dict[str, Mapping[str, str | None]] = {}
    for change in plan.changes:
        here, copy = plan.top / change.path, draft / write.BEFORE / change.path
        if os.path.lexists(here):
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(here, copy, follow_symlinks=False)
        changes[change.path] = {
            "mode": change.before.mode if change.before else None,
            "before": change.before.blob if change.before else None,
            "after": change.after.blob if change.after else None,
        }
    (draft / write.STAGES).write_bytes(plan.stages.encode("utf-8", "surrogateescape"))
    content: dict[str, Any] = {
        "top": str(plan.top),
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


def _write(command: str, journal: Path, lock: int | None) -> str:
    """Run `write.py` to its end, out of reach of the terminal; return its last complaint.

    It inherits the lock, so the journal counts as in use even if this process is killed.
    """
    assert write.__file__  # noqa: S101 - it is a file of this package
    with tempfile.TemporaryFile() as complaints:
        subprocess.run(
            [sys.executable, "-I", write.__file__, command, str(journal)],
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


def _is_left(plan: Mapping[str, Any]) -> bool:
    """Tell whether any index entry is still another one than before the update."""
    listed = git.run("ls-files", "-s", "-z", cwd=Path(plan["top"]))
    pairs = (line.split("\t", 1) for line in listed.split("\0") if line)
    entries = {path: meta for meta, path in pairs}
    return any(
        entries.get(path) != (f"{change['mode']} {change['before']} 0" if change["mode"] else None)
        for path, change in plan["changes"].items()
    )


@contextmanager
def _locked(journal: Path) -> Iterator[int | None]:
    """Hold a journal; whoever holds it, and its children, is at work on it."""
    if fcntl is None:
        yield None
        return
    try:
        handle = os.open(journal, os.O_RDONLY)
    except FileNotFoundError:  # the other one has just finished
        yield None
        return
    try:
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise MlpathError(
                        f"another mlpath is at work in {journal.parents[1]}",
                        hint="Wait for it to end, then run the command again.",
                    ) from None
                time.sleep(0.05)
        yield handle
    finally:
        os.close(handle)


def _clear_drafts(folder: Path) -> None:
    """Remove the journals of updates that were killed before they wrote anything."""
    for draft in folder.glob("new-*"):
        if fcntl is None:
            continue
        with contextlib.suppress(OSError):
            handle = os.open(draft, os.O_RDONLY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(draft)
            finally:
                os.close(handle)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
