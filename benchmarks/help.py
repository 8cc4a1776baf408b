"""`mlpath --help` against `python -c "import click"`: python benchmarks/help.py [ROUNDS]."""

from __future__ import annotations

import sys

from measure import Side, compare, parse_rounds, script

if __name__ == "__main__":
    rounds = parse_rounds(__doc__, 40)
    met = compare(
        Side("mlpath --help", [script("mlpath"), "--help"]),
        Side('python -c "import click"', [sys.executable, "-c", "import click"]),
        at_most=1.3,
        rounds=rounds,
    )
    sys.exit(not met)
