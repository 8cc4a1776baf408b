"""Child processes, which end with this one unless it is killed, and the signals that end it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import uv

from mlpath.errors import MlpathError
from mlpath.system import git

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from types import FrameType

_GRACE_SECONDS = 10.0
"""How long a child may take to end after a signal."""

_SIGNALS = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    if hasattr(signal, name)
]


@contextmanager
def cleaning_up_on_signals() -> Iterator[None]:
    """Run `finally` clauses when a signal ends the program, and ignore further signals then."""

    def stop(number: int, _frame: FrameType | None) -> NoReturn:
        for each in _SIGNALS:
            if signal.getsignal(each) is stop:
                signal.signal(each, signal.SIG_IGN)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)

    with _signal_handler(stop):
        yield


@contextmanager
def deferred_signals() -> Iterator[list[int]]:
    """Defer signals that would end the program; yield the list of those received so far."""
    received: list[int] = []
    try:
        with _signal_handler(lambda number, _frame: received.append(number)):
            yield received
    finally:
        for number in received[:1]:
            signal.raise_signal(number)


@contextmanager
def _signal_handler(handler: Callable[[int, FrameType | None], Any]) -> Iterator[None]:
    """Install a handler for the signals that end a program, other than those that are ignored."""
    previous = {
        number: signal.signal(number, handler)
        for number in _SIGNALS
        if signal.getsignal(number) not in {signal.SIG_IGN, None}  # as by `nohup` and `&`
    }
    try:
        yield
    finally:
        for number, original in previous.items():
            signal.signal(number, original)


def environment() -> dict[str, str]:
    """Return the environment of a project's tools: without mlpath's own and git's variables."""
    dropped = {*git.REPOSITORY_VARIABLES, "VIRTUAL_ENV"}
    return {key: value for key, value in os.environ.items() if key not in dropped}


def find_uv() -> str:
    """Return the path of the uv that was installed with mlpath.

    Raises:
        MlpathError: It is missing.
    """
    try:
        return os.fspath(uv.find_uv_bin())
    except FileNotFoundError:
        raise MlpathError(
            "uv is not installed", hint="Install it: python -m pip install uv"
        ) from None


def python_option(version: str) -> list[str]:
    """Return uv's option for a Python version: the running interpreter if it has that version.

    By itself, uv may choose or download another one.
    """
    if not version:
        return []
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    interpreter = getattr(sys, "_base_executable", None) or sys.executable
    return ["--python", interpreter if version == running else version]


def run(
    command: Sequence[str],
    cwd: Path | None = None,
    *,
    text: str = "",
    timeout: float | None = None,
    **variables: str,
) -> subprocess.CompletedProcess[str]:
    """Run a program with `text` as its input and more variables; return its output and status.

    Raises:
        OSError: It cannot be started.
        subprocess.TimeoutExpired: It takes more than `timeout` seconds, and was killed.
    """
    return subprocess.run(
        command,
        cwd=cwd,
        env={**environment(), **variables},
        input=text,
        capture_output=True,
        check=False,
        encoding="utf-8",
        errors="replace",
        timeout=timeout,
    )


@contextmanager
def child(command: Sequence[str], cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a program with its output as text; end it and its children on leaving.

    It gets a session of its own, so that Ctrl-C reaches mlpath alone, which passes it on once.
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
    """End a process and its children: by signals, and after a grace period by force."""
    if sys.platform == "win32":
        process.kill()
        return
    for number in (signal.SIGINT, signal.SIGTERM):
        if process.poll() is None:
            _signal_group(process, number)
            with contextlib.suppress(subprocess.TimeoutExpired, ValueError):
                process.communicate(timeout=_GRACE_SECONDS)  # a full pipe would block it
    _signal_group(process, signal.SIGKILL)  # what the child may have left running


def _signal_group(process: subprocess.Popen[str], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
