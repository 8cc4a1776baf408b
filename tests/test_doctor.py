"""`mlpath doctor`: what is missing, and the command that mends it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conftest import mlpath
from mlpath.system import doctor


@pytest.fixture(autouse=True)
def index_answers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the index alone be made up: whether it answers is not for these tests to say."""
    if "index" not in request.node.name:
        found = doctor.Check("package index", ok=True, needed=True, found="answers", fix="")
        monkeypatch.setattr(doctor, "_index", lambda: found)


def findings() -> tuple[int, dict[str, dict[str, Any]]]:
    result = mlpath("doctor", "--json")
    return result.exit_code, {item["name"]: item for item in json.loads(result.stdout)}


def test_all_is_well_here() -> None:
    code, found = findings()
    assert code == 0
    assert all(item["ok"] for item in found.values() if item["needed"])
    assert found["git identity"]["found"] == "Ada Lovelace <ada@example.com>"
    plain = mlpath("doctor")
    assert plain.exit_code == 0
    assert all(name in plain.output for name in found)


def test_without_git_it_fails_and_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apt = tmp_path / "apt-get"
    apt.write_text("#!/bin/sh\n")
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    code, found = findings()
    assert code == 1
    assert not found["git"]["ok"]
    assert found["git"]["fix"].endswith("apt-get install -y git")
    output = mlpath("doctor").output
    assert "missing  git" in output
    assert found["git"]["fix"] in output


def test_an_old_git_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "git"
    old.write_text("#!/bin/sh\necho git version 2.17.1\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    _, found = findings()
    assert found["git"]["found"] == "2.17.1, older than 2.28"


def test_a_missing_identity_is_no_failure(home: Path) -> None:
    (home / ".gitconfig").unlink()
    code, found = findings()
    assert code == 0
    assert not found["git identity"]["ok"]
    assert "git config --global user.name" in found["git identity"]["fix"]


def test_a_home_that_cannot_be_written(home: Path) -> None:
    (home / ".local").write_text("a file, where a folder should be")
    code, found = findings()
    assert code == 1
    assert not found["writable home"]["ok"]


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_DISK_BYTES", 10**18)
    code, found = findings()
    assert code == 1
    assert "GB free here" in found["disk space"]["found"]


def test_an_index_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_FIND_LINKS", "")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    code, found = findings()
    assert code == 1
    assert found["package index"]["found"] == "does not answer"
    assert "UV_DEFAULT_INDEX" in found["package index"]["fix"]
