"""The commands `promote` and `rollback`: files, alias and log change together, or nothing changes."""

import csv
import json
import re
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from mlflow.tracking import MlflowClient

from digit_reader.evaluation.candidate import Candidate
from digit_reader.paths import ProjectPaths
from digit_reader.pipeline import promote
from digit_reader.pipeline.monitor import champion_since
from digit_reader.serving.champion import load_champion, publish, sha256
from digit_reader.tracking import registry, runs
from digit_reader.tracking.promotions import LOG, append_promotion, describe_replacement
from digit_reader.tracking.registry import ALIAS, REGISTERED_MODEL
from digit_reader.tracking.versions import committed, find_version

from ..conftest import MODELS


def git(root: Path, *arguments: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false", "-c", "core.hooksPath="]
    return subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True, text=True).stdout


def commit(root: Path, message: str) -> None:
    git(root, "add", "models")
    git(root, "commit", "--quiet", "--message", message)


def served(paths: ProjectPaths) -> int:
    """Return the version in the lineage of the served champion."""
    return int(load_champion(paths.champion)[0].lineage["registry_version"])


@pytest.fixture(scope="module")
def history(project: ProjectPaths, tmp_path_factory: pytest.TempPathFactory) -> ProjectPaths:
    """A git repository with the champion of the project, whose version is called 11, and another one as version 12."""
    paths = ProjectPaths(tmp_path_factory.mktemp("history"))
    shutil.copytree(project.champion, paths.champion)
    shutil.copy(project.root / "mlflow.db", paths.root)
    git(paths.root, "init", "--quiet")
    record = load_champion(paths.champion)[0].record
    other = next(name for name in MODELS if name != record["model"])
    exported = Candidate.read(project.candidate(other)).exported
    changes = {"model": other, "sha256": sha256(exported)}
    for number, (entry, model) in enumerate(
        [(record, load_champion(paths.champion)[1]), (record | changes, exported)], start=11
    ):
        lineage = record["lineage"] | {"registry_version": number, "mlflow_run_id": str(number)}
        publish(paths.champion, entry | {"lineage": lineage}, model)
        commit(paths.root, f"champion {number}")
    return paths


@pytest.fixture
def paths(history: ProjectPaths, tmp_path: Path) -> ProjectPaths:
    shutil.copytree(history.root, tmp_path, dirs_exist_ok=True)
    return ProjectPaths(tmp_path)


def test_rolling_back_changes_files_alias_and_log(paths: ProjectPaths, capsys: pytest.CaptureFixture[str]) -> None:
    promote.rollback([], paths)
    assert served(paths) == 11
    output = capsys.readouterr().out
    assert "version 11, is the champion; before: " in output
    assert "The next `uv run dvc repro` evaluates all models again" in output
    with (paths.root / LOG).open(encoding="utf-8", newline="") as file:
        (line,) = csv.DictReader(file)
    record, model = load_champion(paths.champion)
    assert (line["action"], line["from_version"], line["to_version"]) == ("rollback", "12", "11")
    assert line["to_sha256"] == record.record["sha256"]
    alias = MlflowClient().get_model_version_by_alias(REGISTERED_MODEL, ALIAS)
    run = runs.find_run(model)
    assert run
    assert alias.run_id == run.info.run_id

    with pytest.raises(SystemExit, match="models/champion has uncommitted changes, so nothing changed"):
        promote.rollback([], paths)
    commit(paths.root, "rollback")
    with pytest.raises(SystemExit, match="no champion before this one"):
        promote.rollback([], paths)

    promote.main(["12"], paths)
    assert served(paths) == 12
    commit(paths.root, "promote")
    promote.rollback([], paths)
    assert served(paths) == 11
    assert len((paths.root / LOG).read_text(encoding="utf-8").splitlines()) == 4


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("7", "no champion with version or commit 7, so nothing changed; versions in git: 11, 12"),
        ("last", "no champion with version or commit last, so nothing changed"),
        ("a" * 7, "no champion with version or commit aaaaaaa, so nothing changed"),
        ("12", "version 12 is the champion already, so nothing changed"),
    ],
)
def test_other_versions_change_nothing(paths: ProjectPaths, version: str, message: str) -> None:
    with pytest.raises(SystemExit, match=message):
        promote.main([version], paths)
    assert served(paths) == 12
    assert not git(paths.root, "status", "--porcelain", "models")


