"""Search on Ray relative to plain processes: `python benchmarks/ray_search.py PROJECT`.

The project has the option `engine=ray`, prepared data and an environment. The cluster has two CPUs
of this machine; a network namespace (Linux, as root) keeps its ports from the network. The overhead
is what Ray adds to the wall time of two workers: at the start, and for each trial.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

TRIALS = (2, 8)
ROUNDS = 2
START_LIMIT, TRIAL_LIMIT = 30, 1
"""Seconds that Ray may add to a search, and to each trial."""
INSIDE = "MLPATH_BENCHMARK_INSIDE"
ADDRESS = "127.0.0.1:6379"
HEAD = ("start", "--head", "--num-cpus=2", "--node-ip-address=127.0.0.1", "--disable-usage-stats")


def search(project: Path, trials: int, folder: str, environment: dict[str, str]) -> float:
    """Return the seconds of a search with two workers in a new study."""
    storage = f"--storage=sqlite:///{folder}/{time.time_ns()}.db"
    program = project / ".venv" / "bin" / "search"
    start = time.monotonic()
    subprocess.run(
        [program, "boosting", f"--trials={trials}", "--workers=2", storage],
        cwd=project,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.monotonic() - start


def measure(project: Path) -> None:
    """Print the fastest times; exit with 1 if the overhead is above a limit."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    sides: dict[str, dict[str, str]] = {"processes": {}, "Ray": {"RAY_ADDRESS": ADDRESS}}
    overhead = []
    with TemporaryDirectory(prefix="ray-") as folder:
        ray = [str(project / ".venv/bin/ray"), *HEAD, f"--temp-dir={folder}/r"]
        subprocess.run(ray, check=True, stdout=subprocess.DEVNULL)
        for trials in TRIALS:
            seconds = {}
            for name, environment in sides.items():
                times = [search(project, trials, folder, environment) for _ in range(ROUNDS)]
                seconds[name] = min(times)
                spread = ", ".join(f"{value:.1f}" for value in times)
                print(f"{trials:2} trials, {name}: {seconds[name]:.1f} s ({spread})", flush=True)
            overhead.append(seconds["Ray"] - seconds["processes"])
    per_trial = (overhead[1] - overhead[0]) / (TRIALS[1] - TRIALS[0])
    print(
        f"Ray adds {overhead[0]:.1f} s to {TRIALS[0]} trials, {per_trial:.2f} s to each other one"
    )
    sys.exit(0 if overhead[0] <= START_LIMIT and per_trial <= TRIAL_LIMIT else 1)


def main() -> None:
    """Run the measurement in a namespace of its own."""
    if INSIDE in os.environ:
        measure(Path(sys.argv[1]).absolute())
    isolate = ["unshare", "--net", "--pid", "--fork", "--mount-proc", "--kill-child"]
    command = [*isolate, sys.executable, *sys.argv]
    sys.exit(subprocess.run(command, env={**os.environ, INSIDE: "1"}, check=False).returncode)


if __name__ == "__main__":
    main()
