"""`mlpath --help` against `python -c "import click"`: python benchmarks/help.py."""

from __future__ import annotations

import sys

from measure import Side, compare, script

if __name__ == "__main__":
    met = compare(
        Side("mlpath --help", [script("mlpath"), "--help"]),
        Side('python -c "import click"', [sys.executable, "-c", "import click"]),
        at_most=1.3,
        rounds=40,
    )
    sys.exit(not met)
