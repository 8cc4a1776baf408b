"""Only an intact champion is loaded; every error says what to run."""

import json
from pathlib import Path
from typing import Any

import pytest

from late_flights.serving.champion import (
    MODEL_FILE,
    RECORD_FILE,
    Champion,
    ChampionError,
    fingerprint,
    load_champion,
    publish,
    sha256,
)

MODEL = b"a model"
REPRO, RESTORE = "uv run dvc repro", "git restore models/champion"


def make_record(model: bytes = MODEL) -> dict[str, Any]:
    lineage = {"git_commit": "c0ffee", "data_md5": "d", "lock_sha256": "l", "code_sha256": "s", "mlflow_run_id": "r"}
    return {"model": "boosting", "format": "onnx", "size_bytes": 7, "sha256": sha256(model), "lineage": lineage}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "models" / "champion"
    publish(folder, make_record(), MODEL)
    return folder


def test_publish_and_load(folder: Path) -> None:
    champion, model = load_champion(folder)
    assert champion.record == make_record()
    assert champion.lineage["git_commit"] == "c0ffee"
    assert model == MODEL
    assert [path.name for path in folder.parent.iterdir()] == ["champion"]


@pytest.mark.parametrize("name", [MODEL_FILE, RECORD_FILE])
def test_a_missing_file_is_an_error(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ChampionError, match=rf"{name} not found\. Run: {REPRO}"):
        load_champion(folder)


def test_a_changed_model_is_an_error(folder: Path) -> None:
    (folder / MODEL_FILE).write_bytes(MODEL + b"!")
    with pytest.raises(ChampionError, match=rf"SHA-256 differs .* Run: {RESTORE}"):
        load_champion(folder)


@pytest.mark.parametrize("content", [b"{", b"[]", b"{}", b"null", b"\xff\xfe{"])
def test_an_unreadable_record_is_an_error(folder: Path, content: bytes) -> None:
    (folder / RECORD_FILE).write_bytes(content)
    with pytest.raises(ChampionError, match=RESTORE):
        load_champion(folder)


def test_a_record_of_another_version_is_an_error() -> None:
    champion = Champion({"inputs": [], "model": "boosting"})
    champion.require(["inputs"])
    with pytest.raises(ChampionError, match=rf"champion\.json has no classes, examples; .* Run: {REPRO}"):
        champion.require(["inputs", "examples", "classes"])
    with pytest.raises(ChampionError, match=r"champion\.json has no nullable"):
        champion.require(["nullable"], {"name": "age"})


def test_a_record_without_lineage_is_an_error(folder: Path) -> None:
    record = {key: value for key, value in make_record().items() if key != "lineage"}
    (folder / RECORD_FILE).write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(ChampionError, match=rf"champion\.json has no lineage; .* Run: {REPRO}"):
        load_champion(folder)


def test_a_failed_publication_keeps_the_old_champion(folder: Path) -> None:
    with pytest.raises(TypeError):
        publish(folder, make_record(b"new") | {"metrics": object()}, b"new")
    assert load_champion(folder)[1] == MODEL
    assert [path.name for path in folder.parent.iterdir()] == ["champion"]


def test_after_an_interrupted_publication_nothing_is_served(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = Path.replace

    def interrupt(self: Path, target: Path) -> Path:
        if self.name == RECORD_FILE:
            raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        publish(folder, make_record(b"new"), b"new")
    with pytest.raises(ChampionError, match=RESTORE):
        load_champion(folder)


def test_the_fingerprint_ignores_commit_and_run() -> None:
    def changed(**lineage: str) -> str:
        record = make_record()
        return fingerprint(record | {"lineage": record["lineage"] | lineage})

    assert changed(git_commit="other", mlflow_run_id="other") == fingerprint(make_record())
    assert changed(data_md5="other") != fingerprint(make_record())
    assert fingerprint(make_record(b"new")) != fingerprint(make_record())
