"""The champion: the model that serves, with the record of where it came from. Standard library only."""

import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RECORD_FILE = "champion.json"
MODEL_FILE = "model.onnx"


class ChampionError(Exception):
    """There is no model that may be served; the message says why and what to do."""


def of_another_make(unsaid: str) -> ChampionError:
    """What to raise where a record lacks what this code reads from it."""
    return ChampionError(
        f"The model was made by another version of this code: its record says nothing of {unsaid}. "
        "Run: uv run dvc repro"
    )


@dataclass(frozen=True)
class Champion:
    """The record beside the model: format, hash, inputs, metrics, decision and lineage."""

    record: dict[str, Any]

    @property
    def lineage(self) -> dict[str, Any]:
        """Git commit, lock hash, data hash, MLflow run and registry version."""
        lineage: dict[str, Any] = self.record["lineage"]
        return lineage


def sha256(data: bytes) -> str:
    """The SHA-256 of `data`, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def load_champion(folder: Path) -> tuple[Champion, bytes]:
    """The record and the model's bytes, once the bytes have the hash that the record states.

    Raises:
        ChampionError: a file is missing or unreadable, or the model is not the one that was evaluated.
    """
    try:
        record = json.loads((folder / RECORD_FILE).read_text(encoding="utf-8"))
        model = (folder / MODEL_FILE).read_bytes()
        expected = record["sha256"]
    except FileNotFoundError as error:
        raise ChampionError(
            f"No model has been trained yet ({Path(error.filename).name} is missing). Run: uv run dvc repro"
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ChampionError(f"The model's record cannot be read: {error}. Run: git restore models/champion") from error
    if sha256(model) != expected:
        raise ChampionError(
            "The model file is not the one that was evaluated: its SHA-256 differs from champion.json. "
            "Run: git restore models/champion"
        )
    return Champion(record), model


def publish(folder: Path, record: dict[str, Any], model: bytes) -> None:
    """Put a new champion in place: both files written beside the old ones, then renamed.

    A crash before the first of the two renames leaves the old champion; one between them, a model that no record fits,
    which does not serve (`git restore models/champion` brings the old one back).
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".champion-", dir=folder.parent))
    try:
        (staging / MODEL_FILE).write_bytes(model)
        text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
        (staging / RECORD_FILE).write_text(text, encoding="utf-8")
        folder.mkdir(exist_ok=True)
        # The model first: until its record follows, the hash in the old record refuses to serve a mismatch.
        for name in (MODEL_FILE, RECORD_FILE):
            (staging / name).chmod(0o644)
            (staging / name).replace(folder / name)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def fingerprint(record: dict[str, Any]) -> str:
    """One hash over what decides a champion: model, inputs, decision, parameters, data, lock and code.

    The run and the commit are left out: the same model may be made again by another run, at a later commit.
    """
    decisive = {key: value for key, value in record.items() if key not in ("lineage", "fingerprint")}
    decisive |= {key: record["lineage"][key] for key in ("data_md5", "lock_sha256", "code_sha256")}
    return sha256(json.dumps(decisive, sort_keys=True).encode())
