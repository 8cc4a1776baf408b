"""A temporary git folder that reads the objects of a repository and writes its own."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from mlpath.system import git

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from mlpath.update.repository import Repository

# Renames are looked for however many files there are, and a new file of the template follows a
# folder that the user has moved.
_SETTINGS = {
    "diff.renames": "true",
    "merge.renames": "true",
    "merge.directoryRenames": "true",
    "merge.renameLimit": "100000",
    "rerere.enabled": "false",
}
_ARGUMENTS = [part for key, value in _SETTINGS.items() for part in ("-c", f"{key}={value}")]
_AUTHOR = {
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in {
        "NAME": "mlpath", "EMAIL": "mlpath@localhost", "DATE": "1735689600 +0000",
    }.items()
}  # fmt: skip


class Entry(NamedTuple):
    """An index entry: its mode and its blob."""

    mode: str
    blob: str


class Change(NamedTuple):
    """The index entry of a path before and after a merge; None where there is no file."""

    before: Entry | None
    after: Entry | None


def is_file(path: Path) -> bool:
    """Return whether there is a file or a link, broken or not."""
    return path.is_symlink() or (path.exists() and not path.is_dir())


class Workspace:
    """A git folder like that of a linked work tree, with an object store of its own."""

    def __init__(self, repository: Repository, head: str, scratch: Path) -> None:
        """Create it in an empty folder, with a commit of the repository as its HEAD."""
        self.repository, self._scratch = repository, scratch
        self._objects, self._work = scratch / "objects", scratch / "work"
        for folder in (scratch / "git", self._objects, self._work):
            folder.mkdir()
        (scratch / "git" / "commondir").write_bytes(os.fsencode(repository.common_dir) + b"\n")
        self.point("HEAD", head)

    def run(self, *arguments: str, cwd: Path | None = None, text: str = "", **env: str) -> str:
        """Run git in the workspace and return what it prints."""
        env = {**self._environment, **env}
        return git.run(*arguments, cwd=cwd or self._work, env=env, text=text)

    def attempt(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run git with the settings for a merge and return its exit status, too."""
        return git.attempt(*_ARGUMENTS, *arguments, cwd=self._work, env=self._environment)

    def point(self, name: str, commit: str) -> None:
        """Let a name such as HEAD stand for a commit."""
        (self._scratch / "git" / name).write_text(f"{commit}\n", encoding="ascii")

    def commit(self, tree: str, parent: str | None = None) -> str:
        """Return a commit of a tree."""
        parents = ("-p", parent) if parent else ()
        return self.run("commit-tree", *parents, "-m", "mlpath", tree).strip()

    def add(self, name: str, render: Path, replaced: Mapping[str, Entry]) -> str:
        """Return the tree of a render, in the project's folder of the repository.

        Args:
            name: A name for the index, which must not be used twice.
            render: The folder.
            replaced: Entries to take instead of files of the render.
        """
        index = str(self._scratch / f"{name}.index")
        # In a folder of a repository, the rules at its top hold for the project's files, too.
        rules = self.repository.top / ".gitattributes" if self.repository.prefix else None
        settings = ("-c", f"core.attributesFile={rules}") if rules and rules.is_file() else ()
        self.run(
            *settings, "add", "--all", "--force", ".",
            cwd=render, GIT_WORK_TREE=str(render), GIT_INDEX_FILE=index,
        )  # fmt: skip
        for path, entry in replaced.items():
            cache_info = f"{entry.mode},{entry.blob},{path}"
            self.run("update-index", "--cacheinfo", cache_info, GIT_INDEX_FILE=index)
        tree = self.run("write-tree", GIT_INDEX_FILE=index).strip()
        if not self.repository.prefix:
            return tree
        index = str(self._scratch / f"{name}.below.index")
        self.run("read-tree", f"--prefix={self.repository.prefix}", tree, GIT_INDEX_FILE=index)
        return self.run("write-tree", GIT_INDEX_FILE=index).strip()

    def rename(self, tree: str, renames: Mapping[str, str]) -> str:
        """Return a tree in which the files that a mapping names have their new paths."""
        files = self.files(tree)
        moved = {old: files[old] for old in renames if old in files}
        if not moved:
            return tree
        index = str(self._scratch / "rename.index")
        self.run("read-tree", tree, GIT_INDEX_FILE=index)
        lines = [f"0 {'0' * len(entry.blob)}\t{old}\0" for old, entry in moved.items()]
        lines += [f"{e.mode} {e.blob}\t{renames[old]}\0" for old, e in moved.items()]
        self.run("update-index", "-z", "--index-info", text="".join(lines), GIT_INDEX_FILE=index)
        return self.run("write-tree", GIT_INDEX_FILE=index).strip()

    def files(self, tree: str, *paths: str) -> dict[str, Entry]:
        """Return the entries of a tree by path, or those of some paths or folders."""
        listed = self.run("ls-tree", "-r", "-z", tree, *(("--", *paths) if paths else ()))
        lines = (line.partition("\t") for line in listed.split("\0") if line)
        return {path: Entry(*info.split()[::2]) for info, _, path in lines}

    def differences(self, old: str, new: str, *paths: str) -> dict[str, Change]:
        """Return what differs between two trees, by path."""
        selected = ("--", *paths) if paths else ()
        listed = self.run("diff-tree", "-r", "-z", "--no-renames", old, new, *selected)
        fields = listed.split("\0")[:-1]
        changes = {}
        for info, path in zip(fields[::2], fields[1::2], strict=True):
            old_mode, new_mode, old_blob, new_blob, _ = info.removeprefix(":").split()
            changes[path] = Change(_entry(old_mode, old_blob), _entry(new_mode, new_blob))
        return changes

    def copy_objects(self, head: str, tree: str, blobs: Iterable[str]) -> None:
        """Copy what a tree needs beyond a commit, and some blobs, to the repository.

        If the update does not happen after all, `git gc` removes them.
        """
        commit = self.commit(tree, head)
        objects = self.run("rev-list", "--objects", "--no-object-names", commit, f"^{head}")
        names = objects + "".join(f"{blob}\n" for blob in blobs)
        pack = self.run("pack-objects", "--stdout", "-q", text=names)
        git.run("unpack-objects", "-q", cwd=self.repository.top, text=pack)

    @cached_property
    def _environment(self) -> Mapping[str, str]:
        return {
            **_AUTHOR,
            "GIT_LITERAL_PATHSPECS": "1",
            "GIT_DIR": str(self._scratch / "git"),
            "GIT_WORK_TREE": str(self._work),
            "GIT_OBJECT_DIRECTORY": str(self._objects),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(self.repository.common_dir / "objects"),
        }


def _entry(mode: str, blob: str) -> Entry | None:
    return None if set(mode) == {"0"} else Entry(mode, blob)
