"""Looks at a person's own data and says what can be made of it."""

from __future__ import annotations

from mlpath.dataset.findings import Column, Findings, Reading
from mlpath.dataset.inspection import inspect

__all__ = ["Column", "Findings", "Reading", "inspect"]
