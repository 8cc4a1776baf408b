"""The lineage holds what is known, and None for the rest."""

import hashlib
import importlib
import json
import os
import subprocess
from pathlib import Path

import pytest

from which_library.paths import ProjectPaths
from which_library.serving.champion import sha256
from which_library.tracking import context, lineage
from which_library.tracking.context import LineageTags
from which_library.tracking.lineage import Lineage, current_lineage, find_commit

from ..conftest import DATA_MD5


def git(root: Path, *arguments: str) -> str:
    settings = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    settings += ["-c", "core.hooksPath=/dev/null"]
    process = subprocess.run(["git", *settings, *arguments], cwd=root, check=True, capture_output=True, text=True)
    return process.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> ProjectPaths:
    paths = ProjectPaths(tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "code.py").write_text("x = 42\n", encoding="utf-8")
    paths.params.write_text("seed: 1\n", encoding="utf-8")
    git(tmp_path, "init", "--quiet", "--template=")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message=first")
    return paths


def test_without_git_lock_and_data_nothing_is_known(repository: ProjectPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    current = current_lineage(repository)
    assert (current.git_commit, current.git_dirty, current.lock_sha256, current.data_md5) == (None,) * 4


def test_changed_parameters_are_dirty_and_reports_are_not(repository: ProjectPaths) -> None:
    repository.reports.mkdir()
    (repository.reports / "metrics.json").write_text("{}", encoding="utf-8")
    current = current_lineage(repository)
    assert current.git_commit == git(repository.root, "rev-parse", "HEAD")
    assert current.git_dirty is False
    repository.params.write_text("seed: 2\n", encoding="utf-8")
    assert current_lineage(repository).git_dirty is True


def commit(paths: ProjectPaths, message: str) -> str:
    git(paths.root, "add", ".")
    git(paths.root, "commit", "--quiet", "--allow-empty", f"--message={message}")
    return git(paths.root, "rev-parse", "HEAD")


@pytest.fixture
def trained(repository: ProjectPaths, monkeypatch: pytest.MonkeyPatch) -> ProjectPaths:
    """A repository in which `boosting` was trained with a parameter that is not committed, and is the champion."""
    pipeline = "stages: {train: {deps: [data/prepared, 'src/${item.model}.py']}}"
    (repository.root / "dvc.yaml").write_text(pipeline, encoding="utf-8")
    (repository.root / "src" / "boosting.py").write_text("y = 1\n", encoding="utf-8")
    commit(repository, "pipeline")
    repository.params.write_text("train: {seed: 1, boosting: {rate: 0.1}, mlp: {epochs: 1}}", encoding="utf-8")
    record = {"model": "boosting", "format": "onnx", "size_bytes": 1, "sha256": sha256(b"m")}
    record["lineage"] = vars(current_lineage(repository, "boosting"))
    repository.champion.mkdir(parents=True)
    (repository.champion / "champion.json").write_text(json.dumps(record), encoding="utf-8")
    (repository.champion / "model.onnx").write_bytes(b"m")
    monkeypatch.setattr(lineage, "ProjectPaths", lambda: repository)
    return repository


def test_the_commit_after_the_training_is_found(trained: ProjectPaths, capsys: pytest.CaptureFixture[str]) -> None:
    expected = commit(trained, "change boosting")
    (trained.root / "src" / "code.py").write_text("x = 1\n", encoding="utf-8")
    commit(trained, "change the page")
    lineage.main([])
    assert capsys.readouterr().out.strip() == expected


def test_other_models_do_not_matter(trained: ProjectPaths, capsys: pytest.CaptureFixture[str]) -> None:
    text = trained.params.read_text(encoding="utf-8")
    trained.params.write_text(text.replace("epochs: 1", "epochs: 2"), encoding="utf-8")
    expected = commit(trained, "change boosting and mlp")
    lineage.main([])
    assert capsys.readouterr().out.strip() == expected


def test_a_training_whose_inputs_are_in_no_commit(trained: ProjectPaths) -> None:
    text = trained.params.read_text(encoding="utf-8")
    trained.params.write_text(text.replace("rate: 0.1", "rate: 0.2"), encoding="utf-8")
    commit(trained, "change boosting again")
    with pytest.raises(SystemExit, match=r"no commit has .* uv run dvc repro --force"):
        lineage.main([])


def test_a_committed_training_names_its_commit(repository: ProjectPaths) -> None:
    assert find_commit(repository.root, "boosting", Lineage("c0ffee", False)) == "c0ffee"
    assert find_commit(repository.root, "boosting", Lineage("c0ffee", True)) is None


def test_the_lock_and_the_code_are_hashed(repository: ProjectPaths) -> None:
    (repository.root / "uv.lock").write_bytes(b"locked")
    assert current_lineage(repository).lock_sha256 == hashlib.sha256(b"locked").hexdigest()
    code = repository.root / "src" / "code.py"
    hashes = {current_lineage(repository).code_sha256}
    renamed = code.rename(code.with_name("renamed.py"))
    hashes.add(current_lineage(repository).code_sha256)
    renamed.write_text("x = 43\n", encoding="utf-8")
    hashes.add(current_lineage(repository).code_sha256)
    assert len(hashes) == 3


def test_the_data_hash_is_dvc_s(project: ProjectPaths) -> None:
    assert current_lineage(project).data_md5 == DATA_MD5


@pytest.mark.parametrize("known", [Lineage(), Lineage("c0ffee", False, None, "d", "c", "i"), Lineage("c0ffee", True)])
def test_tags_and_champion_json_hold_the_whole_lineage(known: Lineage) -> None:
    assert Lineage.from_tags(known.tags() | {"model": "boosting"}) == known
    assert Lineage.from_record(vars(known) | {"registry_version": 1}) == known


def test_every_mlflow_run_is_tagged_with_the_lineage() -> None:
    provider = LineageTags()
    assert provider.in_context()
    assert len(provider.tags()["lineage.code_sha256"]) == 64


def test_mlflow_uses_the_store_of_the_project_in_every_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in a notebook that only imports MLflow."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://server")
    importlib.reload(context)
    assert os.environ["MLFLOW_TRACKING_URI"] == "http://server"
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    importlib.reload(context)
    assert os.environ["MLFLOW_TRACKING_URI"] == ProjectPaths().store