def test_a_version_of_two_champions_is_chosen_by_its_commit(paths: ProjectPaths) -> None:
    """As after a training on another machine, whose registry begins at 1 again."""
    champion, model = load_champion(paths.champion)
    lineage = champion.lineage | {"registry_version": 11}
    publish(paths.champion, champion.record | {"lineage": lineage}, model)
    commit(paths.root, "champion 11 of another machine")
    with pytest.raises(SystemExit, match="version 11 is that of several champions") as refused:
        promote.main(["11"], paths)
    older, newer = re.findall(r"(\w{12}) \((\w+)\)", str(refused.value))
    assert older[1] != newer[1] == champion.record["model"]
    promote.main([older[0]], paths)
    assert load_champion(paths.champion)[0].record["model"] == older[1]


def test_a_canary_leaves_champion_alias_and_log(paths: ProjectPaths, capsys: pytest.CaptureFixture[str]) -> None:
    promote.main(["11", "--canary"], paths)
    assert "CANARY=11:0.1 uv run demo" in capsys.readouterr().out
    assert load_champion(paths.canary)[0].lineage["registry_version"] == 11
    assert served(paths) == 12
    assert not (paths.root / LOG).exists()
    with pytest.raises(SystemExit, match="version 12 is the same model as the champion, so nothing changed"):
        promote.main(["12", "--canary"], paths)


def test_files_that_can_t_be_written_leave_the_alias(paths: ProjectPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(promote, "publish", fail)
    followed: list[ProjectPaths] = []
    monkeypatch.setattr(registry, "follow_champion", followed.append)
    with pytest.raises(OSError, match="no space left"):
        promote.rollback([], paths)
    assert followed == [paths]
    assert served(paths) == 12
    assert not (paths.root / LOG).exists()


def test_a_version_that_git_lacks_is_taken_from_the_registry(project: ProjectPaths, paths: ProjectPaths) -> None:
    runs.connect(project)
    version = load_champion(project.champion)[0].lineage["registry_version"]
    promote.main([str(version)], paths)
    for path in project.champion.iterdir():
        assert (paths.champion / path.name).read_bytes() == path.read_bytes()


def test_without_git_there_is_no_history(
    project: ProjectPaths, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert list(committed(project.root)) == []
    with pytest.raises(SystemExit, match="no champion before this one"):
        promote.rollback([], project)


def test_a_training_that_replaces_a_promoted_champion_says_so(paths: ProjectPaths) -> None:
    promoted, other = find_version(paths, "11").record, find_version(paths, "12").record
    log = paths.root / LOG
    assert describe_replacement(log, promoted, other) == ""
    promote.rollback([], paths)
    assert "this replaces version 11, to which rollback returned" in describe_replacement(log, promoted, other)
    assert describe_replacement(log, promoted, promoted) == ""
    assert describe_replacement(log, other, promoted) == ""


def test_a_champion_of_an_older_release_has_no_reference(paths: ProjectPaths) -> None:
    (snapshot, *_) = committed(paths.root)
    older = type(snapshot)({name: content for name, content in snapshot.files.items() if name != "reference.json"})
    promote.replace_reference(paths.champion, older)
    assert not (paths.champion / "reference.json").exists()
    assert json.loads(older.files["champion.json"]) == older.record


def test_a_champion_is_the_champion_since_its_promotion(project: ProjectPaths, tmp_path: Path) -> None:
    champion, _ = load_champion(project.champion)
    paths, log = ProjectPaths(tmp_path), tmp_path / "models" / "promotions.csv"
    log.parent.mkdir()
    evaluated = datetime.fromisoformat(champion.lineage["evaluated_at"])
    assert champion_since(paths, champion) == evaluated
    append_promotion(log, ("promote", 1, 2, "", champion.record["sha256"]))
    assert champion_since(paths, champion) >= evaluated
    assert champion_since(paths, champion).isoformat() in log.read_text(encoding="utf-8")
    append_promotion(log, ("rollback", 2, 1, champion.record["sha256"], ""))
    assert champion_since(paths, champion) == evaluated
