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

from measure import Side, compare, rounds_asked, within
from project import make, start_over

STAGES = """\
from demo.pipeline import evaluate, fetch, prepare, report, train
fetch.main()
prepare.main()
train.main("baseline")
train.main("boosting")
evaluate.main()
report.main()
"""

if __name__ == "__main__":
    rounds = rounds_asked(__doc__, 5)
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
