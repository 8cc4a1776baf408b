"""Three-way merge of a project with two renders of its template, by git itself.

All of it happens beside the repository: a git folder of its own, like that of a linked work tree,
shares the repository's configuration and objects, and what git writes goes to a temporary folder.
So a forecast leaves no byte behind, and what is written later is what was forecast.
"""

from __future__ import annotations

import os
import posixpath
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mlpath.errors import MlpathError
from mlpath.system import git
from mlpath.template.answers import ANSWERS_FILE
from mlpath.update import undo_log as journal
from mlpath.update.undo_log import Change, Entry, Plan

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping

# A rename is looked for however many files there are, and a new file of the template follows the
# folder that its owner has moved.
_SETTINGS = {
    "diff.renames": "true",
    "merge.renames": "true",
    "merge.directoryRenames": "true",
    "merge.renameLimit": "100000",
    "rerere.enabled": "false",
}
_ARGUMENTS = [part for key, value in _SETTINGS.items() for part in ("-c", f"{key}={value}")]
_AUTHOR = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in {
        "NAME": "mlpath", "EMAIL": "mlpath@localhost", "DATE": "1735689600 +0000",
    }.items()
}  # fmt: skip
_THEIRS = "TEMPLATE_HEAD"
"""What conflict markers call the template's side; ours is HEAD, as git has it everywhere."""

_SHOWN = 5


@dataclass(frozen=True)
class Repository:
    """The repository in which a project lives, at its top or in a folder of it."""

    top: Path
    prefix: str
    """Where the project is below `top`: empty, or ending in a slash."""
    git_dir: Path
    common_dir: Path

    @classmethod
    def around(cls, project: Path) -> Repository:
        """Find the repository of a project.

        Raises:
            MlpathError: There is none.
        """
        asked = ("--show-toplevel", "--show-prefix", "--absolute-git-dir", "--git-common-dir")
        done = git.attempt("rev-parse", *asked, cwd=project)
        lines = done.stdout.split("\n")
        if done.returncode or len(lines) != len(asked) + 1:
            if "not a git repository" not in done.stderr:
                said = (done.stderr or "git rev-parse failed").strip().splitlines()[0]
                raise MlpathError(f"cannot use the git repository of {project}: {said}")
            raise MlpathError(
                f"{project} is not in a git repository",
                hint="An update is a merge by git. Make it one: git init && git add --all "
                "&& git commit -m 'Before the update'",
            )
        top, prefix, git_dir, common = lines[:4]
        return cls(Path(top), prefix, Path(git_dir), Path(project, common).resolve())

    def shown(self, path: str) -> str:
        """Return a path of the repository as it is called in the project."""
        return posixpath.relpath(path, self.prefix or ".")


def head_of(repository: Repository) -> str:
    """Return the commit that is checked out, if the project stands there as it was committed.

    Raises:
        MlpathError: There is no commit, or there are changes that none holds.
    """
    head, unmerged, changed = _state(repository)
    where = str(repository.top / repository.prefix)
    if unmerged:
        raise MlpathError(
            f"there are conflicts left in {where}: {_some(repository, unmerged)}",
            hint="Resolve and commit them; or take the last update back: mlpath update --abort",
        )
    if changed and journal.is_pending(repository.top, repository.git_dir, repository.prefix, head):
        raise MlpathError(
            f"the last update of {where} is not committed yet",
            hint="Commit it (git commit), or take it back: mlpath update --abort",
        )
    if head == "(initial)":
        raise MlpathError(
            f"{where} has no commit yet",
            hint="Make one first: git add --all && git commit -m 'Before the update'",
        )
    if f"{repository.prefix}{ANSWERS_FILE}" in changed:
        raise MlpathError(
            f"{ANSWERS_FILE} was changed by hand, and the files do not follow it",
            hint=f"Take it back (git checkout HEAD -- {ANSWERS_FILE}), then give the answer to "
            "mlpath: mlpath update -d KEY=VALUE",
        )
    if changed:
        raise MlpathError(
            f"there are changes in {where} that are not committed: {_some(repository, changed)}",
            hint="Commit them (git commit --all), or put them aside (git stash), so that the "
            "update can be told from them.",
        )
    return head


