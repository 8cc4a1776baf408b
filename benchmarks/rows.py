"""Time and memory of training against rows: `python benchmarks/rows.py PROJECT`, for docs/scale.md.

Fits two models of scikit-learn, as tables use them, on random rows of 30 columns, each in a process
of its own with one thread. The target is a time that grows no faster than the rows.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROWS = (10_000, 100_000, 1_000_000)
MODELS = {
    "logistic_regression": "make_pipeline(StandardScaler(), LogisticRegression(max_iter=300))",
    "boosting": (
        "HistGradientBoostingClassifier(max_iter=200, learning_rate=0.05, min_samples_leaf=5)"
    ),
}
PROGRAM = """
import resource, time
import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
rng = np.random.default_rng(0)
x = pd.DataFrame(rng.normal(size=({rows}, 30))).add_prefix("c")
y = (x.to_numpy() @ rng.normal(size=30) + rng.normal(size={rows}) > 0).astype(int)
start = time.process_time()
{model}.fit(x, y)
print(time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def measure(python: Path, model: str, rows: int) -> tuple[float, float]:
    """Return the seconds of CPU time of a training, and the megabytes of its process."""
    done = subprocess.run(
        [python, "-c", PROGRAM.format(rows=rows, model=MODELS[model])],
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, megabytes = map(float, done.stdout.split())
    return seconds, megabytes


def main() -> None:
    """Print each training; exit with 1 if the time grows faster than the rows."""
    python = Path(sys.argv[1]) / ".venv" / "bin" / "python"
    linear = True
    for model in MODELS:
        seconds = []
        for rows in ROWS:
            time, megabytes = measure(python, model, rows)
            seconds.append(time)
            print(f"{model}: {rows} rows, {time:.1f} s, {megabytes:.0f} MB", flush=True)
        linear &= seconds[-1] / seconds[0] <= ROWS[-1] / ROWS[0]
    sys.exit(0 if linear else 1)


if __name__ == "__main__":
    main()
