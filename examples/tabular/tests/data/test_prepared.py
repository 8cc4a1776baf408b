"""Reading what `prepare` wrote."""

import shutil
from pathlib import Path

import pytest

from late_flights.data.prepared import read_prepared
from late_flights.errors import UserError
from late_flights.paths import ProjectPaths


def test_a_project_that_never_ran_is_an_error(prepared_project: ProjectPaths, tmp_path: Path) -> None:
    shutil.copy(prepared_project.schema, tmp_path)
    with pytest.raises(UserError, match=r"data/prepared/ not found; create it with: uv run dvc repro prepare"):
        read_prepared(ProjectPaths(tmp_path))
