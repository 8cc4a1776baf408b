"""A generated project to measure: made as a user makes it, in a home of its own."""

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
    """Make a project with everything installed, its programs first on the PATH; return its folder.

    Answers are written as `KEY=VALUE`; the others are the defaults.

    The home is scratch too, so that nothing of the user's is read or written; uv keeps its cache.
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
    """Install what the lock names, compiled to byte code, into the project's environment."""
    run([script("uv"), "sync", "--locked", "--compile-bytecode", "--quiet", *flags], project)


def run(command: list[str], folder: Path) -> None:
    """Run a command in `folder`; show what it said, and stop, if it fails."""
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
    """Leave what git has and the environment, and nothing that a stage, DVC or MLflow wrote."""
    run(["git", "clean", "-dffxq", "-e", ".venv", "-e", "__pycache__"], project)
    run(["git", "restore", "."], project)
    shutil.rmtree(os.environ["DVC_SITE_CACHE_DIR"], ignore_errors=True)
