"""A linter that knows nothing of mlpath reads the Dockerfile of a project."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import mlpath

PROGRAMS = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


@pytest.fixture
def hadolint() -> str:
    found = shutil.which("hadolint", path=PROGRAMS)
    if found is None:
        pytest.skip("hadolint is not installed, and its wheels do not cover this machine")
    return found


def lint(hadolint: str, dockerfile: Path) -> tuple[int, str]:
    """Return hadolint's exit status and what it found."""
    done = subprocess.run(
        [hadolint, "--no-color", str(dockerfile)], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("python_version", ["3.11", "3.14"])
def test_hadolint_finds_nothing(hadolint: str, folder: Path, python_version: str) -> None:
    answers = ["-d", f"python_version={python_version}"]
    made = mlpath("new-project", "demo", "--defaults", "--no-lock", *answers)
    assert made.exit_code == 0, made.output
    assert lint(hadolint, folder / "demo" / "Dockerfile") == (0, "")


def test_hadolint_would_find_something(hadolint: str, folder: Path) -> None:
    (folder / "Dockerfile").write_text("FROM python\nRUN cd /tmp && sudo true\n")
    status, found = lint(hadolint, folder / "Dockerfile")
    assert status != 0
    assert "DL3004" in found
