"""Create, install, run and serve projects, for the end-to-end tests."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import uv

LIMIT = 1200
"""Seconds for one command; an installation from an empty cache takes minutes."""


SAME_EVERYWHERE = [
    f"--ignore=tests/{name}"
    for name in (
        *("tracking", "sabotage", "publishing", "monitoring", "reporting"),
        *("pipeline/test_challenge.py", "pipeline/test_feedback.py", "pipeline/test_report.py"),
        *("pipeline/test_promote.py", "pipeline/test_search_queue.py"),
        *("serving/test_bad_requests.py", "serving/test_feedback.py"),
        *("serving/test_feedback_store.py", "serving/test_screenshot.py", "serving/test_api.py"),
    )
]
"""Options of pytest without the tests of a project that don't depend on its data and models.

`test_a_project_passes_its_own_checks` in tests/test_domains.py runs them.
"""


def restore_sigint_handler() -> None:
    """Let child processes react to Ctrl-C, which the background jobs of a script ignore."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass(frozen=True)
class Owner:
    """A user with a home folder, who runs commands there."""

    home: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    shared: Path | None = None
    """A folder of the processes that test at the same time; by default the home."""

    def with_variables(self, variables: Mapping[str, str]) -> Owner:
        """Return the same user with more environment variables."""
        return replace(self, variables={**self.variables, **variables})

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the user's shell."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("GIT_", "COPIER_", "XDG_", "GRADIO_", "MLFLOW_"))
            and name not in {"VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE"}
        }
        cache = os.environ.get("UV_CACHE_DIR") or str(Path("~/.cache/uv").expanduser())
        shared = {
            "HOME": str(self.home),
            "UV_CACHE_DIR": cache,
            "MYPY_CACHE_DIR": str(self.home / "mypy-cache"),
            # Another test runs on the other core: threads of one process would wait for each other.
            "OMP_NUM_THREADS": "1",
        }
        return {**kept, **shared, **self.variables}

    def run(self, *command: str, cwd: Path, fails: bool = False) -> str:
        """Run a command that must succeed, or fail; return its output."""
        status, output = self.status(*command, cwd=cwd)
        assert bool(status) == fails, f"{' '.join(command)}\n{output}"
        return output

    def status(self, *command: str, cwd: Path) -> tuple[int, str]:
        """Run a command; return its exit status and output."""
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
        return done.returncode, done.stdout

    def uv(self, *arguments: str, cwd: Path, fails: bool = False) -> str:
        """Run uv in a project."""
        return self.run(uv.find_uv_bin(), *arguments, cwd=cwd, fails=fails)

    def create(self, name: str, *arguments: str) -> Path:
        """Create a project with the default answers and install its environment."""
        self.run(
            sys.executable, "-m", "mlpath", "new-project", name, "-l", *arguments, cwd=self.home
        )
        project = self.home / name
        self.sync(project)
        return project

    def copy(self, project: Path, folder: Path) -> Path:
        """Copy a project with its data and database, for a test to change, and install it."""
        copy = folder / "copy"
        shutil.copytree(project, copy, symlinks=True, ignore=shutil.ignore_patterns(".venv"))
        self.sync(copy)
        return copy

    def sync(self, project: Path) -> None:
        """Install the environment of a project.

        It gets the bytecode of the largest environment so far, of any process, and of the last
        one, since compiling takes longer than most tests. Python ignores the bytecode of a file
        that differs.
        """
        self.uv("sync", "--quiet", cwd=project)
        environment = project / ".venv"
        own, every = self.home / "environments", (self.shared or self.home) / "all-environments"
        if own.exists():
            last = Path(own.read_text(encoding="utf-8").splitlines()[-1])
            others = map(Path, every.read_text(encoding="utf-8").splitlines())
            for source in {last, max(others, key=_packages)}:
                link_bytecode(source, environment)
        for record in (own, every):
            with record.open("a", encoding="utf-8") as file:
                file.write(f"{environment}\n")

    def mypy(self, project: Path) -> None:
        """Check the types of a project.

        Checking the libraries takes a minute, and is the same in every project: the first process
        that did it gives the others a copy of its cache, which only one process may write.
        """
        cache, seed = self.home / "mypy-cache", (self.shared or self.home) / "mypy-seed"
        if seed.exists() and not cache.exists():
            shutil.copytree(seed, cache)
        self.uv("run", "mypy", cwd=project)
        if not seed.exists():
            copy = shutil.copytree(cache, self.home / "mypy-copy")
            with suppress(OSError):  # another process was faster
                copy.rename(seed)


def resample_less(project: Path, *, prepared: bool = False) -> None:
    """Compare models by two folds and 20 resamples: that is half the time of a pipeline.

    Data that are prepared already keep their folds, since others would train every model again.
    """
    params = project / "params.yaml"
    text = params.read_text(encoding="utf-8")
    for entry in ("resamples: 20",) if prepared else ("resamples: 20", "folds: 2"):
        text, changed = re.subn(rf"{entry.split()[0]} \d+", entry, text)
        assert changed == 1
    params.write_text(text, encoding="utf-8")


def _packages(environment: Path) -> int:
    return len(list(environment.glob("lib/*/site-packages/*")))


def link_bytecode(source: Path, target: Path) -> None:
    """Link the bytecode of an environment into another one, where that has the module."""
    for folder in source.rglob("__pycache__"):
        place = target / folder.relative_to(source)
        if place.parent.is_dir():
            place.mkdir(exist_ok=True)
            for file in folder.iterdir():
                with suppress(FileExistsError, FileNotFoundError):  # a file may be temporary
                    os.link(file, place / file.name)


@contextmanager
def serving(owner: Owner, project: Path) -> Iterator[str]:
    """Run the demo of a project on a free port; Ctrl-C must end it with exit status 0."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    child = subprocess.Popen(
        [project / ".venv" / "bin" / "demo"],
        cwd=project,
        env={**owner.environment, "GRADIO_SERVER_PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/health", child)
        yield address
        child.send_signal(signal.SIGINT)
        assert child.wait(30) == 0
    finally:
        if child.poll() is None:
            os.kill(child.pid, signal.SIGKILL)
        child.communicate()


def wait_for(url: str, child: subprocess.Popen[bytes]) -> None:
    """Wait until a server answers, for a minute at most."""
    for _ in range(240):
        assert child.poll() is None, child.communicate()[0].decode()
        try:
            get(url)
        except urllib.error.URLError:
            time.sleep(0.25)
        else:
            return
    raise AssertionError(f"no response from {url}")


def post(url: str, document: Any) -> tuple[int, Any]:
    """Send a JSON document; return the status and the JSON of the response."""
    headers = {"Content-Type": "application/json"}
    return get(urllib.request.Request(url, json.dumps(document).encode(), headers))  # noqa: S310


def get(url: str | urllib.request.Request) -> tuple[int, Any]:
    """Return the status and the JSON of a response, whatever the status is."""
    try:
        with urllib.request.urlopen(url, timeout=30) as response:  # noqa: S310 (it is http)
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)
