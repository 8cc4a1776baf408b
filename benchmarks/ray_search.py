"""Search by two workers, and on Ray: `python benchmarks/ray_search.py PROJECT`.

The project has the option `engine=ray`, prepared data and an environment; a trial should take
seconds, as with the default data. The sides run in turn. Compared are medians of wall times: two
processes with one, which is the gain of a worker, and two workers on a Ray cluster with two
processes, which is the overhead of Ray. A small and a large search separate the start from the
trials. The cluster has two CPUs of this machine; a network namespace (Linux, as root) keeps its
ports from the network.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

TRIALS = (2, 8)
ROUNDS = 3
START_LIMIT, TRIAL_LIMIT = 30, 1
"""Seconds that Ray may add to a search, and to each trial."""
WORKERS_LIMIT = 0.75
"""Time of a further trial with two processes, relative to one."""
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
    """Print the median times; exit with 1 if one is above its limit."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    times: dict[tuple[str, int], list[float]] = {
        (side, trials): [] for side in SIDES for trials in TRIALS
    }
    with TemporaryDirectory(prefix="ray-") as folder:
        ray = [str(project / ".venv/bin/ray"), *HEAD, f"--temp-dir={folder}/r"]
        subprocess.run(ray, check=True, stdout=subprocess.DEVNULL)
        for _ in range(ROUNDS):
            for (side, trials), seconds in times.items():
                seconds.append(search(project, trials, folder, side))
                print(f"{side}, {trials} trials: {seconds[-1]:.1f} s", flush=True)
    medians = {key: median(seconds) for key, seconds in times.items()}
    few, many = TRIALS
    each = {side: (medians[side, many] - medians[side, few]) / (many - few) for side in SIDES}
    for side in SIDES:
        print(
            f"{side}: {few} trials {medians[side, few]:.1f} s, {many} trials "
            f"{medians[side, many]:.1f} s, {each[side]:.2f} s for each further one"
        )
    gain = each["two processes"] / each["one process"]
    whole = medians["two processes", many] / medians["one process", many]
    start = medians["Ray", few] - medians["two processes", few]
    per_trial = each["Ray"] - each["two processes"]
    print(f"two processes relative to one: {whole:.2f}; {gain:.2f} for each further trial")
    print(f"Ray adds {start:.1f} s to {few} trials, {per_trial:.2f} s to each further one")
    met = start <= START_LIMIT and per_trial <= TRIAL_LIMIT and gain <= WORKERS_LIMIT
    sys.exit(0 if met else 1)


def main() -> None:
    """Run the measurement in a namespace of its own."""
    if INSIDE in os.environ:
        measure(Path(sys.argv[1]).absolute())
    isolate = ["unshare", "--net", "--pid", "--fork", "--mount-proc", "--kill-child"]
    command = [*isolate, sys.executable, *sys.argv]
    sys.exit(subprocess.run(command, env={**os.environ, INSIDE: "1"}, check=False).returncode)


if __name__ == "__main__":
    main()
