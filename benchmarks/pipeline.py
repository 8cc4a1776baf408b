"""`dvc repro` against its stages called in one process: python benchmarks/pipeline.py [ROUNDS].

Both start from what git tracks: no data, no cache, no dvc.lock, no MLflow store. DVC adds a process
for each stage, with its imports, and hashes dependencies and outputs.
"""

from __future__ import annotations

import os
import sys
import tempfile
from functools import partial
from pathlib import Path

from measure import Side, compare, parse_rounds, within
from project import make, start_over

STAGES = """\
from demo.config import load_params
from demo.paths import ProjectPaths
from demo.pipeline import evaluate, explore, fetch, pitfalls, prepare, report, train
fetch.main()
prepare.main()
explore.main()
for model in load_params(ProjectPaths().params).train.models:
    train.main(model)
pitfalls.main()
evaluate.main()
report.main()
"""

if __name__ == "__main__":
    rounds = parse_rounds(__doc__, 5)
    with tempfile.TemporaryDirectory(prefix="mlpath-benchmark-") as scratch:
        project = make(Path(scratch))
        os.chdir(project)
        fresh = partial(start_over, project)
        programs = project / ".venv" / "bin"
        repro = [str(programs / "dvc"), "repro"]
        met = compare(
            Side("dvc repro", repro, fresh),
            Side("the same stages, one process", [str(programs / "python"), "-c", STAGES], fresh),
            at_most=1.6,
            rounds=rounds,
        )
        # The first run, which is not measured, creates the outputs.
        met &= within(Side("dvc repro, nothing to do", repro), at_most=1.0, rounds=rounds)
        os.chdir(os.path.sep)
    sys.exit(not met)
