"""What an update does to each file, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlpath.update.merge import Merge
    from mlpath.update.workspace import Change, Entry

_BYTES = 8000
"""How much of a file git searches for a NUL byte to see whether it is binary."""

_CONFLICTS = {
    (1, 2): "you changed or moved it, the template removed or moved it",
    (1, 3): "you removed or moved it, the template changed or moved it",
    (2, 3): "you and the template both added it",
    (1, 2, 3): "you and the template both changed the same lines",
}
"""Why a path is in conflict, by its stages."""


@dataclass(frozen=True)
class FileOutcome:
    """What an update does to one file."""

    path: str
    outcome: str
    """new, changed, renamed, merged, conflict, removed, kept, or yours"""
    reason: str = ""
    renamed_from: str = ""
    """The path that it had, if the template's list of renames has it."""


def classify(merge: Merge) -> list[FileOutcome]:
    """Return the outcome of each file that the user or the merge has changed, by path."""
    relative = merge.repository.relative
    removed = {path for path, change in merge.changes.items() if not change.after}
    moved_away = removed & {*merge.renamed.values()}
    outcomes = []
    for path in sorted({*merge.changes, *merge.by_user} - moved_away):
        outcome, reason = _classify(merge, path)
        renamed_from = relative(merge.renamed[path]) if path in merge.renamed else ""
        outcomes.append(FileOutcome(relative(path), outcome, reason, renamed_from))
    return outcomes


def _classify(merge: Merge, path: str) -> tuple[str, str]:
    change, mine = merge.changes.get(path), merge.by_user.get(path)
    if path in merge.conflicts:
        return "conflict", _conflict(merge, path)
    if change is None:
        return _unchanged(mine)
    if change.after is None:
        return "removed", ""
    if change.before is None:
        return _added(merge, path, change.after)
    if mine is None:
        return "changed", ""
    edits = "your edits" if mine.before else "the file that you moved"
    return "merged", f"{edits} and the template's changes"


def _unchanged(mine: Change | None) -> tuple[str, str]:
    if mine is None or mine.before is None:
        return "yours", ""
    return "kept", "you edited it" if mine.after else "you removed or moved it"


def _added(merge: Merge, path: str, entry: Entry) -> tuple[str, str]:
    theirs = merge.by_template.get(path)
    if path in merge.renamed:
        as_theirs = path not in merge.by_user or (theirs is not None and theirs.after == entry)
        return ("renamed", "") if as_theirs else ("merged", "with your edits")
    if theirs is None:
        return "new", "in the folder that you moved"
    if theirs.after != entry:
        return "merged", "the template moved the file, and your edits went with it"
    return "new", ""


def _conflict(merge: Merge, path: str) -> str:
    stages = merge.conflicts[path]
    if set(stages) == {1, 2, 3} and any(_is_binary(merge, entry) for entry in stages.values()):
        return "you and the template both changed it, and it is binary: keep one of them"
    moved_apart = any(set(entries) == {1} for entries in merge.conflicts.values())
    if len(stages) == 1 and not moved_apart:
        return "a file on one side, a folder or a link on the other: both are kept, under two names"
    return _CONFLICTS.get(
        tuple(sorted(stages)), "you and the template moved it to different places"
    )


def _is_binary(merge: Merge, entry: Entry) -> bool:
    return entry.mode.startswith("100") and b"\0" in merge.read(entry)[:_BYTES]
