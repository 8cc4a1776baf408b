"""Profile a data set and infer a project: detect format, dialect, profile, infer, report."""

from __future__ import annotations

from mlpath.dataset.inspection import inspect
from mlpath.dataset.results import MAX_PROJECT_ROWS, Column, DatasetProfile, ReadOptions

__all__ = ["MAX_PROJECT_ROWS", "Column", "DatasetProfile", "ReadOptions", "inspect"]
