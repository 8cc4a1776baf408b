"""hadolint on the Dockerfile of a project."""

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
    path = shutil.which("hadolint", path=PROGRAMS)
    if path is None:
        pytest.skip("hadolint is not installed; it has no wheel for this platform")
    return path


def lint(hadolint: str, dockerfile: Path) -> tuple[int, str]:
    """Return the exit status and the output of hadolint."""
    done = subprocess.run(
        [hadolint, "--no-color", str(dockerfile)], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("python_version", ["3.11", "3.14"])
def test_dockerfile_passes_hadolint(hadolint: str, folder: Path, python_version: str) -> None:
    answers = ["-d", f"python_version={python_version}", "-d", "services=true"]
    result = mlpath("new-project", "demo", "--defaults", "--no-lock", *answers)
    assert result.exit_code == 0, result.output
    for name in ("Dockerfile", "services/mlflow.Dockerfile"):
        assert lint(hadolint, folder / "demo" / name) == (0, "")


def test_hadolint_reports_a_bad_dockerfile(hadolint: str, folder: Path) -> None:
    (folder / "Dockerfile").write_text("FROM python\nRUN cd /tmp && sudo true\n")
    status, output = lint(hadolint, folder / "Dockerfile")
    assert status != 0
    assert "DL3004" in output
