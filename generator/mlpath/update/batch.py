"""Update or inspect several projects, each in a process of its own.

Copier changes the working directory, so threads do not work. Every process is a pool of one
worker: one that dies costs its project alone.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
import threading
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpath.errors import MlpathError, from_os_error
from mlpath.system import processes
from mlpath.update.options import add
from mlpath.update.renders import RenderCache
from mlpath.update.status import Status, read_status
from mlpath.update.update import UpdateRequest, UpdateResult, abort, update

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence


@dataclass(frozen=True)
class Result:
    """The result for one project: of an update or of a status, or an error."""

    project: Path
    outcome: UpdateResult | None = None
    status: Status | None = None
    error: MlpathError | None = None


@dataclass(frozen=True)
class Task:
    """What to do with one project."""

    action: str
    """update, add, abort or status"""
    project: Path
    options: Mapping[str, Any]
    renders: Path | None = None
    """A folder of renders that several processes share."""


def run(
    action: str, projects: Sequence[Path], options: Mapping[str, Any]
) -> Generator[Result, None, None]:
    """Yield the result for each project as soon as there is one.

    On a request to end, such as Ctrl-C, the projects in progress are finished, and no other is
    begun.

    Args:
        action: `update`, `add`, `abort` or `status`.
        projects: Their folders.
        options: The options of that action.
    """
    tasks = [Task(action, project, options) for project in projects]
    slow = action == "update" or options.get("preview")
    with processes.cleaning_up_on_signals():
        if slow and len(tasks) > 1:
            yield from _run_in_processes(tasks)
        else:
            yield from map(_run, tasks)  # in this process, which can ask questions


def _run_in_processes(tasks: Sequence[Task]) -> Iterator[Result]:
    waiting = deque(tasks)
    running: dict[Future[Result], tuple[Task, ProcessPoolExecutor]] = {}
    with (
        processes.deferred_signals() as received,
        tempfile.TemporaryDirectory(prefix="mlpath-") as shared,
        ExitStack() as pools,
    ):
        idle = [pools.enter_context(_pool()) for _ in range(min(len(tasks), _cores()))]
        while running or (waiting and not received):
            while waiting and idle and not received:
                task, pool = waiting.popleft(), idle.pop()
                running[pool.submit(_run, replace(task, renders=Path(shared)))] = task, pool
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                task, pool = running.pop(future)
                try:
                    yield future.result()
                except BrokenProcessPool:
                    yield Result(task.project, error=_died(task.project))
                    pool = pools.enter_context(_pool())
                idle.append(pool)


def _pool() -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(1, mp_context=context, initializer=_start_worker)


def _start_worker() -> None:
    """Leave requests to end to the parent process, and end if that is killed."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    os.dup2(2, 1)  # the parent prints one document
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)


def _died(project: Path) -> MlpathError:
    return MlpathError(
        f"the process for {project} died",
        hint="Run the command for this project alone to see why.",
    )


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _run(task: Task) -> Result:
    try:
        return _ACTIONS[task.action](task)
    except MlpathError as error:
        # A subclass may need arguments that pickle does not know.
        return Result(task.project, error=MlpathError(str(error), hint=error.hint))
    except OSError as error:
        return Result(task.project, error=from_os_error(error))


def _update(task: Task) -> Result:
    with tempfile.TemporaryDirectory(prefix="mlpath-") as scratch:
        renders = RenderCache(task.renders or Path(scratch))
        result = update(task.project, renders, UpdateRequest(**task.options))
    return Result(task.project, outcome=result)


def _add(task: Task) -> Result:
    return Result(task.project, outcome=add(task.project, **task.options))


def _abort(task: Task) -> Result:
    return Result(task.project, outcome=abort(task.project))


def _status(task: Task) -> Result:
    status = read_status(task.project)
    if task.options.get("preview") and status.outdated:
        preview = replace(task, options={"defaults": True, "pretend": True})
        status.forecast = _update(preview).outcome
    return Result(task.project, status=status)


_ACTIONS = {"update": _update, "add": _add, "abort": _abort, "status": _status}
