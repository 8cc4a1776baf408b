"""A lock on a folder, held by a process and by the children that inherit it."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlpath.errors import MlpathError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment, unused-ignore]

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AVAILABLE = fcntl is not None
_SECONDS = 30.0


@contextmanager
def hold(folder: Path) -> Iterator[int | None]:
    """Create a folder and hold its lock, after waiting for another process to release it.

    Yields the lock's file descriptor. While a child process that was started with it runs, the
    lock stays taken, even if this process is killed. None on Windows, where nothing is locked.

    Raises:
        MlpathError: Another process still holds the lock after 30 seconds.
    """
    folder.mkdir(exist_ok=True)
    deadline = time.monotonic() + _SECONDS
    while True:
        try:
            handle = take(folder)
            break
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise MlpathError(
                    f"another mlpath is writing to {folder.parent}",
                    hint="Wait until it ends, then run the command again.",
                ) from None
            time.sleep(0.02)
    try:
        yield handle
    finally:
        unlock(handle)


def take(folder: Path) -> int | None:
    """Take the lock of a folder without waiting; return its file descriptor, None on Windows.

    Raises:
        BlockingIOError: Another process holds the lock.
    """
    if fcntl is None:
        return None
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle


def unlock(handle: int | None) -> None:
    """Release a lock."""
    if handle is not None:
        os.close(handle)
