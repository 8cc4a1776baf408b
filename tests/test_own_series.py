"""A project of a person's own series, lived in: checked, trained, served, cloned, replaced."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.e2e import Owner, get, serving
from test_dataset_series import every, visits, written, yearly
from test_own_data import ask

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def project(owner: Owner, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trained, and committed."""
    path = written(tmp_path_factory.mktemp("own"), visits())
    made = owner.create("own-visits", "--dataset", str(path))
    owner.uv("run", "dvc", "repro", cwd=made)
    owner.run("git", "add", "--all", cwd=made)
    owner.run("git", "commit", "--quiet", "--message", "Train the first champion", cwd=made)
    return made


def test_it_passes_its_own_checks(owner: Owner, project: Path) -> None:
    owner.uv("run", "ruff", "format", "--check", cwd=project)
    owner.uv("run", "ruff", "check", cwd=project)
    owner.uv("run", "mypy", cwd=project)
    assert " passed" in owner.uv("run", "pytest", "-q", cwd=project)


def test_it_forecasts_and_refuses_in_words(owner: Owner, project: Path) -> None:
    record = json.loads((project / "models/champion/champion.json").read_text(encoding="utf-8"))
    assert record["model"] != "baseline"
    with serving(owner, project) as address:
        assert get(f"{address}/health")[0] == 200
        rows: list[dict[str, Any]] = [
            {},
            {"today": "2022-06-01", "horizon": 3},
            {"horizon": 99},
            {"today": "soon"},
        ]
        whole, part, *refused = ask(owner, project, address, rows)
    assert len(whole["data"]) == 14
    assert whole["data"][0][0] == "2023-02-02", "the day after the last one"
    assert [row[0] for row in part["data"]] == ["2022-06-01", "2022-06-02", "2022-06-03"]
    for _, forecast, low, high, measured in part["data"]:
        assert low <= forecast <= high
        assert abs(forecast - measured) < 300
    assert "Days ahead must be a whole number from 1 to 14" in refused[0]
    assert "Today must be a date such as" in refused[1]


def test_a_clone_serves_without_the_data(owner: Owner, project: Path, tmp_path: Path) -> None:
    assert owner.run("git", "status", "--porcelain", cwd=project) == ""
    clone = tmp_path / "clone"
    owner.run("git", "clone", "--quiet", str(project), str(clone), cwd=tmp_path)
    owner.uv("sync", "--quiet", cwd=clone)
    assert not (clone / "data" / "raw").exists()
    with serving(owner, clone) as address:
        assert ask(owner, clone, address, [{}])[0]["data"][0][0] == "2023-02-02"


def test_a_file_that_changed_is_told_in_words(owner: Owner, project: Path) -> None:
    before = (project / "models/champion/model.onnx").read_bytes()
    rows = visits(760, seed=1)
    rows[7][1] = "many"
    rows = [[*row, "mood" if at == 0 else "good"] for at, row in enumerate(rows)]
    written(project / "data/raw", rows)
    said = owner.uv("run", "dvc", "repro", cwd=project, fails=True)
    assert "column 'mood' is not in schema.yaml" in said
    written(project / "data/raw", [row[:-1] for row in rows])
    said = owner.uv("run", "dvc", "repro", cwd=project, fails=True)
    assert "column 'Besuche' has values that are not numbers in 1 row(s): many" in said
    assert (project / "models/champion/model.onnx").read_bytes() == before
    rows[7][1] = "1250,0"
    written(project / "data/raw", [row[:-1] for row in rows])
    owner.uv("run", "dvc", "repro", cwd=project)
    assert (project / "models/champion/model.onnx").read_bytes() != before
    assert "up to date" in owner.uv("run", "dvc", "status", cwd=project)


@pytest.mark.parametrize(
    ("name", "rows", "first"),
    [("own-quarters", every(3, 120), "1980-Q1"), ("own-years", yearly(1500, 250), "1750")],
)
def test_longer_steps_are_forecast_too(
    owner: Owner, tmp_path: Path, name: str, rows: list[list[str]], first: str
) -> None:
    made = owner.create(name, "--dataset", str(written(tmp_path, rows)))
    owner.uv("run", "dvc", "repro", cwd=made)
    assert " passed" in owner.uv("run", "pytest", "-q", cwd=made)
    with serving(owner, made) as address:
        assert ask(owner, made, address, [{}])[0]["data"][0][0] == first