def _state(repository: Repository) -> tuple[str, list[str], list[str]]:
    """Return the commit that is checked out, and the paths in conflict and those changed."""
    listed = git.run(
        "status", "--porcelain=v2", "--branch", "-z", "--untracked-files=no",
        "--ignore-submodules=dirty", "--", f":(top,literal){repository.prefix}",
        cwd=repository.top, env={"GIT_OPTIONAL_LOCKS": "0"},
    )  # fmt: skip
    head, unmerged, changed = "", [], []
    fields = iter(listed.split("\0"))
    for field in fields:
        kind, _, rest = field.partition(" ")
        if rest.startswith("branch.oid "):
            head = rest.removeprefix("branch.oid ")
        elif kind == "u":
            unmerged.append(rest.split(" ", 9)[9])
        elif kind == "1":
            changed.append(rest.split(" ", 7)[7])
        elif kind == "2":
            changed.append(rest.split(" ", 8)[8])
            next(fields)  # the path that it had before
    return head, unmerged, changed


class Merge:
    """The merge of one project's HEAD with two renders: a base and what it became.

    Attributes:
        head: The commit on which it rests.
        conflicts: Each path in conflict with its entries by stage: 1 base, 2 ours, 3 theirs.
    """

    def __init__(
        self,
        repository: Repository,
        head: str,
        old: Path,
        new: Path,
        scratch: Path,
        *,
        keep_record: bool = False,
    ) -> None:
        """Merge, and write nothing into the repository.

        Args:
            repository: Where the project lives.
            head: The commit that is checked out there.
            old: The render of what the project was made from.
            new: The render of what it should have now.
            scratch: A folder to be made, that stays for as long as this object is used.
            keep_record: Take the answers file of HEAD for that of the old render, so that the
                new render's replaces it: half of an answer from here and half from there would
                be no answers file.
        """
        self.repository, self.head, self._scratch = repository, head, scratch
        self._objects, self._work = scratch / "objects", scratch / "work"
        for folder in (scratch, scratch / "git", self._objects, self._work):
            folder.mkdir()
        (scratch / "git" / "commondir").write_bytes(os.fsencode(repository.common_dir) + b"\n")
        self._point("HEAD", head)
        self.base = self._commit(self._tree("old", old, keep_record=keep_record))
        self.theirs = self._commit(self._tree("new", new), self.base)
        self.ours = self._commit(f"{head}^{{tree}}", self.base)
        self._point("HEAD", self.ours)
        self._point(_THEIRS, self.theirs)
        done = self._attempt("merge-tree", "--write-tree", "-z", "--no-messages", "HEAD", _THEIRS)
        if done.returncode in {0, 1}:
            self.result, *entries = done.stdout.rstrip("\0").split("\0")
        else:
            self.result, entries = self._merge_with_old_git()
        self.conflicts: dict[str, dict[int, Entry]] = {}
        for entry in entries:
            meta, path = entry.split("\t", 1)
            mode, blob, stage = meta.split()
            self.conflicts.setdefault(path, {})[int(stage)] = Entry(mode, blob)

    @cached_property
    def changes(self) -> dict[str, Change]:
        """What differs between HEAD and the result, by path."""
        changes = self._differences(self.ours, self.result)
        for path in self.conflicts:
            changes.setdefault(path, Change(path, *self._unchanged(path)))
        return changes

    @cached_property
    def by_template(self) -> dict[str, Change]:
        """What differs between the two renders, by path."""
        return self._differences(self.base, self.theirs)

    @cached_property
    def by_owner(self) -> dict[str, Change]:
        """What differs between the old render and HEAD, by path: below the project alone."""
        return self._differences(self.base, self.ours, below=self.repository.prefix)

    def base_files(self) -> dict[str, str]:
        """Return the blob of each file of the old render."""
        listed = self._run("ls-tree", "-r", "-z", self.base)
        pairs = (line.split("\t", 1) for line in listed.split("\0") if line)
        return {path: meta.split()[2] for meta, path in pairs}

    def read(self, entry: Entry) -> bytes:
        """Return the content of a blob, in a lossless encoding."""
        text = self._run("cat-file", "blob", entry.blob)
        return text.encode("utf-8", "surrogateescape")

    def patch(self) -> str:
        """Return what would change, as git shows it."""
        return self._run("diff-tree", "-p", "-M", "--no-ext-diff", self.ours, self.result)

    def in_the_way(self) -> list[str]:
        """Return the paths to be added under which there is something that git does not track."""
        added = [path for path, change in self.changes.items() if not change.before]
        return sorted({found for path in added if (found := self._obstacle(path))})

    def overlooked(self) -> list[str]:
        """Return the paths to be changed that git was told not to look at."""
        listed = git.run("ls-files", "-v", "-z", cwd=self.repository.top)
        entries = (line for line in listed.split("\0") if line)
        hidden = {line[2:] for line in entries if line[0] == "S" or line[0].islower()}
        return sorted(hidden & {path for path, change in self.changes.items() if change.before})

    def plan(self) -> Plan:
        """Bring what the result needs into the repository's objects; return what to write."""
        self._keep_objects()
        stages = []
        for path, entries in self.conflicts.items():
            stages.append(f"0 {'0' * len(self.head)}\t{path}\0")
            stages += [f"{e.mode} {e.blob} {stage}\t{path}\0" for stage, e in entries.items()]
        return Plan(
            self.repository.top, self.repository.prefix, self.repository.git_dir, self.head,
            self._run("rev-parse", f"{self.head}^{{tree}}").strip(), self.result,
            "".join(stages), tuple(self.changes.values()),
        )  # fmt: skip

    def _tree(self, name: str, render: Path, *, keep_record: bool = False) -> str:
        """Return the tree of a render, at the place that the project has in the repository."""
        index = {"GIT_INDEX_FILE": str(self._scratch / f"{name}.index")}
        # In a folder of a repository, the rules at its top hold for the project's files too.
        rules = self.repository.top / ".gitattributes" if self.repository.prefix else None
        settings = ("-c", f"core.attributesFile={rules}") if rules and rules.is_file() else ()
        self._run(
            *settings, "add", "--all", "--force", ".",
            cwd=render, env={"GIT_WORK_TREE": str(render), **index},
        )  # fmt: skip
        if keep_record:
            recorded = f"{self.head}:{self.repository.prefix}{ANSWERS_FILE}"
            entry = f"100644,{self._run('rev-parse', recorded).strip()},{ANSWERS_FILE}"
            self._run("update-index", "--cacheinfo", entry, env=index)
        tree = self._run("write-tree", env=index).strip()
        if not self.repository.prefix:
            return tree
        index = {"GIT_INDEX_FILE": str(self._scratch / f"{name}.below.index")}
        self._run("read-tree", f"--prefix={self.repository.prefix}", tree, env=index)
        return self._run("write-tree", env=index).strip()

    def _commit(self, tree: str, parent: str | None = None) -> str:
        parents = ("-p", parent) if parent else ()
        return self._run("commit-tree", *parents, "-m", "mlpath", tree).strip()

    def _point(self, name: str, commit: str) -> None:
        (self._scratch / "git" / name).write_text(f"{commit}\n", encoding="ascii")

    def _merge_with_old_git(self) -> tuple[str, list[str]]:
        """Do what `merge-tree --write-tree` does with a git older than 2.38, on files."""
        strategy = "ort" if (git.version() or ()) >= (2, 33) else "recursive"
        self._run("read-tree", "--reset", "-u", "HEAD")
        done = self._attempt(
            "merge", "--no-commit", "--no-ff", "--quiet", f"--strategy={strategy}", _THEIRS
        )
        entries = self._run("ls-files", "--unmerged", "-z")
        if done.returncode and not entries:
            said = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
            raise git.GitError(f"git merge failed: {said[0]}")
        self._run("add", "--all", "--force", ".")
        return self._run("write-tree").strip(), [line for line in entries.split("\0") if line]

    def _differences(self, one: str, other: str, below: str = "") -> dict[str, Change]:
        paths = ("--", below) if below else ()
        listed = self._run("diff-tree", "-r", "-z", "--no-renames", one, other, *paths)
        fields = iter(listed.split("\0"))
        found = {}
        for meta in fields:
            if not meta:
                break
            old_mode, new_mode, old, new, _ = meta.removeprefix(":").split()
            path = next(fields)
            found[path] = Change(path, _entry(old_mode, old), _entry(new_mode, new))
        return found

    def _unchanged(self, path: str) -> tuple[Entry | None, Entry | None]:
        """Return the entry of a path in conflict whose file stays as it is."""
        listed = self._run("ls-tree", "-z", self.ours, "--", path)
        if not listed:
            return None, None
        mode, _, blob = listed.partition("\t")[0].split()
        return Entry(mode, blob), Entry(mode, blob)

    def _obstacle(self, path: str) -> str | None:
        removed = {p for p, change in self.changes.items() if not change.after}
        above = [parent.as_posix() for parent in reversed(Path(path).parents)][1:]
        for folder in above:
            place = self.repository.top / folder
            if os.path.lexists(place) and (place.is_symlink() or not place.is_dir()):
                return None if folder in removed else folder
            if os.path.lexists(place / ".git"):
                return folder  # a repository of its own, or a submodule
        place = self.repository.top / path
        if not os.path.lexists(place):
            return None
        if place.is_dir() and not place.is_symlink():
            inside = [
                file.relative_to(self.repository.top).as_posix()
                for file in place.rglob("*")
                if file.is_symlink() or not file.is_dir()
            ]
            left = [file for file in inside if file not in removed]
            return left[0] if left else None if inside else path
        return path

    def _keep_objects(self) -> None:
        """Copy what the merge made into the repository, as git itself does with a quarantine.

        What an update that never happens leaves there, `git gc` clears away.
        """
        target = self.repository.common_dir / "objects"
        listed = self._run("diff-tree", "-r", "-t", "-z", "--no-renames", self.ours, self.result)
        needed = {meta.split()[3] for meta in listed.split("\0")[:-1:2]}  # each before its path
        staged = {e.blob for entries in self.conflicts.values() for e in entries.values()}
        for name in {self.result, *needed, *staged}:
            path = self._objects / name[:2] / name[2:]
            place = target / name[:2] / name[2:]
            if path.exists() and not place.exists():
                place.parent.mkdir(exist_ok=True)
                shutil.copyfile(path, draft := place.with_name(f"tmp_obj_{os.getpid()}"))
                draft.chmod(0o444)
                draft.replace(place)

    def _run(
        self, *arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> str:
        env = {**self._surroundings, **(env or {})}
        return git.run(*arguments, cwd=cwd or self._work, env=env)

    def _attempt(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return git.attempt(*_ARGUMENTS, *arguments, cwd=self._work, env=self._surroundings)

    @cached_property
    def _surroundings(self) -> Mapping[str, str]:
        return {
            **_AUTHOR,
            "GIT_DIR": str(self._scratch / "git"),
            "GIT_WORK_TREE": str(self._work),
            "GIT_OBJECT_DIRECTORY": str(self._objects),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(self.repository.common_dir / "objects"),
        }


def _entry(mode: str, blob: str) -> Entry | None:
    return None if set(mode) == {"0"} else Entry(mode, blob)


def _some(repository: Repository, paths: list[str]) -> str:
    more = len(paths) - _SHOWN
    return ", ".join(map(repository.shown, paths[:_SHOWN])) + (
        f" and {more} more" if more > 0 else ""
    )
