"""Writes a merge into a project: a process of its own, which no signal of the terminal reaches.

`python write.py apply JOURNAL TOP` carries out the plan that lies in the folder JOURNAL, in the
work tree TOP, and marks it as done; if that fails, it puts everything back. `restore` for `apply`
does the latter alone, for `--abort`; and so does `recover`, for whoever finds a journal that is not
done, because the machine went down or somebody killed this process.

Standard library only, and nothing of mlpath is imported: it starts in hundredths of a second.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

# What lies in a journal. The plan names every path that changes, with the blob and the mode that
# its index entry had before, and the blob that its file holds after.
PLAN, BEFORE, STAGES = "plan.json", "before", "stages"
DONE, FAILED, RESTORED, RESCUED = "done", "failed", "restored", "rescued"


def apply(journal: Path, top: Path) -> None:
    """Carry out the plan: the files, then the index entries of what is in conflict."""
    plan = read_plan(journal)
    _git(top, "update-index", "-q", "--refresh", check=False)
    _git(top, "read-tree", "-m", "-u", plan["head_tree"], plan["result_tree"])
    stages = (journal / STAGES).read_bytes()
    if stages:
        _git(top, "update-index", "-z", "--index-info", stdin=stages)
    (journal / DONE).touch()


def restore(journal: Path, top: Path) -> None:
    """Bring back the files and the index entries as they were before the plan.

    What is neither as it was nor as the plan would have it is the user's: it is kept in the folder
    `rescued` of the journal. Cut short, it can be done again.
    """
    plan = read_plan(journal)
    changes = plan["changes"]
    for path in (path for path, change in changes.items() if not change["existed"]):
        _put_back(journal, top, path, changes[path])
    for folder in plan["new_folders"]:
        with contextlib.suppress(OSError):
            (top / folder).rmdir()
    for path in (path for path, change in changes.items() if change["existed"]):
        _put_back(journal, top, path, changes[path])
    _git(top, "update-index", "-z", "--index-info", stdin=_entries_before(plan))
    _git(top, "update-index", "-q", "--refresh", check=False)
    (journal / RESTORED).touch()


def read_plan(journal: Path) -> dict[str, Any]:
    """Return the plan of a journal."""
    plan: dict[str, Any] = json.loads((journal / PLAN).read_bytes())
    return plan


def _put_back(journal: Path, top: Path, path: str, change: dict[str, Any]) -> None:
    """Restore one file; keep what the user made of it meanwhile."""
    here, before = top / path, journal / BEFORE / path
    if change["existed"] and not _exists(before):
        return  # a restore that was cut short had come as far as this
    if _same(here, before):
        return
    if _exists(here) and not _is_ours(top, here, change):
        rescued = journal / RESCUED / path
        rescued.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(here, rescued)
    if not change["existed"]:
        here.unlink(missing_ok=True)
        return
    here.parent.mkdir(parents=True, exist_ok=True)
    try:
        before.replace(here)  # takes no room, on a disk that may be full
    except OSError:  # the git folder is on another disk
        new = here.with_name(f"{here.name}.mlpath")
        shutil.copy2(before, new, follow_symlinks=False)
        new.replace(here)


def _is_ours(top: Path, here: Path, change: dict[str, Any]) -> bool:
    """Tell whether a file is what the plan writes, whole or cut short by a kill."""
    after = change["after"]
    if after is None or (here.is_dir() and not here.is_symlink()):
        return False
    wanted = _git(top, "cat-file", "blob", after)
    if here.is_symlink():
        return os.fsencode(here.readlink()) == wanted
    found = here.read_bytes()
    return any(wanted.startswith(text) for text in (found, found.replace(b"\r\n", b"\n")))


def _same(one: Path, other: Path) -> bool:
    if not _exists(one) or not _exists(other):
        return _exists(one) == _exists(other)
    if one.is_symlink() or other.is_symlink():
        return one.is_symlink() and other.is_symlink() and one.readlink() == other.readlink()
    if one.is_dir() or other.is_dir():
        return False
    same_mode = one.stat().st_mode == other.stat().st_mode
    return same_mode and one.read_bytes() == other.read_bytes()


def _exists(path: Path) -> bool:
    return os.path.lexists(path)


def _entries_before(plan: dict[str, Any]) -> bytes:
    """Return what `update-index` reads to give every path of the plan its old entry."""
    lines = []
    for path, change in plan["changes"].items():
        lines.append(f"0 {plan['null']}\t{path}")
        if change["before"]:
            lines.append(f"{change['mode']} {change['before']}\t{path}")
    return "".join(f"{line}\0" for line in lines).encode("utf-8", "surrogateescape")


def _git(top: Path, *arguments: str, stdin: bytes = b"", check: bool = True) -> bytes:
    """Run git; whoever starts this process has put the settings into the environment."""
    done = subprocess.run(
        ["git", *arguments], cwd=top, input=stdin, capture_output=True, check=False
    )
    if check and done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise OSError(f"git {arguments[0]} failed: {said[0]}")
    return done.stdout


def main(command: str, journal: Path, top: Path) -> int:
    """Carry out a plan, or leave nothing of it."""
    if command == "recover":
        # Whoever was killed while it wrote the index left its lock behind.
        git_dir = Path(_git(top, "rev-parse", "--absolute-git-dir").decode().rstrip("\n"))
        (git_dir / "index.lock").unlink(missing_ok=True)
    if command in {"recover", "restore"}:
        restore(journal, top)
        return 0
    try:
        apply(journal, top)
    except BaseException as error:  # noqa: BLE001 - whatever it is, the project comes first
        reason = str(error) or type(error).__name__
        restore(journal, top)
        (journal / FAILED).write_text(reason, encoding="utf-8", errors="replace")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
