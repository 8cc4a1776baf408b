"""Measures two commands against each other, taking turns, so that both meet the same machine."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


@dataclass(frozen=True)
class Side:
    """One of the two: what to run, and what to clear away before each run, unmeasured."""

    name: str
    command: Sequence[str]
    before: Callable[[], None] = lambda: None


def compare(ours: Side, theirs: Side, *, at_most: float, rounds: int = 15) -> bool:
    """Print both medians of CPU time and their ratio; tell whether the target is met."""
    with tempfile.TemporaryFile() as output:
        runs = {side.name: partial(cpu_seconds, side, output.fileno()) for side in (ours, theirs)}
        return compare_runs(runs, at_most=at_most, rounds=rounds)


def compare_runs(
    runs: Mapping[str, Callable[[], float]], *, at_most: float, rounds: int = 15
) -> bool:
    """Do as `compare` does, for two functions, ours first, that return the CPU time of a run."""
    for run in runs.values():  # writes byte code, fills the disk's cache
        run()
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds):
        for name in runs if number % 2 else reversed(list(runs)):
            seconds[name].append(runs[name]())
    for name, values in seconds.items():
        print_median(name, values)
    ours, theirs = (median(values) for values in seconds.values())
    return verdict(ours / theirs, at_most=at_most, of="CPU time")


def within(side: Side, *, at_most: float, rounds: int = 15) -> bool:
    """Print the median of the CPU time of one side; tell whether it is at most so many seconds."""
    with tempfile.TemporaryFile() as output:
        cpu_seconds(side, output.fileno())
        values = [cpu_seconds(side, output.fileno()) for _ in range(rounds)]
    print_median(side.name, values)
    met = median(values) <= at_most
    print(f"{median(values):8.2f}     seconds, at most {at_most}: {'met' if met else 'MISSED'}")
    return met


def print_median(name: str, values: Sequence[float]) -> None:
    """Print the median of some CPU times, and how far they spread."""
    spread = f"{min(values) * 1000:.0f} to {max(values) * 1000:.0f}"
    print(f"{median(values) * 1000:8.0f} ms  {name}  ({spread} ms in {len(values)} runs)")


def verdict(ratio: float, *, at_most: float, of: str) -> bool:
    """Print a ratio and its target; tell whether it is met."""
    met = ratio <= at_most
    print(
        f"{ratio:8.2f}     ratio of {of}, at most {at_most}: {'met' if met else 'MISSED'}",
        flush=True,
    )
    return met


def cpu_seconds(side: Side, output: int) -> float:
    """Run one side once; return the CPU time of it and of all processes that it waited for."""
    side.before()
    process = subprocess.Popen(
        side.command, env=environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=output
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        said = os.pread(output, 1_000_000, 0).decode(errors="replace")
        sys.exit(f"{said}{side.name} failed with exit status {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def environment() -> dict[str, str]:
    """Return the environment of a usual user: byte code is kept between runs."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def parser(said: str | None) -> argparse.ArgumentParser:
    """Return the parser of a benchmark; its help is what the module says of itself."""
    return argparse.ArgumentParser(
        description=said, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def positive(text: str) -> int:
    """Return a whole number of one or more, as `argparse` wants its types."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of one or more")
    return int(text)


def rounds_asked(said: str | None, default: int) -> int:
    """Return how many runs of each side the command line asks for."""
    command = parser(said)
    command.add_argument(
        "rounds", nargs="?", type=positive, default=default, help=f"of each side ({default})"
    )
    rounds: int = command.parse_args().rounds
    return rounds


def script(name: str) -> str:
    """Return the console script that was installed with this Python."""
    return str(Path(sys.executable).with_name(name))
