"""From a fresh project to its demo: install, train, commit, serve."""

from __future__ import annotations

import re
import time
from collections import deque
from typing import TYPE_CHECKING

from mlpath.create.staging import quoted
from mlpath.errors import MlpathError
from mlpath.system import git, processes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from subprocess import Popen

    from mlpath.create.project import Project

CHAMPION_MESSAGE = "Train the first champion"
COMMANDS = (
    "uv sync",
    "uv run dvc repro",
    f"git add -A && git commit -m '{CHAMPION_MESSAGE}'",
    "uv run demo",
)
"""What `run` does, as a person would type it in the project."""

_STAGE = re.compile(r"(?:Running stage|Stage) '([^']+)'(.*)")
_ADDRESS = re.compile(r"https?://[^\s'\"]+")
_TAIL = 25


def run(project: Project, say: Callable[[str], None]) -> None:
    """Install the environment, train, commit the results, and serve until Ctrl-C.

    Args:
        project: What `scaffold.create` returned.
        say: Told each step, and each stage of the pipeline as it starts and ends.

    Raises:
        MlpathError: A step failed. The project is whole; the hint says how to go on.
        KeyboardInterrupt: Ctrl-C came before the demo was up. After that, Ctrl-C returns.
    """
    uv = processes.find_uv()
    with processes.cleaning_up_on_signals():
        try:
            say("[1/4] Installing the environment")
            python = processes.python_option(str(project.answers.get("python_version", "")))
            _watch(project, [uv, "sync", *python], say, 0)
            _commit(project, "Lock the dependencies", say, "uv.lock")
            say("[2/4] Running the pipeline")
            _watch(project, [uv, "run", "dvc", "repro"], say, 1)
            say("[3/4] Committing the results")
            _commit(project, CHAMPION_MESSAGE, say, ".")
        except KeyboardInterrupt:
            say(_how_to_go_on(project, 0))
            raise
        say("[4/4] Starting the demo")
        _serve(project, [uv, "run", "demo"], say)


def _watch(project: Project, command: Sequence[str], say: Callable[[str], None], step: int) -> None:
    """Run a command, telling the stages of a pipeline from the rest of what it prints."""
    lines: deque[str] = deque(maxlen=_TAIL)
    stage, started = "", time.monotonic()

    def finish(mark: str) -> None:
        if stage:
            say(f"      {mark} {stage}  {time.monotonic() - started:.1f} s")

    with processes.child(command, project.path) as child:
        assert child.stdout is not None  # noqa: S101 - for the type checker
        for line in child.stdout:
            lines.append(line.rstrip())
            if found := _STAGE.match(line):
                finish("done   ")
                stage, started = found[1], time.monotonic()
                if "skipping" in found[2]:
                    say(f"      as it was {stage}")
                    stage = ""
                else:
                    say(f"      running {stage}")
        failed = child.wait()
    finish("failed " if failed else "done   ")
    if failed:
        for line in lines:
            say(f"      | {line}")
        raise MlpathError(
            f"`{COMMANDS[step]}` failed; the project itself is complete",
            hint=_how_to_go_on(project, step),
        )


def _commit(project: Project, message: str, say: Callable[[str], None], path: str) -> None:
    """Commit what is new below a path, if anything is, and if git knows whose commit it is."""
    git.run("add", "--all", "--", path, cwd=project.path)
    if git.identity(project.path) is None:
        say("      staged only: git does not know your name yet")
    elif git.run("status", "--porcelain", "--", path, cwd=project.path).strip():
        git.run("commit", "--quiet", "--message", message, cwd=project.path)


def _serve(project: Project, command: Sequence[str], say: Callable[[str], None]) -> None:
    """Serve the demo until Ctrl-C; Gradio's own variables choose address and port."""
    lines: deque[str] = deque(maxlen=_TAIL)
    with processes.child(command, project.path) as child:
        assert child.stdout is not None  # noqa: S101 - for the type checker
        try:
            address = _wait_for_address(child, lines)
        except KeyboardInterrupt:
            say(_how_to_go_on(project, 3))
            raise
        if address:
            try:
                say(f"\nYour demo is at {address}\nCtrl-C ends it.")
                for line in child.stdout:
                    lines.append(line.rstrip())
                    say(line.rstrip())
            except KeyboardInterrupt:
                say(f"\nThe demo has ended. To start it again: {_how_to_go_on(project, 3)}")
                return
        child.wait()
    for line in lines:
        say(f"      | {line}")
    raise MlpathError("the demo ended by itself", hint=_how_to_go_on(project, 3))


def _wait_for_address(child: Popen[str], lines: deque[str]) -> str | None:
    """Return the address that the demo prints when it is up, or None if it ends before."""
    assert child.stdout is not None  # noqa: S101 - for the type checker
    for line in child.stdout:
        lines.append(line.rstrip())
        if found := _ADDRESS.search(line):
            return found[0].rstrip(".,")
    return None


def _how_to_go_on(project: Project, step: int) -> str:
    return " && ".join((f"cd {quoted(project.path)}", *COMMANDS[step:]))
