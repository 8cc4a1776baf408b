"""Notices an answers file that somebody edited, where an update would take it at its word.

The recorded answers say what the template once wrote. After an edit by hand they say something
else, and a merge that starts from them would take the template's own lines for the owner's: the
new answer would be recorded, and never come to pass. Git's record of the file tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlpath.errors import MlpathError
from mlpath.system import git
from mlpath.template.answers import ANSWERS_FILE, Record, parse_record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlpath.update.merge import Repository


@dataclass(frozen=True)
class Edit:
    """The last commit that changed what a project's answers file says."""

    commit: str
    before: Record
    """What the file said until then."""
    others: Mapping[str, str]
    """The blobs of the other files that the commit changed, by path."""

    @property
    def alone(self) -> bool:
        """Whether the commit changed the answers file and nothing else."""
        return not self.others

    def brought(self, files: Mapping[str, str]) -> bool:
        """Tell whether the commit also brought a file as the template writes it, as updates do."""
        return any(files.get(path) == blob for path, blob in self.others.items())

    def explanation(self, now: Record) -> str:
        """Say what was edited, and what an update makes of it."""
        old, new = ({"_commit": each.version, **each.answers} for each in (self.before, now))
        changed = [
            f"{key} ({old.get(key)!r} became {new.get(key)!r})"
            for key in sorted({*old, *new})
            if old.get(key) != new.get(key)
        ]
        return (
            f"Commit {self.commit[:7]} changed {', '.join(changed)} in {ANSWERS_FILE} by hand, and "
            "no file followed. This merge starts from what was recorded before, so that they do. "
            "Next time: mlpath update -d KEY=VALUE."
        )


def last_edit(repository: Repository, head: str, record: Record) -> Edit | None:
    """Return the commit that gave the answers file what it says, unless it made the file too."""
    top, path = repository.top, f"{repository.prefix}{ANSWERS_FILE}"
    literal = f":(top,literal){path}"
    commit = git.run("rev-list", "-1", "--first-parent", head, "--", literal, cwd=top).strip()
    done = git.attempt("cat-file", "blob", f"{commit}^:{path}", cwd=top)
    if done.returncode:
        return None
    try:
        before = parse_record(done.stdout.encode("utf-8", "surrogateescape"), path)
    except MlpathError:
        return None
    if before == record:
        return None
    listed = git.run("diff-tree", "-r", "-z", "--no-renames", f"{commit}^", commit, cwd=top)
    fields = listed.split("\0")
    blobs = {name: meta.split()[3] for meta, name in zip(fields[::2], fields[1::2], strict=False)}
    blobs.pop(path, None)
    return Edit(commit, before, blobs)


def is_by_hand(project: Path, before: Path, after: Path) -> bool:
    """Tell whether a project's files are those of the record before its last edit, not after.

    Args:
        project: Its folder, as it was committed.
        before: What the template writes for the earlier record.
        after: What it writes for the present one.
    """
    files = {
        path.relative_to(root)
        for root in (before, after)
        for path in root.rglob("*")
        if path.is_file() and path.name != ANSWERS_FILE
    }
    telling = {file for file in files if _content(before / file) != _content(after / file)}
    follows = any(_content(project / file) == _content(after / file) for file in telling)
    stayed = any(_content(project / file) == _content(before / file) for file in telling)
    return stayed and not follows


def is_as_written(project: Path, render: Path) -> bool:
    """Tell whether the answers file is, to the byte, what the template writes."""
    return _content(project / ANSWERS_FILE) == _content(render / ANSWERS_FILE)


def has_remarks(project: Path, render: Path) -> bool:
    """Tell whether the answers file has comments that are not the template's."""
    mine, theirs = (
        {line for line in (_content(root / ANSWERS_FILE) or b"").splitlines() if b"#" in line}
        for root in (project, render)
    )
    return not mine <= theirs


def _content(path: Path) -> bytes | None:
    """Return what is in a file, whatever git does to the ends of its lines."""
    return path.read_bytes().replace(b"\r\n", b"\n") if path.is_file() else None
