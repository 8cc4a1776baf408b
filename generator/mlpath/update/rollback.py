"""Restore HEAD's version of files, and move aside what the user wrote in the meantime."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mlpath.system import git

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Entry(NamedTuple):
    """An index entry: its mode and its blob."""

    mode: str
    blob: str


class Change(NamedTuple):
    """The index entry of a path before and after a merge; None where there is no file."""

    before: Entry | None
    after: Entry | None


@dataclass(frozen=True)
class WorkTree:
    """A work tree that this process may write to, because it holds the lock."""

    top: Path
    git_dir: Path
    lock: int | None

    def git(self, *arguments: str, text: str | None = None, index: Path | None = None) -> str:
        """Run git out of reach of Ctrl-C; it holds the lock even if this process is killed."""
        env = {"GIT_INDEX_FILE": str(index)} if index else {}
        return git.run(*arguments, cwd=self.top, env=env, text=text, lock=self.lock)

    def refresh(self, index: Path | None = None) -> None:
        """Update the file sizes and times in the index; files that differ are no error."""
        with suppress(git.GitError):
            self.git("update-index", "-q", "--refresh", index=index)

    def restore(self, changes: Mapping[str, Change], aside: Path) -> list[Path]:
        """Restore every path that an update changes; can be repeated if it is cut short.

        Files that are neither HEAD's nor the update's are the user's: they are moved to `aside`.

        Returns:
            The files in `aside`.
        """
        before = {path: change.before for path, change in changes.items()}
        after = {path: change.after for path, change in changes.items()}
        (self.git_dir / "index.lock").unlink(missing_ok=True)  # left by a git that was killed
        differing = self._differing(before)
        for path in sorted(differing & self._differing(after)):
            if not self._is_cut_short(path, after[path]):
                self._move(path, aside)
        self._remove({*differing, *(path for path, entry in before.items() if not entry)})
        self.git("update-index", "-z", "--index-info", text=_removal(changes) + _index_info(before))
        restored = "".join(f"{path}\0" for path in differing if before[path])
        self.git("checkout-index", "--index", "-z", "--stdin", text=restored)
        self.refresh()
        return sorted(filter(is_file, aside.rglob("*")))

    def _differing(self, entries: Mapping[str, Entry | None]) -> set[str]:
        """Return the paths whose file is missing, or not that of the entry."""
        with tempfile.TemporaryDirectory(prefix="mlpath-") as scratch:
            index = Path(scratch, "index")
            self.git("update-index", "-z", "--index-info", text=_index_info(entries), index=index)
            self.refresh(index)
            differing = self.git("diff-files", "--name-only", "-z", index=index).split("\0")[:-1]
        absent = [path for path, entry in entries.items() if not entry]
        return {*differing, *(path for path in absent if is_file(self.top / path))}

    def _is_cut_short(self, path: str, entry: Entry | None) -> bool:
        """Return whether there is no file, or one that git was killed while writing."""
        file = self.top / path
        if not os.path.lexists(file):
            return True
        if entry is None or file.is_symlink() or not file.is_file():
            return False
        content = file.read_bytes().replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        blob = self.git("cat-file", "blob", entry.blob).encode("utf-8", "surrogateescape")
        return blob.startswith(content)

    def _move(self, path: str, aside: Path) -> None:
        target = aside / path
        while os.path.lexists(target):
            target = target.with_name(f"{target.name}~")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(self.top / path, target)

    def _remove(self, paths: Iterable[str]) -> None:
        """Remove files, and the folders that are empty without them."""
        for path in paths:
            if is_file(self.top / path):
                (self.top / path).unlink()
            with suppress(OSError):
                for folder in Path(path).parents[:-1]:
                    (self.top / folder).rmdir()


def is_file(path: Path) -> bool:
    """Return whether there is a file or a link, broken or not."""
    return path.is_symlink() or (path.exists() and not path.is_dir())


def _index_info(entries: Mapping[str, Entry | None]) -> str:
    present = ((path, entry) for path, entry in entries.items() if entry)
    return "".join(f"{entry.mode} {entry.blob}\t{path}\0" for path, entry in present)


def _removal(changes: Mapping[str, Change]) -> str:
    """Return what removes the index entries of all paths, those in conflict, too."""
    blobs = [entry.blob for change in changes.values() for entry in change if entry]
    return "".join(f"0 {'0' * len(blobs[0])}\t{path}\0" for path in changes)
