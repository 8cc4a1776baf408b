"""The notebook runs from top to bottom on the splits of a project."""

import importlib.util
from pathlib import Path

import pytest

from project_package.paths import ProjectPaths

marimo = pytest.importorskip("marimo", reason="needs marimo: uv run --group notebook pytest")

NOTEBOOK = Path(__file__).resolve().parents[1] / "notebooks" / "explore.py"


def test_every_cell_runs(prepared_project: ProjectPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("project_package.paths.ProjectPaths", lambda: prepared_project)
    specification = importlib.util.spec_from_file_location("explore", NOTEBOOK)
    assert specification
    assert specification.loader
    notebook = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(notebook)
    outputs, _ = notebook.app.run()
    shown = [output for output in outputs if output is not None]
    assert len(shown) >= 3
