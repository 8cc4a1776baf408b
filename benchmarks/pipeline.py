"""`dvc repro` against its stages in one process: python benchmarks/pipeline.py [ROUNDS].

Both start from the tracked files: no data, no DVC cache or lock, no MLflow database. DVC adds a
process per stage, with its imports, and the hashes of dependencies and outputs.
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
from demo import evaluate, fetch, prepare, report, train
fetch.main()
prepare.main()
train.main("baseline")
train.main("shallow")
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
            at_most=1.8,
            rounds=rounds,
        )
        # The first run, which is not measured, builds everything.
        met &= within(Side("dvc repro, nothing to do", repro), at_most=1.0, rounds=rounds)
        os.chdir(os.path.sep)
    sys.exit(not met)
