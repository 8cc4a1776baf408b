"""The champion is served whole and untouched, or not at all; and the reason comes with its remedy."""

from pathlib import Path
from typing import Any

import pytest

from .package import champion

MODEL = b"a model"
REPRO, RESTORE = "uv run dvc repro", "git restore models/champion"


def record_for(model: bytes = MODEL) -> dict[str, Any]:
    lineage = {"git_commit": "c0ffee", "data_md5": "d", "lock_sha256": "l", "code_sha256": "s", "mlflow_run_id": "r"}
    return {"model": "shallow", "sha256": champion.sha256(model), "lineage": lineage}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "models" / "champion"
    champion.publish(place, record_for(), MODEL)
    return place


def test_round_trip(folder: Path) -> None:
    loaded, model = champion.load_champion(folder)
    assert loaded.record == record_for()
    assert loaded.lineage["git_commit"] == "c0ffee"
    assert model == MODEL


def test_nothing_is_left_beside_it(folder: Path) -> None:
    assert [path.name for path in folder.parent.iterdir()] == ["champion"]


@pytest.mark.parametrize("name", [champion.MODEL_FILE, champion.RECORD_FILE])
def test_missing_file_says_train(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(champion.ChampionError, match=REPRO) as caught:
        champion.load_champion(folder)
    assert name in str(caught.value)


def test_missing_folder_says_train(tmp_path: Path) -> None:
    with pytest.raises(champion.ChampionError, match=REPRO):
        champion.load_champion(tmp_path / "nowhere")


def test_tampered_model_is_refused(folder: Path) -> None:
    (folder / champion.MODEL_FILE).write_bytes(MODEL + b" with a surprise")
    with pytest.raises(champion.ChampionError, match=RESTORE) as caught:
        champion.load_champion(folder)
    assert "SHA-256" in str(caught.value)


@pytest.mark.parametrize("text", ["{", "[]", "{}", "null", "\N{SNOWMAN}"])
def test_unreadable_record_says_restore(folder: Path, text: str) -> None:
    (folder / champion.RECORD_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(champion.ChampionError, match=RESTORE):
        champion.load_champion(folder)


def test_record_in_another_encoding_says_restore(folder: Path) -> None:
    (folder / champion.RECORD_FILE).write_bytes(b"\xff\xfe{")
    with pytest.raises(champion.ChampionError, match=RESTORE):
        champion.load_champion(folder)


def test_failed_publication_leaves_the_old_champion(folder: Path) -> None:
    with pytest.raises(TypeError):
        champion.publish(folder, record_for(b"new") | {"metrics": object()}, b"new")
    assert champion.load_champion(folder)[1] == MODEL
    assert [path.name for path in folder.parent.iterdir()] == ["champion"]


def test_half_a_publication_serves_nothing_wrong(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = Path.replace

    def crash_at_the_record(self: Path, target: Path) -> Path:
        if self.name == champion.RECORD_FILE:
            raise OSError("the power is gone")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", crash_at_the_record)
    with pytest.raises(OSError, match="power"):
        champion.publish(folder, record_for(b"new"), b"new")
    with pytest.raises(champion.ChampionError, match=RESTORE):
        champion.load_champion(folder)


def test_fingerprint_is_of_what_decides() -> None:
    same = record_for()
    same["lineage"] |= {"git_commit": "another", "mlflow_run_id": "another"}
    assert champion.fingerprint(same) == champion.fingerprint(record_for())
    other = record_for()
    other["lineage"] |= {"data_md5": "another"}
    assert champion.fingerprint(other) != champion.fingerprint(record_for())
    assert champion.fingerprint(record_for(b"new")) != champion.fingerprint(record_for())
