"""The command `challenge`: a former champion is replaced only by a better one."""

import shutil
from pathlib import Path

import pytest

from late_flights.evaluation.candidate import Candidate
from late_flights.paths import ProjectPaths
from late_flights.pipeline import challenge
from late_flights.serving.champion import load_champion, publish, sha256

from ..conftest import MODELS


def publish_model(paths: ProjectPaths, name: str, folder: Path) -> Path:
    """Write a candidate to a folder as a champion."""
    exported = Candidate.read(paths.candidate(name)).exported
    record = load_champion(paths.champion)[0].record
    publish(folder, record | {"model": name, "sha256": sha256(exported)}, exported)
    return folder


@pytest.fixture
def copy(project: ProjectPaths, tmp_path: Path) -> ProjectPaths:
    """A copy of the project whose champion is the simplest model."""
    paths = ProjectPaths(tmp_path / "copy")
    for path in (project.params, project.schema):
        paths.root.mkdir(exist_ok=True)
        shutil.copy(path, paths.root)
    shutil.copytree(project.prepared, paths.prepared)
    publish_model(project, MODELS[0], paths.champion)
    return paths


def test_the_same_model_is_refused(project: ProjectPaths, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        challenge.main([str(project.champion)], project)
    assert ended.value.code == challenge.EXIT_REFUSED
    assert "the same model as before" in capsys.readouterr().out


def test_the_better_model_wins_on_the_same_rows(
    project: ProjectPaths, copy: ProjectPaths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    best = publish_model(project, MODELS[1], tmp_path / "best")
    with pytest.raises(SystemExit) as ended:
        challenge.main([str(best)], copy)
    assert ended.value.code == challenge.EXIT_REFUSED
    assert "is not clearly better" in capsys.readouterr().out
    shutil.copytree(copy.champion, tmp_path / "simplest")
    publish_model(project, MODELS[1], copy.champion)
    won, report = challenge.compare_champions(copy, tmp_path / "simplest")
    assert won == ("The new champion is better" in report)
    assert f"| former: {MODELS[0]}, version" in report.replace("\\", "")
    assert f"| new: {MODELS[1]}, version" in report.replace("\\", "")


def test_a_model_that_is_missing_or_does_not_fit_is_explained(copy: ProjectPaths, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"nowhere has no champion\.json; name a folder"):
        challenge.main([str(tmp_path / "nowhere")], copy)
    record = load_champion(copy.champion)[0].record
    publish(tmp_path / "broken", record | {"sha256": sha256(b"broken")}, b"broken")
    with pytest.raises(SystemExit, match="does not predict for these data"):
        challenge.main([str(tmp_path / "broken")], copy)
