"""Does one thing to several projects, in processes of their own, as many as there are cores.

Copier changes the working directory, so threads will not do; and what one project does to its
process must not reach the next. A worker is `python -P -m mlpath.update.batch FOLDER`: it reads
a task a line from its input, and answers each with a line. It has a session of its own, so that
Ctrl-C reaches the parent alone, which asks every worker to end and waits until it has.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from mlpath.errors import MlpathError, from_os_error
from mlpath.system import processes
from mlpath.update.status import Status, look

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from mlpath.update.project import Outcome, Renders


@dataclass(frozen=True)
class Result:
    """What came of one project: an outcome, a status, or what was in the way."""

    project: Path
    outcome: Outcome | None = None
    status: Status | None = None
    error: MlpathError | None = None


def run(
    action: str, projects: Sequence[Path], options: Mapping[str, Any]
) -> Generator[Result, None, None]:
    """Do something to each project, and give each result as soon as it is there.

    Args:
        action: `update`, `add`, `abort` or `status`.
        projects: Their folders.
        options: What the function of that name takes.
    """
    if len(projects) == 1 or not _takes_long(action, options):
        # In this very process, which can ask questions in the terminal.
        with processes.cleaning_up_on_signals():
            for project in projects:
                with contextlib.ExitStack() as held:
                    yield _attempt(_Task(action, project, options, None, held))
        return
    with tempfile.TemporaryDirectory(prefix="mlpath-") as shared:
        yield from _in_workers(action, projects, options, Path(shared))


def _takes_long(action: str, options: Mapping[str, Any]) -> bool:
    return action == "update" or bool(options.get("forecast"))


@dataclass(frozen=True)
class _Task:
    """What to do to one project."""

    action: str
    project: Path
    options: Mapping[str, Any]
    renders: Renders | None
    """Renders that several projects share."""
    held: contextlib.ExitStack
    """Is closed when the result is told: until then, an update that has written is not ended."""


def _attempt(task: _Task) -> Result:
    try:
        return _ACTIONS[task.action](task)
    except MlpathError as error:
        return Result(task.project, error=error)
    except OSError as error:  # the others go on
        return Result(task.project, error=from_os_error(error))


def _update(task: _Task) -> Result:
    from mlpath.update.project import Renders, update  # noqa: PLC0415 - a status does without

    with contextlib.ExitStack() as stack:
        renders = task.renders or stack.enter_context(Renders())
        outcome = update(task.project, renders, held=task.held, **task.options)
    return Result(task.project, outcome=outcome)


def _add(task: _Task) -> Result:
    from mlpath.update.options import add  # noqa: PLC0415

    return Result(task.project, outcome=add(task.project, held=task.held, **task.options))


def _abort(task: _Task) -> Result:
    from mlpath.update.project import abort  # noqa: PLC0415

    return Result(task.project, outcome=abort(task.project))


def _status(task: _Task) -> Result:
    status = look(task.project)
    if task.options.get("forecast") and status.outdated:
        forecast = dataclasses.replace(task, options={"defaults": True, "pretend": True})
        status.forecast = _update(forecast).outcome
    return Result(task.project, status=status)


_ACTIONS = {"update": _update, "add": _add, "abort": _abort, "status": _status}


class _Workers:
    """Threads that each keep one worker process busy."""

    def __init__(self, action: str, options: Mapping[str, Any], shared: Path) -> None:
        self.results: queue.SimpleQueue[Result | None] = queue.SimpleQueue()
        self._action, self._options, self._shared = action, options, shared
        self._tasks: queue.SimpleQueue[Path] = queue.SimpleQueue()
        self._processes: set[subprocess.Popen[str]] = set()
        self._threads: list[threading.Thread] = []
        self._lock, self._stopped = threading.Lock(), False

    def start(self, projects: Sequence[Path]) -> None:
        """Share the projects out; `results` gets them all, and None from each thread at its end."""
        for project in projects:
            self._tasks.put(project)
        self._threads = [
            threading.Thread(target=self._work, daemon=True)
            for _ in range(min(len(projects), _cores()))
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask every worker to end, and wait until it has: one that writes finishes that first."""
        with self._lock:
            self._stopped = True
            for process in self._processes:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal.SIGTERM)
        for thread in self._threads:
            thread.join()

    def remaining(self) -> Iterator[Result]:
        """Give what is there and nobody has fetched yet."""
        with contextlib.suppress(queue.Empty):
            while True:
                if result := self.results.get_nowait():
                    yield result

    @property
    def count(self) -> int:
        """How many threads there are."""
        return len(self._threads)

    def _work(self) -> None:
        process = None
        try:
            while not self._stopped:
                project = self._tasks.get_nowait()
                if process is None:
                    process = self._started()
                if process is not None:
                    result = self._asked(process, project)
                    if result or not self._stopped:
                        self.results.put(result or self._died(process, project))
                    if result is None:
                        process = None
        except queue.Empty:
            pass
        finally:
            self._ended(process)
            self.results.put(None)

    def _started(self) -> subprocess.Popen[str] | None:
        with self._lock:
            if self._stopped:
                return None
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "mlpath.update.batch", str(self._shared)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="utf-8",
                errors="surrogateescape",
                start_new_session=True,
            )
            self._processes.add(process)
            return process

    def _asked(self, process: subprocess.Popen[str], project: Path) -> Result | None:
        assert process.stdin  # noqa: S101 - both are pipes
        assert process.stdout  # noqa: S101
        task = {"action": self._action, "project": str(project), "options": self._options}
        try:
            print(json.dumps(task), file=process.stdin, flush=True)
            answer = process.stdout.readline()
            return _from_line(answer) if answer.endswith("\n") else None
        except OSError:
            return None

    def _died(self, process: subprocess.Popen[str], project: Path) -> Result:
        self._ended(process)
        reason = MlpathError(
            f"the process that worked on {project} died (exit status {process.returncode})",
            hint="Run the command for this project alone, to see why.",
        )
        return Result(project, error=reason)

    def _ended(self, process: subprocess.Popen[str] | None) -> None:
        if process is None:
            return
        with process, contextlib.suppress(OSError):
            assert process.stdin  # noqa: S101
            process.stdin.close()
        with self._lock:
            self._processes.discard(process)


