"""The destination of a project, and the hidden folder in which it is built."""

from __future__ import annotations

import contextlib
import glob
import os
import secrets
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from mlpath.errors import MlpathError
from mlpath.system import locks

if TYPE_CHECKING:
    from typing import Self

_ABANDONED_SECONDS = 24 * 3600
"""The age at which a staging folder counts as abandoned on systems without locks."""
_OTHER_HINT = "Choose another folder: mlpath new-project DEST"


def check_destination(dest: str) -> Path:
    """Return the absolute path of a destination that is free and writable.

    Raises:
        MlpathError: It is not.
    """
    if not dest.strip() or "\0" in dest:
        raise MlpathError(f"{dest!r} is not a name for a folder", hint=_OTHER_HINT)
    path = Path(os.path.abspath(dest))  # noqa: PTH100 - resolves `..`, keeps links
    if path.is_symlink() and not path.exists():
        raise MlpathError(
            f"{dest} is a broken link",
            hint="Remove it, or choose another folder: mlpath new-project DEST",
        )
    if path.is_dir():
        _remove_abandoned(path, _prefix(path.name))
        if any(path.iterdir()):
            raise MlpathError(f"the folder {dest} is not empty", hint=_OTHER_HINT)
        return path.resolve()
    if path.exists():
        raise MlpathError(f"{dest} is a file, not a folder", hint=_OTHER_HINT)
    parent = next(up for up in path.parents if up.exists() or up.is_symlink())
    if not parent.is_dir():
        raise MlpathError(f"{parent} is not a folder", hint=_OTHER_HINT)
    if not os.access(parent, os.W_OK):
        raise MlpathError(f"{parent} is not writable", hint=_OTHER_HINT)
    return path


class StagingDir:
    """A hidden folder in which a project is built, and from which it moves to its destination.

    It lies beside the first missing folder of the destination, so that one rename creates all of
    it, missing parents included. A destination that exists and has to stay the same folder (the
    current folder, a mount point, one in a folder that is not writable) contains it instead, and
    gets the project file by file.
    """

    def __init__(self, destination: Path | None) -> None:
        self._inside = False
        self._lock: int | None = None
        self._final: Path | None = None
        if destination is None:
            self._hidden = self.project = _hidden_path(Path.cwd(), "new")
            return
        missing = [path for path in (destination, *destination.parents) if not path.exists()]
        self._final = missing[-1] if missing else destination
        if not missing:
            is_current = destination in (Path.cwd(), *Path.cwd().parents)
            movable = not destination.is_mount() and os.access(destination.parent, os.W_OK)
            self._inside = is_current or not movable
        parent = destination if self._inside else self._final.parent
        self._hidden = _hidden_path(parent, self._final.name)
        self.project = self._hidden / destination.relative_to(self._final)

    def __enter__(self) -> Self:
        try:
            self.project.mkdir(parents=True)
            self._lock = locks.take(self._hidden)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._hidden, ignore_errors=True)
        locks.unlock(self._lock)

    def move_into_place(self, destination: Path) -> None:
        """Move the project to its destination.

        Raises:
            MlpathError: The destination is no longer free.
        """
        if self._inside:
            self._move_files(destination)
            return
        final = self._final or destination
        if os.name == "nt" and final.is_dir():
            final.rmdir()  # POSIX replaces an empty folder in the same step
        try:
            self._hidden.rename(final)
        except OSError as error:
            raise MlpathError(
                f"cannot move the project to {final}: {error.strerror}",
                hint="Check that the folder is empty and its parent is writable, then try again.",
            ) from None

    def _move_files(self, destination: Path) -> None:
        moved: list[Path] = []
        try:
            for path in sorted(self._hidden.iterdir()):
                moved.append(path.rename(destination / path.name))  # noqa: PERF401 - undone below
        except BaseException:
            for path in moved:
                path.rename(self._hidden / path.name)
            raise


def _prefix(name: str) -> str:
    return f".{name[:40]}.mlpath-"


def _hidden_path(folder: Path, name: str) -> Path:
    """Return a new path for a staging folder, after removing those of killed runs."""
    _remove_abandoned(folder, _prefix(name))
    return folder / f"{_prefix(name)}{secrets.token_hex(4)}"


def _remove_abandoned(folder: Path, prefix: str) -> None:
    """Remove the staging folders of killed runs, which no process has locked."""
    for path in folder.glob(f"{glob.escape(prefix)}*"):
        with contextlib.suppress(OSError):
            if not locks.AVAILABLE and time.time() - path.stat().st_mtime < _ABANDONED_SECONDS:
                continue
            lock = locks.take(path)
            shutil.rmtree(path)
            locks.unlock(lock)
