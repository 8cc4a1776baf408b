"""Runs the program as `python -m mlpath`."""

from mlpath.cli import run

run()
