"""Starts other programs, and sees to it that none outlives this one."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import uv

from mlpath.errors import MlpathError
from mlpath.system import git

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import FrameType

_PATIENCE = 10.0
"""Seconds that a child has to end by itself."""

_ENDING = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    if hasattr(signal, name)
]


@contextmanager
def cleaning_up_on_signals() -> Iterator[None]:
    """Let `finally` clauses run on any request to end, and let no second one cut them short."""
    previous: dict[signal.Signals, Any] = {}

    def end(number: int, _frame: FrameType | None) -> NoReturn:
        for each in previous:
            signal.signal(each, signal.SIG_IGN)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)

    with contextlib.suppress(ValueError):  # only a main thread gets signals
        for number in _ENDING:
            # One that is ignored stays so: `nohup` and `&` ask for that.
            if signal.getsignal(number) not in {signal.SIG_IGN, None}:
                previous[number] = signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def deferred_signals() -> Iterator[list[int]]:
    """Defer requests to end this process until the block is left; yield those received so far."""
    received: list[int] = []
    previous: dict[signal.Signals, Any] = {}
    with contextlib.suppress(ValueError):  # only the main thread gets signals
        for number in _ENDING:
            if signal.getsignal(number) not in {signal.SIG_IGN, None}:
                previous[number] = signal.signal(number, lambda got, _: received.append(got))
    try:
        yield received
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        for number in received[:1]:
            signal.raise_signal(number)


def environment() -> dict[str, str]:
    """Return the environment for a project's own tools.

    Without the virtual environment that mlpath happens to run in, which uv would otherwise name
    in a warning at each command.
    """
    return {k: v for k, v in os.environ.items() if k not in {*git.FROM_OUTSIDE, "VIRTUAL_ENV"}}


def find_uv() -> str:
    """Return the uv that was installed with mlpath.

    Raises:
        MlpathError: It is gone.
    """
    try:
        return os.fspath(uv.find_uv_bin())
    except FileNotFoundError:
        raise MlpathError(
            "uv is not installed", hint="Install it: python -m pip install uv"
        ) from None


def python_option(wanted: str) -> list[str]:
    """Return uv's option for a Python version: this very interpreter where it is that one.

    Left to itself, uv may take another, or download one, when a good one is right here.
    """
    ours = f"{sys.version_info.major}.{sys.version_info.minor}"
    if not wanted:
        return []
    base = getattr(sys, "_base_executable", None) or sys.executable
    return ["--python", base if wanted == ours else wanted]


@contextmanager
def child(command: Sequence[str], cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a program whose output is read as text; end it, and its own children, on leaving.

    It gets a session of its own: Ctrl-C reaches mlpath alone, which then passes it on once,
    however many processes stand in between.
    """
    with subprocess.Popen(
        command,
        cwd=cwd,
        env={**environment(), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        if process.poll() is not None:
            break
        _signal_all(process, number)
        _drain_until_end(process)
    if sys.platform != "win32":
        # Also what the child may have left behind.
        _signal_all(process, signal.SIGKILL)
    elif process.poll() is None:
        process.kill()


def _drain_until_end(process: subprocess.Popen[str]) -> None:
    """Wait for the end, reading on, since a full pipe would keep the child from ending."""
    try:
        process.communicate(timeout=_PATIENCE)
    except (subprocess.TimeoutExpired, ValueError):
        deadline = time.monotonic() + _PATIENCE
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)


def _signal_all(process: subprocess.Popen[str], number: signal.Signals) -> None:
    if sys.platform == "win32":
        process.terminate()
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
