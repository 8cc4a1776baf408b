"""A lock on a folder, held by a process and by the children that inherit it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment, unused-ignore]

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AVAILABLE = fcntl is not None


@contextmanager
def hold(folder: Path) -> Iterator[int | None]:
    """Create a folder and hold its lock, after waiting for another process to release it.

    Yields the lock's file descriptor. While a child process that was started with it runs, the
    lock stays taken, even if this process is killed. None on Windows, where nothing is locked.
    """
    folder.mkdir(exist_ok=True)
    handle = take(folder, wait=True)
    try:
        yield handle
    finally:
        unlock(handle)


def take(folder: Path, *, wait: bool = False) -> int | None:
    """Take the lock of a folder; return its file descriptor, None on Windows.

    Raises:
        BlockingIOError: Another process holds the lock, and `wait` is false.
    """
    if fcntl is None:
        return None
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BaseException:
        os.close(handle)
        raise
    return handle


def unlock(handle: int | None) -> None:
    """Release a lock."""
    if handle is not None:
        os.close(handle)
