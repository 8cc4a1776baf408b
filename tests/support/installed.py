"""An mlpath with a template of its own, whose versions a test defines."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from click.testing import CliRunner

from mlpath.cli import main
from mlpath.template import releases, store

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]

Files = dict[str, str | bytes]
"""The content of each file of a template by path."""

ANSWERS = "template/project/{{ _copier_conf.answers_file }}.jinja"
LINES = "".join(f"line {number}\n" for number in range(1, 31))

FIRST: Files = {
    "copier.yml": """\
_subdirectory: template/project
_exclude: ["__pycache__"]
project_name: {type: str, default: demo}
setup: {type: str, default: recommended, choices: [recommended, customise]}
license: {type: str, default: MIT, choices: [MIT, Apache-2.0, none]}
container: {type: bool, default: false, help: "A Dockerfile for the demo?"}
""",
    ANSWERS: "# Written by Copier.\n{{ _copier_answers | to_nice_yaml -}}\n",
    "template/project/README.md.jinja": "# {{ project_name }}\n\n" + LINES,
    "template/project/LICENSE.jinja": "{{ license }}\n",
    "template/project/src/app.py": "".join(f"step_{n} = {n}\n" for n in range(1, 31)),
    "template/project/src/old.py": "".join(f"name_{n} = {n}\n" for n in range(1, 31)),
    "template/project/src/gone.py": "".join(f"gone_{n} = {n}\n" for n in range(1, 31)),
    "template/project/logo.bin": bytes(range(256)),
    "template/project/.gitignore": "*.log\n/secret/\n",
    "template/project/{% if container %}Dockerfile{% endif %}": "FROM scratch\n",
}
"""The first version: a project of a few files."""

SECOND: Files = {
    **{path: text for path, text in FIRST.items() if "old.py" not in path and "gone" not in path},
    "copier.yml": str(FIRST["copier.yml"]) + "greeting:\n  type: str\n  default: hello\n"
    "  validator: \"{% if greeting == 'rude' %}be kind{% endif %}\"\n",
    "template/project/README.md.jinja": "# {{ project_name }}\n\n"
    + LINES.replace("line 3\n", "line 3, better\n")
    + "{{ greeting }}\n",
    "template/project/src/app.py": str(FIRST["template/project/src/app.py"]).replace(
        "step_5 = 5", "step_5 = 55"
    ),
    "template/project/src/new.py": str(FIRST["template/project/src/old.py"]).replace(
        "name_9 = 9", "name_9 = 99"
    ),
    "template/project/src/fresh.py": "fresh = True\n",
    "template/project/logo.bin": bytes(reversed(range(256))),
}
"""The second: changes, adds, renames and removes a file, changes a binary file, adds a question."""


@dataclass(frozen=True)
class Installed:
    """An mlpath with other versions of the template: a folder for PYTHONPATH."""

    folder: Path
    version: str

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which `python -m mlpath` is this one."""
        return {**os.environ, "PYTHONPATH": str(self.folder)}

    def command(self, *arguments: str) -> list[str]:
        """Return the command line that runs it there."""
        return [sys.executable, "-m", "mlpath", *arguments]

    def run(self, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run a command in this process, which is fast."""
        package = self.folder / "mlpath"
        packaged = (package / "_template", package / "_template.bundle")
        with (
            contextlib.chdir(cwd),
            mock.patch.object(store, "CURRENT", self.version),
            mock.patch.object(store, "__version__", self.version.removeprefix("v")),
            mock.patch.object(store, "_packaged", return_value=packaged),
        ):
            result = CliRunner().invoke(main, arguments)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return subprocess.CompletedProcess(
            arguments, result.exit_code, result.stdout, result.stderr
        )

    def run_apart(self, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run a command in a process of its own."""
        return subprocess.run(
            self.command(*arguments),
            cwd=cwd,
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )

    def project(self, place: Path, *answers: str, version: str = "v0.1.0") -> Path:
        """Create a project from one of the versions."""
        data = [part for answer in answers for part in ("-d", answer)]
        done = self.run(
            "new-project", str(place), "-l", "-q", "--no-lock", "-r", version, *data,
            cwd=place.parent,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return place


def install(versions: Mapping[str, Files], folder: Path) -> Installed:
    """Create an mlpath whose template has these versions; the last one is its own."""
    package = folder / "mlpath"
    shutil.copytree(
        ROOT / "generator/mlpath", package, ignore=shutil.ignore_patterns("__pycache__", "_*plate*")
    )
    current = list(versions)[-1]
    (package / "__init__.py").write_text(f'__version__ = "{current.removeprefix("v")}"\n')
    folders = {version: folder / version for version in versions}
    for version, files in versions.items():
        for path, text in files.items():
            target = folders[version] / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode() if isinstance(text, str) else text)
    releases.write_bundle(package / "_template.bundle", folders, None)
    folders[current].rename(package / "_template")
    return Installed(folder, current)


def commit(project: Path, message: str = "Edit") -> str:
    """Commit all files of a project; return the commit."""
    for command in (["add", "--all"], ["commit", "--quiet", "--allow-empty", "-m", message]):
        subprocess.run(["git", *command], cwd=project, check=True)
    return _git("rev-parse", "HEAD", cwd=project).strip()


def snapshot(project: Path) -> tuple[dict[str, bytes | str], str]:
    """Return the files of a work tree, with modes and ignored ones, and the index entries."""
    files: dict[str, bytes | str] = {}
    for path in sorted(project.rglob("*")):
        name = path.relative_to(project)
        if ".git" in name.parts:
            continue
        if path.is_symlink():
            files[f"{name} ->"] = str(path.readlink())
        elif path.is_file():
            files[f"{name} {path.stat().st_mode:o}"] = path.read_bytes()
        else:
            files[f"{name}/"] = ""
    return files, _git("ls-files", "--stage", cwd=project)


def _git(*arguments: str, cwd: Path) -> str:
    done = subprocess.run(["git", *arguments], cwd=cwd, check=True, capture_output=True, text=True)
    return done.stdout
