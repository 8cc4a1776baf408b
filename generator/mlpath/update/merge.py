"""Three-way merge, by git, of a project with the old and the new render of its template.

Nothing is written to the repository, so a preview leaves no trace, and what is written later is
what the preview showed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mlpath.errors import MlpathError
from mlpath.system import git
from mlpath.template.answers import ANSWERS_FILE
from mlpath.update import renames
from mlpath.update.workspace import Change, Entry, Workspace, is_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlpath.update.renames import Pair
    from mlpath.update.repository import Repository

_THEIRS = "TEMPLATE_HEAD"
"""The template's side in conflict markers; the user's side is HEAD."""

Stages = dict[int, Entry]
"""The entries of a path in conflict: 1 is the base, 2 ours, 3 theirs."""


@dataclass(frozen=True)
class MergeInput:
    """What is merged with the project's HEAD."""

    head: str
    old: Path
    new: Path
    replace_answers_file: bool = False
    """Take the new render's answers file as it is: a merge of two differently formatted answers
    files by lines could mix answers."""
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

    def __init__(self, repository: Repository, inputs: MergeInput, scratch: Path) -> None:
        """Merge in an empty folder, which is needed as long as the object is used."""
        self.repository, self.head = repository, inputs.head
        self._git = Workspace(repository, inputs.head, scratch)
        base, ours, theirs = self._commits(inputs)
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

    def obstacle(self) -> MlpathError | None:
        """Return what prevents writing the result, as an error, or None."""
        if paths := self._untracked():
            names = ", ".join(map(self.repository.relative, paths))
            return MlpathError(
                f"there are untracked files where the template has some: {names}",
                hint="Move or rename them, or add and commit them to have them merged.",
            )
        if paths := self._hidden():
            names = ", ".join(map(self.repository.relative, paths))
            return MlpathError(
                f"git ignores changes in {names} (--assume-unchanged or --skip-worktree)",
                hint="Undo that: git update-index --no-assume-unchanged --no-skip-worktree FILE",
            )
        return None

    def _commits(self, inputs: MergeInput) -> tuple[str, str, str]:
        path = f"{self.repository.prefix}{ANSWERS_FILE}"
        # A merge takes theirs where base and ours are equal.
        ours_as_base = {ANSWERS_FILE: self._git.files(self.head, path)[path]}
        base = self._git.add("old", inputs.old, ours_as_base if inputs.replace_answers_file else {})
        theirs = self._git.add("new", inputs.new, {})
        ours = self._git.run("rev-parse", f"{self.head}^{{tree}}").strip()
        moves = self._renames(inputs.renames, base, ours, theirs)
        base_commit = self._git.commit(self._git.rename(base, moves))
        ours_commit = self._git.commit(self._git.rename(ours, moves), base_commit)
        return base_commit, ours_commit, self._git.commit(theirs, base_commit)

    def _renames(
        self, versions: list[list[Pair]], base: str, ours: str, theirs: str
    ) -> Mapping[str, str]:
        """Return the renames to apply to the old render and to the project before the merge.

        Sets `renamed`.
        """
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
        self._git.point("HEAD", ours)
        self._git.point(_THEIRS, theirs)
        command = ("merge-tree", "--write-tree", "-z", "--no-messages", "HEAD", _THEIRS)
        done = self._git.attempt(*command)
        if done.returncode not in {0, 1}:
            git.check_version()
            raise git.failure(command, done)
        tree, *entries = done.stdout.rstrip("\0").split("\0")
        conflicts: dict[str, Stages] = {}
        for entry in entries:
            info, _, path = entry.partition("\t")
            mode, blob, stage = info.split()
            conflicts.setdefault(path, {})[int(stage)] = Entry(mode, blob)
        return tree, conflicts

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
