"""Creates a project to measure, in a temporary home folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from measure import environment, script

if TYPE_CHECKING:
    from pathlib import Path


def make(scratch: Path, *answers: str) -> Path:
    """Create and install a project, put its programs first on the PATH, and return its folder.

    Args:
        scratch: The home folder, which keeps the user's untouched. uv keeps its cache.
        answers: `KEY=VALUE`; the others are the defaults.
    """
    for variable, kind in {"UV_CACHE_DIR": "cache", "UV_PYTHON_INSTALL_DIR": "python"}.items():
        os.environ[variable] = subprocess.check_output(
            [script("uv"), kind, "dir"], text=True
        ).strip()
    os.environ["HOME"] = str(scratch)
    os.environ["DVC_SITE_CACHE_DIR"] = str(scratch / "dvc")
    (scratch / ".gitconfig").write_text("[user]\n\tname = A\n\temail = a@example.com\n")
    project = scratch / "demo"
    flags = [word for answer in answers for word in ("-d", answer)]
    run([script("mlpath"), "new-project", str(project), "--defaults", "--quiet", *flags], scratch)
    sync(project)
    os.environ["PATH"] = f"{project / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return project


def sync(project: Path, *flags: str) -> None:
    """Install the locked dependencies with byte code into the project's environment."""
    run([script("uv"), "sync", "--locked", "--compile-bytecode", "--quiet", *flags], project)


def run(command: list[str], folder: Path) -> None:
    """Run a command in `folder`; print its output and exit if it fails."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed with exit status {done.returncode}\n{done.stdout}")


def start_over(project: Path) -> None:
    """Remove everything that stages, DVC and MLflow wrote, but not the environment."""
    run(["git", "clean", "-dffxq", "-e", ".venv", "-e", "__pycache__"], project)
    run(["git", "restore", "."], project)
    shutil.rmtree(os.environ["DVC_SITE_CACHE_DIR"], ignore_errors=True)
