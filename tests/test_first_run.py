"""`new-project --run`: progress, results, errors, signals."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import git
from support.installed import FIRST, Installed, install

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the fake uv is a script")

# Under `nohup`, mlpath would keep SIGHUP ignored.
DRIVER = """
import signal
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from mlpath.system import processes
processes.find_uv = lambda: {uv!r}
from mlpath.cli import main
main(["new-project", "demo", "--defaults", "--run", *{arguments!r}], prog_name="mlpath")
"""


@pytest.fixture
def uv(tmp_path: Path) -> str:
    script = tmp_path / "uv"
    fake = Path(__file__).with_name("support").joinpath("fake_uv.py").read_text()
    script.write_text(f"#!{sys.executable}\n{fake}")
    script.chmod(0o755)
    return str(script)


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """An mlpath whose template is small and has the command `screenshot`."""
    pyproject = '[project.scripts]\nscreenshot = "demo.serving.screenshot:main"\n'
    files = {**FIRST, "template/project/pyproject.toml": pyproject}
    return install({"v0.1.0": files}, tmp_path_factory.mktemp("installed"))


@pytest.fixture
def start(uv: str, installed: Installed) -> Start:
    """Return a function that starts `new-project --run`."""

    def start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-u", "-c", DRIVER.format(uv=uv, arguments=arguments)],
            env={**installed.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    return start


def read_until(process: subprocess.Popen[str], pattern: str) -> str:
    """Read the output of a process until a line matches; return all of it."""
    assert process.stdout is not None
    seen = ""
    for line in process.stdout:
        seen += line
        if re.search(pattern, line):
            return seen
    pytest.fail(f"{pattern!r} was not printed:\n{seen}")


def read_rest(process: subprocess.Popen[str]) -> str:
    return process.communicate(timeout=30)[0]


def test_trains_commits_and_serves_until_ctrl_c(folder: Path, start: Start) -> None:
    with start() as process:
        seen = read_until(process, "The demo is running at")
        address = seen.split()[-1]
        with urllib.request.urlopen(address) as answer:  # noqa: S310 - it is http
            assert answer.status == 200
        process.send_signal(signal.SIGINT)
        seen += read_rest(process)
        assert process.returncode == 0, seen
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(address)  # noqa: S310
    for line in (
        r"\[1/5\] Installing the environment",
        r"\[2/5\] Running the pipeline",
        r"running fetch",
        r"done    fetch  \d+\.\d s",
        r"done    train@boosting",
        r"skipped report",
        r"\[3/5\] Taking the picture of the demo",
        r"\[4/5\] Committing the results",
        r"\[5/5\] Starting the demo",
        r"To start it again: cd demo && uv run demo",
    ):
        assert re.search(line, seen), line
    project = folder / "demo"
    assert git("log", "--format=%s", cwd=project) == (
        "Train the first champion\nCreate the project with mlpath"
    )
    assert "skipped:" not in seen
    assert "docs/demo.png" in git("show", "--name-only", "--format=", cwd=project).splitlines()
    assert (project / "ended-cleanly.log").exists()
    (project / "ended-cleanly.log").unlink()
    assert git("status", "--porcelain", cwd=project) == ""


def test_new_lock_is_committed_before_the_results(folder: Path, start: Start) -> None:
    """The results record their git commit, which should have the lock."""
    with start("--no-lock") as process:
        read_until(process, "The demo is running at")
        process.send_signal(signal.SIGINT)
        read_rest(process)
    assert git("log", "--format=%s", cwd=folder / "demo").splitlines()[:2] == [
        "Train the first champion",
        "Lock the dependencies",
    ]


def test_failing_stage_prints_its_last_lines_and_the_remaining_commands(
    folder: Path, start: Start
) -> None:
    with start(FAKE_UV_FAILS="train@baseline") as process:
        seen = read_rest(process)
    assert process.returncode == 1
    assert "failed  train@baseline" in seen
    assert "| ValueError: a reason, on the last line" in seen
    assert "Error: `uv run dvc repro` failed; the project itself is complete" in seen
    assert "Hint: cd demo && uv run dvc repro && git add -A" in seen
    assert git("status", "--porcelain", cwd=folder / "demo") == ""


def test_demo_that_does_not_start_is_an_error(folder: Path, start: Start) -> None:
    with start(FAKE_UV_FAILS="demo") as process:
        seen = read_rest(process)
    assert process.returncode == 1
    assert "| the port is taken" in seen
    assert "Hint: cd demo && uv run demo" in seen
    assert git("log", "-1", "--format=%s", cwd=folder / "demo") == "Train the first champion"


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_signal_during_the_pipeline_stops_it(
    folder: Path, start: Start, number: signal.Signals, status: int
) -> None:
    with start(FAKE_UV_SECONDS="30") as process:
        seen = read_until(process, "running fetch")
        process.send_signal(number)
        seen += read_rest(process)
    assert process.returncode == status
    if number == signal.SIGINT:
        assert "cd demo && uv sync && uv run dvc repro" in seen
    assert not still_running(folder)
    assert git("status", "--porcelain", cwd=folder / "demo") == ""


def test_closed_terminal_stops_the_demo(folder: Path, start: Start) -> None:
    with start() as process:
        read_until(process, "The demo is running at")
        process.send_signal(signal.SIGHUP)
        read_rest(process)
    assert process.returncode == 129
    assert not still_running(folder)


def still_running(folder: Path) -> list[str]:
    """Return the ids of processes whose working directory is in the project."""
    if not Path("/proc/self/cwd").exists():
        pytest.skip("needs /proc")
    deadline = time.monotonic() + 2
    while True:
        found = []
        for link in Path("/proc").glob("[0-9]*/cwd"):
            try:
                if link.readlink().is_relative_to(folder / "demo"):
                    found.append(link.parent.name)
            except OSError:
                continue
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


def test_without_git_identity_and_browser_serves_without_committing(
    folder: Path, start: Start, home: Path
) -> None:
    (home / ".gitconfig").unlink()
    with start(FAKE_UV_FAILS="screenshot") as process:
        seen = read_until(process, "The demo is running at")
        process.send_signal(signal.SIGINT)
        seen += read_rest(process)
    assert process.returncode == 0, seen
    assert seen.count("-m 'Create the project with mlpath'") == 1
    assert "      skipped: neither Chromium, Chrome nor Edge found; install one:" in seen
    assert "a warning of a library" not in seen
    assert "staged, not committed" in seen
    assert git("diff", "--name-only", cwd=folder / "demo") == ""
