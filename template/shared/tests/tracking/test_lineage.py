"""The lineage holds what is known, and None for the rest."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from project_package.paths import ProjectPaths
from project_package.tracking.context import LineageTags
from project_package.tracking.lineage import Lineage, current_lineage

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


def test_without_git_lock_and_data_nothing_is_known(tmp_path: Path) -> None:
    lineage = current_lineage(ProjectPaths(tmp_path))
    assert (lineage.git_commit, lineage.git_dirty, lineage.lock_sha256, lineage.data_md5) == (None,) * 4


def test_git_may_be_missing(repository: ProjectPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert current_lineage(repository).git_commit is None


def test_a_clean_commit(repository: ProjectPaths) -> None:
    lineage = current_lineage(repository)
    assert lineage.git_commit == git(repository.root, "rev-parse", "HEAD")
    assert lineage.git_dirty is False


def test_changed_parameters_are_dirty_and_reports_are_not(repository: ProjectPaths) -> None:
    repository.reports.mkdir()
    (repository.reports / "metrics.json").write_text("{}", encoding="utf-8")
    assert current_lineage(repository).git_dirty is False
    repository.params.write_text("seed: 2\n", encoding="utf-8")
    assert current_lineage(repository).git_dirty is True


def test_the_lock_is_hashed(repository: ProjectPaths) -> None:
    (repository.root / "uv.lock").write_bytes(b"locked")
    assert current_lineage(repository).lock_sha256 == hashlib.sha256(b"locked").hexdigest()


def test_renamed_and_changed_code_has_another_hash(repository: ProjectPaths) -> None:
    code = repository.root / "src" / "code.py"
    hashes = {current_lineage(repository).code_sha256}
    renamed = code.rename(code.with_name("renamed.py"))
    hashes.add(current_lineage(repository).code_sha256)
    renamed.write_text("x = 43\n", encoding="utf-8")
    hashes.add(current_lineage(repository).code_sha256)
    assert len(hashes) == 3


def test_the_data_hash_is_dvc_s(project: ProjectPaths) -> None:
    assert current_lineage(project).data_md5 == DATA_MD5


@pytest.mark.parametrize("lineage", [Lineage(), Lineage("c0ffee", False, None, "d", "c"), Lineage("c0ffee", True)])
def test_tags_and_champion_json_hold_the_whole_lineage(lineage: Lineage) -> None:
    assert Lineage.from_tags(lineage.tags() | {"model": "boosting"}) == lineage
    assert Lineage.from_record(vars(lineage) | {"registry_version": 1}) == lineage


def test_every_mlflow_run_is_tagged_with_the_lineage() -> None:
    provider = LineageTags()
    assert provider.in_context()
    assert len(provider.tags()["lineage.code_sha256"]) == 64
