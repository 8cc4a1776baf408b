"""`mlpath doctor`: what is missing, and the command that fixes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conftest import mlpath
from mlpath import doctor


@pytest.fixture(autouse=True)
def fake_index(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the check of the package index, except in its own test."""
    if "index" not in request.node.name:
        check = doctor.Check("package index", ok=True, needed=True, found="answers", fix="")
        monkeypatch.setattr(doctor, "_index", lambda: check)


def run_doctor() -> tuple[int, dict[str, dict[str, Any]]]:
    result = mlpath("doctor", "--json")
    return result.exit_code, {item["name"]: item for item in json.loads(result.stdout)}


def test_exits_with_0_if_nothing_is_missing() -> None:
    code, checks = run_doctor()
    assert code == 0
    assert all(item["ok"] for item in checks.values() if item["needed"])
    assert checks["git identity"]["found"] == "Ada Lovelace <ada@example.com>"
    text = mlpath("doctor")
    assert text.exit_code == 0
    assert all(name in text.output for name in checks)


def test_missing_git_is_an_error_with_the_install_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apt = tmp_path / "apt-get"
    apt.write_text("#!/bin/sh\n")
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    code, checks = run_doctor()
    assert code == 1
    assert not checks["git"]["ok"]
    assert checks["git"]["fix"].endswith("apt-get install -y git")
    output = mlpath("doctor").output
    assert "missing  git" in output
    assert checks["git"]["fix"] in output


def test_old_git_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "git"
    old.write_text("#!/bin/sh\necho git version 2.17.1\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    _, checks = run_doctor()
    assert checks["git"]["found"] == "2.17.1, older than 2.38"


def test_missing_git_identity_is_not_an_error(home: Path) -> None:
    (home / ".gitconfig").unlink()
    code, checks = run_doctor()
    assert code == 0
    assert not checks["git identity"]["ok"]
    assert "git config --global user.name" in checks["git identity"]["fix"]


def test_unwritable_home_is_an_error(home: Path) -> None:
    (home / ".local").write_text("a file, where a folder should be")
    code, checks = run_doctor()
    assert code == 1
    assert not checks["writable home"]["ok"]


def test_full_disk_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_DISK_BYTES", 10**18)
    code, checks = run_doctor()
    assert code == 1
    assert "GB free here" in checks["disk space"]["found"]


def test_unreachable_index_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_FIND_LINKS", "")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    code, checks = run_doctor()
    assert code == 1
    assert checks["package index"]["found"] == "does not answer"
    assert "UV_DEFAULT_INDEX" in checks["package index"]["fix"]
