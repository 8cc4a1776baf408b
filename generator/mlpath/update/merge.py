"""Three-way merge, by git, of a project with the old and the new render of its template.

Nothing is written to the repository, so a preview leaves no trace, and what is written later is
what the preview showed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mlpath.system import git
from mlpath.template.answers import ANSWERS_FILE
from mlpath.update import renames
from mlpath.update.rollback import Change, Entry, is_file
from mlpath.update.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlpath.update.renames import Pair
    from mlpath.update.repository import Repository

_THEIRS = "TEMPLATE_HEAD"
"""The template's side in conflict markers; the user's side is HEAD."""
_ORT = (2, 33)
"""The first git with the merge strategy `ort`."""

Stages = dict[int, Entry]
"""The entries of a path in conflict: 1 is the base, 2 ours, 3 theirs."""


@dataclass(frozen=True)
class Sides:
    """What is merged with the project's HEAD."""

    head: str
    old: Path
    new: Path
    keep_answers_file: bool = False
    """Take HEAD's answers file as the old one, so that the new render's replaces it: a merge of
    two differently formatted answers files by lines could mix answers."""
    renames: list[list[Pair]] = field(default_factory=list)


class Merge:
    """The result of a merge.

    Attributes:
        conflicts: The stages of each path in conflict.
        changes: What differs between HEAD and the result, with the paths in conflict.
        by_template: What differs between the two renders.
        by_user: What differs between the old render and the project.
        renamed: The old path of each file of the project that the release's list renames.
    """

    def __init__(self, repository: Repository, sides: Sides, scratch: Path) -> None:
        """Merge in an empty folder, which is needed as long as the object is used."""
        self.repository, self.head = repository, sides.head
        self._git = Workspace(repository, sides.head, scratch)
        base, ours, theirs = self._commits(sides)
        self._tree, self.conflicts = self._merge(ours, theirs)
        self.by_template = self._git.differences(base, theirs)
        paths = (repository.prefix,) if repository.prefix else ()
        self.by_user = self._git.differences(base, ours, *paths)
        self.changes = self._git.differences(self.head, self._tree)
        unchanged = [path for path in self.conflicts if path not in self.changes]
        entries = self._git.files(self.head, *unchanged) if unchanged else {}
        for path in unchanged:
            self.changes[path] = Change(entries.get(path), entries.get(path))

    def read(self, entry: Entry) -> bytes:
        """Return the content of a blob."""
        return self._git.run("cat-file", "blob", entry.blob).encode("utf-8", "surrogateescape")

    def patch(self) -> str:
        """Return the changes as a patch."""
        return self._git.run("diff-tree", "-p", "-M", "--no-ext-diff", self.head, self._tree)

    def export(self) -> tuple[str, str]:
        """Copy the result to the repository; return its tree, and the stages for the index."""
        entries = [entry for stages in self.conflicts.values() for entry in stages.values()]
        self._git.copy_objects(self.head, self._tree, [entry.blob for entry in entries])
        lines = []
        for path, stages in self.conflicts.items():
            lines.append(f"0 {'0' * len(self.head)}\t{path}\0")
            lines += [f"{e.mode} {e.blob} {stage}\t{path}\0" for stage, e in stages.items()]
        return self._tree, "".join(lines)

    def obstacles(self) -> list[str]:
        """Return what prevents writing the result, and how to solve it; empty if nothing does."""
        if paths := self._untracked():
            names = ", ".join(map(self.repository.relative, paths))
            return [
                f"there are untracked files where the template has some: {names}",
                "Move or rename them, or add and commit them to have them merged.",
            ]
        if paths := self._hidden():
            names = ", ".join(map(self.repository.relative, paths))
            return [
                f"git ignores changes in {names} (--assume-unchanged or --skip-worktree)",
                "Undo that: git update-index --no-assume-unchanged --no-skip-worktree FILE",
            ]
        return []

    def _commits(self, sides: Sides) -> tuple[str, str, str]:
        """Return the commits to merge: the old render, the project, and the new render."""
        path = f"{self.repository.prefix}{ANSWERS_FILE}"
        kept = {ANSWERS_FILE: self._git.files(self.head, path)[path]}
        base = self._git.add("old", sides.old, kept if sides.keep_answers_file else {})
        theirs = self._git.add("new", sides.new, {})
        ours = self._git.run("rev-parse", f"{self.head}^{{tree}}").strip()
        moves = self._renames(sides.renames, base, ours, theirs)
        base_commit = self._git.commit(self._git.rename(base, moves))
        ours_commit = self._git.commit(self._git.rename(ours, moves), base_commit)
        return base_commit, ours_commit, self._git.commit(theirs, base_commit)

    def _renames(
        self, versions: list[list[Pair]], base: str, ours: str, theirs: str
    ) -> Mapping[str, str]:
        """Return the renames to apply to the old render and to the project before the merge."""
        self.renamed: Mapping[str, str] = {}
        if not any(versions):
            return {}
        prefix = self.repository.prefix
        below = (prefix,) if prefix else ()
        files = [
            {path.removeprefix(prefix) for path in self._git.files(tree, *below)}
            for tree in (base, ours, theirs)
        ]
        found = renames.resolve(versions, *files)
        self.renamed = {prefix + new: prefix + old for old, new in found.items() if old in files[1]}
        return {prefix + old: prefix + new for old, new in found.items()}

    def _merge(self, ours: str, theirs: str) -> tuple[str, dict[str, Stages]]:
        """Return the merged tree, and the stages of the paths in conflict."""
        self._git.point("HEAD", ours)
        self._git.point(_THEIRS, theirs)
        options = ("--write-tree", "-z", "--no-messages")
        done = self._git.attempt("merge-tree", *options, "HEAD", _THEIRS)
        if done.returncode in {0, 1}:
            tree, *entries = done.stdout.rstrip("\0").split("\0")
        else:
            tree, entries = self._merge_in_files()
        conflicts: dict[str, Stages] = {}
        for entry in entries:
            info, _, path = entry.partition("\t")
            mode, blob, stage = info.split()
            conflicts.setdefault(path, {})[int(stage)] = Entry(mode, blob)
        return tree, conflicts

    def _merge_in_files(self) -> tuple[str, list[str]]:
        """Merge as `git merge-tree --write-tree` does, for a git older than 2.38."""
        strategy = "ort" if (git.version() or ()) >= _ORT else "recursive"
        self._git.run("read-tree", "--reset", "-u", "HEAD")
        done = self._git.attempt(
            "merge", "--no-commit", "--no-ff", "--quiet", f"--strategy={strategy}", _THEIRS
        )
        entries = self._git.run("ls-files", "--unmerged", "-z")
        if done.returncode and not entries:
            lines = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
            raise git.GitError(f"git merge failed: {lines[0]}")
        self._git.run("add", "--all", "--force", ".")
        tree = self._git.run("write-tree").strip()
        return tree, [line for line in entries.split("\0") if line]

    def _untracked(self) -> list[str]:
        """Return the untracked files in the place of files that the merge adds."""
        removed = {path for path, change in self.changes.items() if not change.after}
        added = [path for path, change in self.changes.items() if not change.before]
        return sorted({found for path in added if (found := self._obstacle(path, removed))})

    def _obstacle(self, path: str, removed: set[str]) -> str | None:
        """Return what is in the place of a file, other than what the merge removes."""
        top = self.repository.top
        for parent in map(str, reversed(Path(path).parents[:-1])):
            if is_file(top / parent):
                return None if parent in removed else parent
            if os.path.lexists(top / parent / ".git"):
                return parent  # another repository, or a submodule
        return _obstacle_at(top, path, removed)

    def _hidden(self) -> list[str]:
        """Return the files to change in which git ignores the user's changes."""
        listed = git.run("ls-files", "-v", "-z", cwd=self.repository.top)
        entries = (line for line in listed.split("\0") if line)
        hidden = {line[2:] for line in entries if line[0] == "S" or line[0].islower()}
        return sorted(hidden & {path for path, change in self.changes.items() if change.before})


def _obstacle_at(top: Path, path: str, removed: set[str]) -> str | None:
    if is_file(top / path):
        return path
    if not (top / path).exists():
        return None
    files = [str(file.relative_to(top)) for file in (top / path).rglob("*") if is_file(file)]
    return next((file for file in files if file not in removed), None if files else path)
