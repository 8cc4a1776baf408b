"""`mlpath new-project` against `copier copy` from git: python benchmarks/new_project.py [ROUNDS].

Both render the same version of the template, Copier from the bundle at `SRC_PATH`. mlpath also
creates a git repository and its first commit; neither creates a lock file.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path

from measure import Side, compare, parse_rounds, script
from mlpath.template import store

if __name__ == "__main__":
    rounds = parse_rounds(__doc__, 15)
    with tempfile.TemporaryDirectory(prefix="mlpath-benchmark-") as scratch:
        os.environ["HOME"] = scratch
        Path(scratch, ".gitconfig").write_text("[user]\n\tname = A\n\temail = a@example.com\n")
        store.publish()
        ours, theirs = Path(scratch, "ours"), Path(scratch, "theirs")
        met = compare(
            Side(
                "mlpath new-project --defaults --no-lock",
                [script("mlpath"), "new-project", str(ours), "--defaults", "--no-lock"],
                partial(shutil.rmtree, ours, ignore_errors=True),
            ),
            Side(
                "copier copy --defaults",
                [
                    script("copier"), "copy", "--defaults", "--vcs-ref", store.CURRENT,
                    store.SRC_PATH, str(theirs),
                ],
                partial(shutil.rmtree, theirs, ignore_errors=True),
            ),
            at_most=0.9,
            rounds=rounds,
        )  # fmt: skip
    sys.exit(not met)
