"""Update or inspect several projects, in processes if they can run in parallel.

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
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mlpath.errors import MlpathError, from_os_error
from mlpath.system import processes
from mlpath.update import options
from mlpath.update import update as updating
from mlpath.update.renders import RenderCache
from mlpath.update.status import Status, read_status
from mlpath.update.update import UpdateRequest, UpdateResult

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence


@dataclass(frozen=True)
class Result:
    """The result for one project: of an update or of a status, or an error."""

    project: Path
    update: UpdateResult | None = None
    status: Status | None = None
    error: MlpathError | None = None


if TYPE_CHECKING:
    Action = Callable[[Path, RenderCache], Result]


def update(project: Path, renders: RenderCache, *, request: UpdateRequest) -> Result:
    """Update a project."""
    return Result(project, update=updating.update(project, renders, request))


def abort(project: Path, _: RenderCache) -> Result:
    """Undo the last update of a project."""
    return Result(project, update=updating.abort(project))


def add(project: Path, renders: RenderCache, *, option: str) -> Result:
    """Add `OPTION` or `OPTION=VALUE` to a project."""
    return Result(project, update=options.add(project, renders, option))


def status(project: Path, renders: RenderCache, *, preview: bool) -> Result:
    """Return the version of a project, with a preview of the update if it is outdated."""
    found = read_status(project)
    if preview and found.outdated:
        request = UpdateRequest(defaults=True, pretend=True)
        found.preview = updating.update(project, renders, request)
    return Result(project, status=found)


def run(
    action: Action, projects: Sequence[Path], *, parallel: bool
) -> Generator[Result, None, None]:
    """Yield the result for each project as soon as there is one.

    On a signal to end, such as Ctrl-C, projects that run in processes are finished, and no other
    is begun.

    The action is a function of this module, with its options bound by `functools.partial`. Several
    projects in parallel run in processes, which can't ask questions.
    """
    with processes.cleaning_up_on_signals():
        if parallel and len(projects) > 1:
            yield from _run_in_processes(action, projects)
        else:
            yield from map(partial(_run, action), projects)


def _run_in_processes(action: Action, projects: Sequence[Path]) -> Iterator[Result]:
    waiting = deque(projects)
    running: dict[Future[Result], tuple[Path, ProcessPoolExecutor]] = {}
    with (
        processes.deferred_signals() as received,
        tempfile.TemporaryDirectory(prefix="mlpath-") as shared,
        ExitStack() as pools,
    ):
        idle = [pools.enter_context(_pool()) for _ in range(min(len(projects), _cores()))]
        while running or (waiting and not received):
            while waiting and idle and not received:
                project, pool = waiting.popleft(), idle.pop()
                running[pool.submit(_run, action, project, Path(shared))] = project, pool
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                project, pool = running.pop(future)
                try:
                    yield future.result()
                except BrokenProcessPool:
                    yield Result(project, error=_died(project))
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


def _run(action: Action, project: Path, shared: Path | None = None) -> Result:
    """Run an action; several processes may share a folder of renders."""
    try:
        with tempfile.TemporaryDirectory(prefix="mlpath-") as scratch:
            return action(project, RenderCache(shared or Path(scratch)))
    except MlpathError as error:
        # A subclass may need arguments that pickle does not know.
        return Result(project, error=MlpathError(str(error), hint=error.hint))
    except OSError as error:
        return Result(project, error=from_os_error(error))
