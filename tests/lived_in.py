"""A project as its owner has it: made by the program, installed. For the end-to-end tests."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import uv

LIMIT = 1200
"""Seconds for one command; an installation from an empty cache takes minutes."""


@dataclass(frozen=True)
class Owner:
    """Somebody with a home folder, and what they type there."""

    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """The environment of their shell."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("GIT_", "COPIER_", "XDG_", "GRADIO_", "MLFLOW_"))
            and name != "VIRTUAL_ENV"
        }
        cache = os.environ.get("UV_CACHE_DIR") or str(Path("~/.cache/uv").expanduser())
        return {**kept, "HOME": str(self.home), "UV_CACHE_DIR": cache}

    def types(self, *command: str, cwd: Path) -> str:
        """Run a command that must succeed; returns all that it printed."""
        done = subprocess.run(
            command,
            cwd=cwd,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}"
        return done.stdout

    def uv(self, *arguments: str, cwd: Path) -> str:
        """Run uv in a project."""
        return self.types(uv.find_uv_bin(), *arguments, cwd=cwd)

    def creates(self, name: str, *arguments: str) -> Path:
        """Make a project with the defaults and install its environment."""
        self.types(
            sys.executable, "-m", "mlpath", "new-project", name, "-l", *arguments, cwd=self.home
        )
        project = self.home / name
        self.uv("sync", "--quiet", cwd=project)
        return project
