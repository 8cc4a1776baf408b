"""The lineage states what is known, and invents nothing."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from .conftest import DATA_MD5
from .package import Layout, lineage


def git(root: Path, *arguments: str) -> str:
    settings = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    settings += ["-c", "core.hooksPath=/dev/null"]
    return subprocess.run(
        ["git", *settings, *arguments], cwd=root, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "code.py").write_text("answer = 42\n", encoding="utf-8")
    layout.params.write_text("seed: 1\n", encoding="utf-8")
    git(tmp_path, "init", "--quiet", "--template=")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message=first")
    return layout


def test_nothing_known_is_none(tmp_path: Path) -> None:
    found = lineage.lineage_of(Layout(tmp_path))
    assert (found.git_commit, found.git_dirty, found.lock_sha256, found.data_md5) == (None, None, None, None)


def test_no_git_installed_is_no_crash(repository: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert lineage.lineage_of(repository).git_commit is None


def test_clean_commit(repository: Layout) -> None:
    found = lineage.lineage_of(repository)
    assert found.git_commit == git(repository.root, "rev-parse", "HEAD")
    assert found.git_dirty is False


def test_changed_parameter_is_dirty(repository: Layout) -> None:
    repository.params.write_text("seed: 2\n", encoding="utf-8")
    assert lineage.lineage_of(repository).git_dirty is True


def test_written_report_is_not_dirty(repository: Layout) -> None:
    repository.reports.mkdir()
    (repository.reports / "metrics.json").write_text("{}", encoding="utf-8")
    assert lineage.lineage_of(repository).git_dirty is False


def test_lock_is_hashed(repository: Layout) -> None:
    (repository.root / "uv.lock").write_bytes(b"locked")
    assert lineage.lineage_of(repository).lock_sha256 == hashlib.sha256(b"locked").hexdigest()


def test_changed_and_renamed_code_is_another_code(repository: Layout) -> None:
    before = lineage.lineage_of(repository).code_sha256
    code = repository.root / "src" / "code.py"
    code.rename(code.with_name("renamed.py"))
    renamed = lineage.lineage_of(repository).code_sha256
    code.with_name("renamed.py").write_text("answer = 43\n", encoding="utf-8")
    assert len({before, renamed, lineage.lineage_of(repository).code_sha256}) == 3


def test_data_hash_is_that_of_dvc(project: Layout) -> None:
    assert lineage.lineage_of(project).data_md5 == DATA_MD5