def _in_workers(
    action: str, projects: Sequence[Path], options: Mapping[str, Any], shared: Path
) -> Iterator[Result]:
    workers = _Workers(action, options, shared)
    with processes.cleaning_up_on_signals():
        try:
            workers.start(projects)
            ended = 0
            while ended < workers.count:
                if result := workers.results.get():
                    yield result
                else:
                    ended += 1
        except (KeyboardInterrupt, SystemExit):
            workers.stop()
            yield from workers.remaining()
            raise
        finally:
            workers.stop()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _to_line(result: Result) -> str:
    error = [str(result.error), result.error.hint] if result.error else None
    parts = {
        name: dataclasses.asdict(part) if part else None
        for name, part in (("outcome", result.outcome), ("status", result.status))
    }
    return json.dumps({"project": result.project, "error": error, **parts}, default=str)


def _from_line(line: str) -> Result:
    from mlpath.update.project import Outcome  # noqa: PLC0415

    def outcome(found: dict[str, Any] | None) -> Outcome | None:
        return Outcome.from_json(found) if found else None

    found = json.loads(line)
    status = found["status"]
    if status:
        known = {"project": Path(status["project"]), "forecast": outcome(status["forecast"])}
        status = Status(**{**status, **known})
    error = found["error"]
    return Result(
        Path(found["project"]),
        outcome(found["outcome"]),
        status,
        MlpathError(error[0], hint=error[1]) if error else None,
    )


def _serve(tasks: IO[str], answers: IO[str], shared: Path) -> None:
    """Work as a worker, until there are no more tasks or a signal says so."""
    from mlpath.update.project import Renders  # noqa: PLC0415

    with processes.cleaning_up_on_signals(), Renders(shared) as renders:
        for line in tasks:
            asked = json.loads(line)
            with contextlib.ExitStack() as held:
                project = Path(asked["project"])
                result = _attempt(_Task(asked["action"], project, asked["options"], renders, held))
                print(_to_line(result), file=answers, flush=True)
            if result.outcome and result.outcome.signals:
                raise SystemExit(128 + result.outcome.signals[0])
            gc.collect()


if __name__ == "__main__":
    # What is imported once stays; only what a project leaves behind is looked through.
    gc.disable()
    from mlpath.template import render  # noqa: F401

    gc.freeze()
    gc.enable()
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="surrogateescape")
    os.dup2(2, 1)  # nobody's print gets among the answers
    _serve(sys.stdin, replies, Path(sys.argv[1]))
