"""`python -m mlpath` is `mlpath`."""

from mlpath.cli import run

run()
