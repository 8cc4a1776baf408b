"""`mlpath new-project --run`: install, train, take a picture, commit, and serve a new project."""

from __future__ import annotations

import re
import time
from collections import deque
from typing import TYPE_CHECKING

from mlpath.errors import MlpathError
from mlpath.system import git, processes
from mlpath.system.shell import quote_path

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlpath.create.new_project import Project

    Log = Callable[[str], None]

CHAMPION_MESSAGE = "Train the first champion"
COMMANDS = (
    "uv sync",
    "uv run dvc repro",
    f"git add -A && git commit -m '{CHAMPION_MESSAGE}'",
    "uv run demo",
)
"""The steps of `run`, as commands for a user."""
_SYNC, _REPRO, _DEMO = 0, 1, 3

_STAGE = re.compile(r"(?:Running stage|Stage) '([^']+)'(.*)")
_ADDRESS = re.compile(r"https?://[^\s'\"]+")
_MAX_LINES = 25


def run(project: Project, log: Log) -> None:
    """Install the environment, train, take the README's picture, commit, and serve until Ctrl-C.

    Raises:
        MlpathError: A step failed. The project is complete; the hint has the remaining commands.
        KeyboardInterrupt: Ctrl-C before the demo was up. After that, Ctrl-C returns.
    """
    uv = processes.find_uv()
    with processes.cleaning_up_on_signals():
        try:
            log("[1/5] Installing the environment")
            python = processes.python_option(str(project.answers.get("python_version", "")))
            _run_step(project, [uv, "sync", *python], log, _SYNC)
            _commit(project, "Lock the dependencies", log, "uv.lock")
            log("[2/5] Running the pipeline")
            _run_step(project, [uv, "run", "dvc", "repro"], log, _REPRO)
            log("[3/5] Taking the picture of the demo")
            _take_screenshot(project, [uv, "run", "screenshot"], log)
            log("[4/5] Committing the results")
            _commit(project, CHAMPION_MESSAGE, log, ".")
        except KeyboardInterrupt:
            log(_commands_from(project, _SYNC))
            raise
        log("[5/5] Starting the demo")
        _serve(project, [uv, "run", "demo"], log)


class _StageLog:
    """Logs the start and the duration of each pipeline stage, from the output of `dvc repro`."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._stage, self._started = "", 0.0

    def read(self, line: str) -> None:
        """Log a stage that starts or is skipped."""
        match = _STAGE.match(line)
        if match is None:
            return
        self.finish("done")
        if "skipping" in match[2]:
            self._log(f"      skipped {match[1]}")
            return
        self._stage, self._started = match[1], time.monotonic()
        self._log(f"      running {self._stage}")

    def finish(self, state: str) -> None:
        """Log the end of the running stage, if any."""
        if self._stage:
            self._log(f"      {state:<7} {self._stage}  {time.monotonic() - self._started:.1f} s")
        self._stage = ""


def _run_step(project: Project, command: Sequence[str], log: Log, step: int) -> None:
    """Run a command; show its last lines only if it fails."""
    lines: deque[str] = deque(maxlen=_MAX_LINES)
    stages = _StageLog(log)
    with processes.child(command, project.path) as child:
        for line in child.stdout or ():
            lines.append(line.rstrip())
            stages.read(line)
        failed = child.wait()
    stages.finish("failed" if failed else "done")
    if failed:
        for line in lines:
            log(f"      | {line}")
        raise MlpathError(
            f"`{COMMANDS[step]}` failed; the project itself is complete",
            hint=_commands_from(project, step),
        )


def _take_screenshot(project: Project, command: Sequence[str], log: Log) -> None:
    """Take the README's picture of the demo; where that fails, log the reason and go on."""
    if "\nscreenshot = " not in (project.path / "pyproject.toml").read_text(encoding="utf-8"):
        log("      skipped: this version of the template has no `screenshot`")
        return
    with processes.child(command, project.path) as child:
        output, _ = child.communicate()
    if child.returncode:
        reason = (output.strip().splitlines() or ["no reason"])[-1]
        log(f"      skipped: {reason}")


def _commit(project: Project, message: str, log: Log, path: str) -> None:
    """Commit the changes of a path, if there are any and git knows the author."""
    git.run("add", "--all", "--", path, cwd=project.path)
    if git.identity(project.path) is None:
        log("      staged, not committed: git has no user.name and user.email")
    elif git.run("status", "--porcelain", "--", path, cwd=project.path).strip():
        git.run("commit", "--quiet", "--message", message, cwd=project.path)


def _serve(project: Project, command: Sequence[str], log: Log) -> None:
    """Serve the demo until Ctrl-C; Gradio's own variables set the address and the port."""
    lines: deque[str] = deque(maxlen=_MAX_LINES)
    resume = _commands_from(project, _DEMO)
    running = False
    with processes.child(command, project.path) as child:
        try:
            for line in child.stdout or ():
                lines.append(line.rstrip())
                if running:
                    log(line.rstrip())
                elif match := _ADDRESS.search(line):
                    running = True
                    address = match[0].rstrip(".,")
                    log(f"\nThe demo is running at {address}\nPress Ctrl-C to stop it.")
        except KeyboardInterrupt:
            if not running:
                log(resume)
                raise
            log(f"\nThe demo has stopped. To start it again: {resume}")
            return
    for line in lines:
        log(f"      | {line}")
    raise MlpathError("the demo stopped unexpectedly", hint=resume)


def _commands_from(project: Project, step: int) -> str:
    return " && ".join((f"cd {quote_path(project.path)}", *COMMANDS[step:]))
