"""Killed at any moment, `new-project` leaves the finished project or nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from conftest import MLPATH, git

COMMAND = [*MLPATH, "new-project", "demo", "--defaults", "--no-lock"]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")


def hidden(folder: Path) -> list[Path]:
    return list(folder.glob(".demo.mlpath-*"))


def kill_at(folder: Path, moment: str, number: signal.Signals) -> int:
    """Start `new-project`, send it a signal at some point, and return its exit status."""
    with subprocess.Popen(
        COMMAND,
        cwd=folder,
        # A killed process leaves its temporary folders behind.
        env={**os.environ, "TMPDIR": str(folder.parent)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        reached = {
            "rendering": lambda: hidden(folder),
            "rendered": lambda: [p for p in hidden(folder) if (p / "README.md").exists()],
            "staged": lambda: [p for p in hidden(folder) if (p / ".git/index").exists()],
            "committed": lambda: [p for p in hidden(folder) if (p / ".git/logs/HEAD").exists()],
            "delivered": (folder / "demo").exists,
        }[moment]
        while process.poll() is None and not reached():
            time.sleep(0.0005)
        process.send_signal(number)
        return process.wait(timeout=20)


def is_complete(project: Path) -> bool:
    return (
        git("status", "--porcelain", "--ignored", cwd=project) == ""
        and git("log", "--format=%s", cwd=project) == "Create the project with mlpath"
        and not list(project.rglob("*.mlpath-*"))
    )


@pytest.mark.parametrize(
    ("number", "moment"),
    [
        (signal.SIGINT, "staged"),
        (signal.SIGTERM, "rendered"),
        (signal.SIGKILL, "committed"),
        pytest.param(signal.SIGINT, "rendering", marks=pytest.mark.e2e),
        pytest.param(signal.SIGTERM, "committed", marks=pytest.mark.e2e),
        pytest.param(signal.SIGKILL, "rendering", marks=pytest.mark.e2e),
        pytest.param(signal.SIGKILL, "staged", marks=pytest.mark.e2e),
        pytest.param(signal.SIGKILL, "delivered", marks=pytest.mark.e2e),
    ],
)
def test_killed_at_any_moment(folder: Path, number: signal.Signals, moment: str) -> None:
    status = kill_at(folder, moment, number)
    if (folder / "demo").exists():
        assert is_complete(folder / "demo")
        return
    assert status == {signal.SIGINT: 130, signal.SIGTERM: 143}.get(number, -number)
    if number != signal.SIGKILL:
        assert list(folder.iterdir()) == []
        return
    assert [path.name[:13] for path in folder.iterdir()] == [".demo.mlpath-"]
    subprocess.run([*COMMAND, "--quiet"], cwd=folder, check=True)
    assert is_complete(folder / "demo")
    assert [path.name for path in folder.iterdir()] == ["demo"]


def test_a_running_process_is_not_disturbed(folder: Path) -> None:
    """A staging folder may belong to a process that is still running."""
    with subprocess.Popen(COMMAND, cwd=folder, stdout=subprocess.DEVNULL) as first:
        while not any((path / "README.md").exists() for path in hidden(folder)):
            time.sleep(0.0005)
        first.send_signal(signal.SIGSTOP)
        other = subprocess.run(COMMAND, cwd=folder, check=False, capture_output=True, text=True)
        assert other.returncode == 0, other.stderr
        first.send_signal(signal.SIGCONT)
        assert first.wait(timeout=20) == 1  # the folder exists by now
    assert is_complete(folder / "demo")
    assert [path.name for path in folder.iterdir()] == ["demo"]


def test_the_current_folder_is_complete_or_empty(folder: Path) -> None:
    """The current folder cannot be replaced; the files are moved into it at the end."""
    with subprocess.Popen(
        [*MLPATH, "new-project", ".", "-l", "-q", "--no-lock", "-d", "project_name=demo"],
        cwd=folder,
    ) as process:
        while not any(path.name == "README.md" for path in folder.glob(".*/README.md")):
            time.sleep(0.0005)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 143
    assert list(folder.iterdir()) == []
