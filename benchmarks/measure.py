"""Compares the CPU time of two commands in alternating runs."""

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
    """A command to measure, and a function to call before each run, which is not measured."""

    name: str
    command: Sequence[str]
    before: Callable[[], None] = lambda: None


def compare(ours: Side, theirs: Side, *, at_most: float, rounds: int = 15) -> bool:
    """Print both medians of CPU time and their ratio; return whether the target is met."""
    with tempfile.TemporaryFile() as output:
        runs = {side.name: partial(cpu_seconds, side, output.fileno()) for side in (ours, theirs)}
        return compare_runs(runs, at_most=at_most, rounds=rounds)


def compare_runs(
    runs: Mapping[str, Callable[[], float]], *, at_most: float, rounds: int = 15
) -> bool:
    """Compare two functions that return the CPU time of a run, ours first."""
    for run in runs.values():  # warm up: byte code, disk cache
        run()
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds):
        for name in runs if number % 2 else reversed(list(runs)):
            seconds[name].append(runs[name]())
    for name, values in seconds.items():
        print_median(name, values)
    ours, theirs = (median(values) for values in seconds.values())
    return check_ratio(ours / theirs, at_most=at_most, of="CPU time")


def within(side: Side, *, at_most: float, rounds: int = 15) -> bool:
    """Print the median CPU time of one side; return whether it is at most `at_most` seconds."""
    with tempfile.TemporaryFile() as output:
        cpu_seconds(side, output.fileno())
        values = [cpu_seconds(side, output.fileno()) for _ in range(rounds)]
    print_median(side.name, values)
    met = median(values) <= at_most
    print(f"{median(values):8.2f}     seconds, at most {at_most}: {'met' if met else 'MISSED'}")
    return met


def print_median(name: str, values: Sequence[float]) -> None:
    """Print the median and the range of CPU times."""
    spread = f"{min(values) * 1000:.0f} to {max(values) * 1000:.0f}"
    print(f"{median(values) * 1000:8.0f} ms  {name}  ({spread} ms in {len(values)} runs)")


def check_ratio(ratio: float, *, at_most: float, of: str) -> bool:
    """Print a ratio and its target; return whether it is met."""
    met = ratio <= at_most
    print(
        f"{ratio:8.2f}     ratio of {of}, at most {at_most}: {'met' if met else 'MISSED'}",
        flush=True,
    )
    return met


def cpu_seconds(side: Side, output: int) -> float:
    """Run a side once; return the CPU time of its process and their children."""
    side.before()
    process = subprocess.Popen(
        side.command, env=environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=output
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        text = os.pread(output, 1_000_000, 0).decode(errors="replace")
        sys.exit(f"{text}{side.name} failed with exit status {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def environment() -> dict[str, str]:
    """Return the environment for a measured process, which may write byte code."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def parser(description: str | None) -> argparse.ArgumentParser:
    """Return the parser of a benchmark, given its module's docstring."""
    return argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def positive(text: str) -> int:
    """Parse a positive integer for `argparse`."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive integer")
    return int(text)


def parse_rounds(description: str | None, default: int) -> int:
    """Return the number of rounds from the command line."""
    command = parser(description)
    command.add_argument(
        "rounds",
        nargs="?",
        type=positive,
        default=default,
        help=f"runs of each side (default: {default})",
    )
    rounds: int = command.parse_args().rounds
    return rounds


def script(name: str) -> str:
    """Return the path of a console script of this Python environment."""
    return str(Path(sys.executable).with_name(name))
