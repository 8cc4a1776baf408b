"""`new-project --run`: each step told, every end clean."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from conftest import git

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script")

# These tests may run below `nohup`, whose wish the program would respect.
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


def start(uv: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-u", "-c", DRIVER.format(uv=uv, arguments=arguments)],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def read_until(process: subprocess.Popen[str], pattern: str) -> str:
    """Read what a process prints until a line matches; return all of it."""
    assert process.stdout is not None
    seen = ""
    for line in process.stdout:
        seen += line
        if re.search(pattern, line):
            return seen
    pytest.fail(f"{pattern!r} was not printed:\n{seen}")


def rest(process: subprocess.Popen[str]) -> str:
    return process.communicate(timeout=30)[0]


def test_from_nothing_to_a_demo_that_ctrl_c_ends(folder: Path, uv: str) -> None:
    with start(uv) as process:
        seen = read_until(process, "Your demo is at")
        address = seen.split()[-1]
        with urllib.request.urlopen(address) as answer:  # noqa: S310 - it is http
            assert answer.status == 200
        process.send_signal(signal.SIGINT)
        seen += rest(process)
        assert process.returncode == 0, seen
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(address)  # noqa: S310
    for line in (
        r"\[1/4\] Installing the environment",
        r"\[2/4\] Running the pipeline",
        r"running fetch",
        r"done    fetch  \d+\.\d s",
        r"done    train@shallow",
        r"as it was report",
        r"\[3/4\] Committing the results",
        r"\[4/4\] Starting the demo",
        r"To start it again: cd demo && uv run demo",
    ):
        assert re.search(line, seen), line
    project = folder / "demo"
    assert git("log", "--format=%s", cwd=project) == (
        "Train the first champion\nCreate the project with mlpath"
    )
    assert (project / "ended-cleanly.log").exists()
    (project / "ended-cleanly.log").unlink()
    assert git("status", "--porcelain", cwd=project) == ""


def test_a_lock_made_on_the_way_is_committed_before_the_results(folder: Path, uv: str) -> None:
    """The results name the commit that they were made from; it should hold the lock."""
    with start(uv, "--no-lock") as process:
        read_until(process, "Your demo is at")
        process.send_signal(signal.SIGINT)
        rest(process)
    assert git("log", "--format=%s", cwd=folder / "demo").splitlines()[:2] == [
        "Train the first champion",
        "Lock the dependencies",
    ]


def test_a_failing_stage_shows_its_last_lines_and_the_way_on(folder: Path, uv: str) -> None:
    with start(uv, FAKE_UV_FAILS="train@baseline") as process:
        seen = rest(process)
    assert process.returncode == 1
    assert "failed  train@baseline" in seen
    assert "| ValueError: a reason, on the last line" in seen
    assert "Error: `uv run dvc repro` failed; the project itself is complete" in seen
    assert "Hint: cd demo && uv run dvc repro && git add -A" in seen
    assert git("status", "--porcelain", cwd=folder / "demo") == ""


def test_a_demo_that_does_not_start(folder: Path, uv: str) -> None:
    with start(uv, FAKE_UV_FAILS="demo") as process:
        seen = rest(process)
    assert process.returncode == 1
    assert "| the port is taken" in seen
    assert "Hint: cd demo && uv run demo" in seen
    assert git("log", "-1", "--format=%s", cwd=folder / "demo") == "Train the first champion"


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_ended_in_the_middle_of_the_pipeline(
    folder: Path, uv: str, number: signal.Signals, status: int
) -> None:
    with start(uv, FAKE_UV_SECONDS="30") as process:
        seen = read_until(process, "running fetch")
        process.send_signal(number)
        seen += rest(process)
    assert process.returncode == status
    if number == signal.SIGINT:
        assert "cd demo && uv sync && uv run dvc repro" in seen
    assert not still_running(folder)
    assert git("status", "--porcelain", cwd=folder / "demo") == ""


def test_a_closed_terminal_ends_the_demo_too(folder: Path, uv: str) -> None:
    with start(uv) as process:
        read_until(process, "Your demo is at")
        process.send_signal(signal.SIGHUP)
        rest(process)
    assert process.returncode == 129
    assert not still_running(folder)


def still_running(folder: Path) -> list[str]:
    """Return the processes that have a folder below the given one as theirs."""
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


def test_without_an_identity_it_still_ends_in_a_demo(folder: Path, uv: str, home: Path) -> None:
    (home / ".gitconfig").unlink()
    with start(uv) as process:
        seen = read_until(process, "Your demo is at")
        process.send_signal(signal.SIGINT)
        seen += rest(process)
    assert process.returncode == 0, seen
    assert seen.count("-m 'Create the project with mlpath'") == 1
    assert "staged only" in seen
    assert git("diff", "--name-only", cwd=folder / "demo") == ""
