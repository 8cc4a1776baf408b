"""Where a project goes, and the hidden folder in which it is built until it is whole."""

from __future__ import annotations

import contextlib
import glob
import os
import secrets
import shlex
import shutil
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment, unused-ignore]

_ABANDONED_SECONDS = 24 * 3600
"""How old a folder must be to count as abandoned where no lock can tell."""


@contextmanager
def telling_what_the_disk_says() -> Iterator[None]:
    """Turn a full disk, a name too long and their like into a line that says so."""
    try:
        yield
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise MlpathError(f"cannot write {where}{error.strerror or error}") from None


def quoted(path: Path) -> str:
    """Return a path as a person would type it here, quoted for a shell."""
    with contextlib.suppress(ValueError):
        path = path.relative_to(Path.cwd())
    return shlex.quote(str(path))


@telling_what_the_disk_says()
def check_free(dest: str) -> Path:
    """Return the absolute place for a project.

    Raises:
        MlpathError: It is taken, or can't be written.
    """
    other = "Choose another place: mlpath new-project DEST"
    if not dest.strip() or "\0" in dest:
        raise MlpathError("the place for the project has no name", hint=other)
    path = Path(os.path.abspath(dest))  # noqa: PTH100 - `..` goes away, links stay to be looked at
    if path.is_symlink() and not path.exists():
        raise MlpathError(f"{dest} is a link to nowhere", hint=f"Remove it, or: {other}")
    if path.is_dir():
        _clear_abandoned(path, f".{path.name[:40]}.mlpath-")
        if any(path.iterdir()):
            raise MlpathError(f"the folder {dest} is not empty", hint=other)
        return path.resolve()
    if path.exists():
        raise MlpathError(f"{dest} is a file", hint=other)
    above = next(up for up in path.parents if up.exists() or up.is_symlink())
    if not above.is_dir():
        raise MlpathError(f"{above} is not a folder", hint=other)
    if not os.access(above, os.W_OK):
        raise MlpathError(f"{above} can't be written", hint=other)
    return path


class Workshop:
    """A hidden folder in which a project is built, and from which it moves to its place.

    Beside the place, under the name that its first missing folder would have, so that one rename
    brings the whole, missing parents included. Only a folder that is there already and must stay
    (the current one, a mount point, one in a folder that can't be written) has it inside, and
    gets the project piece by piece.
    """

    def __init__(self, place: Path | None) -> None:
        self._inside = False
        self._lock: int | None = None
        if place is None:
            self._hidden = self.project = _hidden(Path.cwd(), "new")
            return
        missing = [path for path in (place, *place.parents) if not path.exists()]
        self._final = missing[-1] if missing else place
        if not missing:
            here = place in (Path.cwd(), *Path.cwd().parents)
            self._inside = here or place.is_mount() or not os.access(place.parent, os.W_OK)
        self._hidden = _hidden(place if self._inside else self._final.parent, self._final.name)
        self.project = self._hidden / place.relative_to(self._final)

    def __enter__(self) -> Self:
        try:
            self.project.mkdir(parents=True)
            self._lock = _claim(self._hidden)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._hidden, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)

    def send_to(self, place: Path) -> None:
        """Name the place, once the answers have."""
        self._final = place

    def deliver(self) -> None:
        """Move the project to its place."""
        if self._inside:
            moved: list[Path] = []
            try:
                for path in sorted(self._hidden.iterdir()):
                    moved.append(path.rename(self._final / path.name))  # noqa: PERF401 - put back below
            except BaseException:
                for path in moved:
                    path.rename(self._hidden / path.name)
                raise
            return
        if os.name == "nt" and self._final.is_dir():
            self._final.rmdir()  # POSIX replaces an empty folder in the same step
        try:
            self._hidden.rename(self._final)
        except OSError as error:
            raise MlpathError(
                f"{self._final} appeared in the meantime, or can't be written: {error.strerror}"
            ) from None


def _hidden(folder: Path, name: str) -> Path:
    """Return a new name for a workshop, after clearing away those that killed runs left."""
    start = f".{name[:40]}.mlpath-"
    _clear_abandoned(folder, start)
    return folder / f"{start}{secrets.token_hex(4)}"


def _claim(path: Path) -> int | None:
    """Hold a lock on a folder for as long as this process lives."""
    if fcntl is None:
        return None
    handle = os.open(path, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return handle


def _clear_abandoned(folder: Path, start: str) -> None:
    """Remove the workshops of killed runs; a run that lives holds a lock on its own."""
    for path in folder.glob(f"{glob.escape(start)}*"):
        with contextlib.suppress(OSError):
            if fcntl is None and time.time() - path.stat().st_mtime < _ABANDONED_SECONDS:
                continue
            handle = _claim(path)
            shutil.rmtree(path)
            if handle is not None:
                os.close(handle)
