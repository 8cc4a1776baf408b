"""`mlpath update` and `status` against Copier's commands: python benchmarks/update.py [ROUNDS].

The same project, with a commit by the user, is updated from the second newest to the newest release
from the same bundle. Each run starts with a new copy.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path
from statistics import median

from packaging.version import Version

from measure import (
    Side,
    check_ratio,
    compare,
    compare_runs,
    cpu_seconds,
    environment,
    parse_rounds,
    script,
)
from mlpath.template import store
from project import run

FEW, MANY = 5, 50
"""Numbers of projects. Copier is measured with FEW, one after the other, and scaled to MANY."""

MLPATH = [script("mlpath"), "update", "--defaults"]
COPIER = [script("copier"), "update", "--defaults"]


def make(scratch: Path, version: str) -> Path:
    """Create a project of a version, with a file and commit by the user."""
    project = scratch / "pristine"
    command = [script("mlpath"), "new-project", str(project), "-l", "--no-lock", "-r", version]
    run(command, scratch)
    (project / "notes.md").write_text("Experiments and their results.\n", encoding="utf-8")
    run(["git", "add", "--all"], project)
    run(["git", "commit", "--quiet", "--message", "Add notes"], project)
    return project


def refresh(project: Path, copies: list[Path]) -> None:
    """Replace copies by new copies of a project."""
    for copy in copies:
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(project, copy, symlinks=True)
        run(["git", "update-index", "--refresh"], copy)


def update_with_copier(project: Path, copies: list[Path], output: int) -> float:
    """Update each copy with Copier; return the CPU time, scaled to MANY copies."""
    refresh(project, copies)
    seconds = [cpu_seconds(Side("copier update", [*COPIER, str(copy)]), output) for copy in copies]
    return sum(seconds) / len(copies) * MANY


def peak_memory(project: Path, copies: list[Path]) -> float:
    """Update copies with one command; return the peak memory of all its processes in MB."""
    refresh(project, copies)
    peak, done = 0.0, threading.Event()
    process = subprocess.Popen(
        [*MLPATH, *map(str, copies)],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def watch() -> None:
        nonlocal peak
        while not done.is_set():
            peak = max(peak, resident(process.pid))
            time.sleep(0.01)

    watcher = threading.Thread(target=watch)
    watcher.start()
    status = process.wait()
    done.set()
    watcher.join()
    if status:
        sys.exit(f"mlpath update of {len(copies)} projects failed with exit status {status}")
    return peak


def resident(root: int) -> float:
    """Return the memory of a process and its descendants in MB, shared pages counted once."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = (
                entry.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]
            )
            children.setdefault(int(parent), []).append(int(entry.parent.name))
    total, waiting = 0, [root]
    while waiting:
        process = waiting.pop()
        waiting += children.get(process, [])
        with contextlib.suppress(OSError):
            rollup = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
            total += int(next(line.split()[1] for line in rollup.splitlines() if "Pss:" in line))
    return total / 1024


def memory_is_constant(project: Path, few: list[Path], many: list[Path]) -> bool:
    """Print the peak memory for few and many projects; return whether it is the same."""
    cores = os.sched_getaffinity(0)
    # mlpath starts a process per core: FEW projects must keep all of them busy, too.
    os.sched_setaffinity(0, sorted(cores)[: FEW // 2])
    peaks = []
    for copies in (few, many):
        values = [peak_memory(project, copies) for _ in range(3)]
        peaks.append(median(values))
        print(f"{peaks[-1]:8.0f} MB  peak memory to update {len(copies)} projects")
    os.sched_setaffinity(0, cores)
    return check_ratio(peaks[1] / peaks[0], at_most=1.1, of="memory")


def two_releases() -> tuple[str, str]:
    """Return the newest release and the one before it."""
    released = [version for version in store.versions() if not Version(version).is_prerelease]
    if len(released) < 2:  # noqa: PLR2004 - as the name says
        sys.exit("There are fewer than two releases, so there is nothing to update.")
    return released[-2], released[-1]


if __name__ == "__main__":
    rounds = parse_rounds(__doc__, 15)
    with (
        tempfile.TemporaryDirectory(prefix="mlpath-benchmark-") as folder,
        tempfile.TemporaryFile() as output,
    ):
        scratch = Path(folder)
        os.environ["HOME"] = folder
        (scratch / ".gitconfig").write_text("[user]\n\tname = A\n\temail = a@example.com\n")
        store.publish()
        old, new = two_releases()
        pristine = make(scratch, old)
        demo = scratch / "demo"
        fresh = partial(refresh, pristine, [demo])
        print(f"{old} to {new}")
        met = compare(
            Side("mlpath update", [*MLPATH, str(demo)], fresh),
            Side("copier update", [*COPIER, str(demo)], fresh),
            at_most=0.6,
            rounds=rounds,
        )
        fresh()
        met &= compare(
            Side("mlpath status", [script("mlpath"), "status", str(demo)]),
            Side("copier check-update", [script("copier"), "check-update", str(demo)]),
            at_most=0.3,
            rounds=rounds,
        )
        many = [scratch / f"demo-{number}" for number in range(MANY)]
        few = many[:FEW]
        together = Side("", [*MLPATH, *map(str, many)], partial(refresh, pristine, many))
        met &= compare_runs(
            {
                f"mlpath update of {MANY} projects": partial(
                    cpu_seconds, together, output.fileno()
                ),
                f"copier update {MANY} times ({FEW} measured, scaled)": partial(
                    update_with_copier, pristine, few, output.fileno()
                ),
            },
            at_most=0.25,
            rounds=max(3, rounds // 5),
        )
        met &= memory_is_constant(pristine, few, many)
    sys.exit(not met)
