"""The champion: the served model and its record `champion.json`. Standard library only."""

import hashlib
import html
import json
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UserError

RECORD_FILE, MODEL_FILE = "champion.json", "model.onnx"
KEYS = ("model", "format", "size_bytes", "lineage")


class ChampionError(UserError):
    """There is no model that can be served; the message says why and what to run."""


@dataclass(frozen=True)
class Champion:
    """The record of the served model: hash, inputs, metrics, comparisons and lineage."""

    record: dict[str, Any]
    is_canary: bool = False

    @property
    def lineage(self) -> dict[str, Any]:
        """Git commit, lock hash, data hash, MLflow run and registry version."""
        lineage: dict[str, Any] = self.record["lineage"]
        return lineage

    @property
    def version(self) -> dict[str, Any]:
        """Which model it is: its name, its version in MLflow's registry, and the beginning of its SHA-256."""
        version = self.lineage.get("registry_version")
        return {"name": self.record["model"], "version": version, "sha256": self.record["sha256"][:12]}

    @property
    def note(self) -> str:
        """A sentence in HTML below a prediction of the page by the canary; else nothing."""
        version = self.version
        text = f"Predicted by the canary: {version['name']}, version {version['version']}."
        return f"<p>{html.escape(text)}</p>" if self.is_canary else ""

    def require(self, keys: Iterable[str], record: dict[str, Any] | None = None) -> None:
        """Check that the record, or a part of it, has these keys.

        Raises:
            ChampionError: names the missing keys.
        """
        if missing := sorted(set(keys) - set(self.record if record is None else record)):
            raise ChampionError(
                f"champion.json has no {', '.join(missing)}; it was written by another version of this code. "
                "Run: uv run dvc repro"
            )


def sha256(data: bytes) -> str:
    """Return the SHA-256 of `data` in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def load_champion(folder: Path) -> tuple[Champion, bytes]:
    """Load the record and the model, and check the model's hash.

    Raises:
        ChampionError: a file is missing or unreadable, the record is incomplete, or the model is not the one that was
            evaluated.
    """
    try:
        record = json.loads((folder / RECORD_FILE).read_text(encoding="utf-8"))
        model = (folder / MODEL_FILE).read_bytes()
        expected = record["sha256"]
    except FileNotFoundError as error:
        name = Path(error.filename).name
        raise ChampionError(f"No trained model: models/champion/{name} not found. Run: uv run dvc repro") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error  # without the path, as the page shows it
        raise ChampionError(f"champion.json can't be read: {reason}. Run: git restore models/champion") from error
    if sha256(model) != expected:
        raise ChampionError(
            "model.onnx is not the evaluated model: its SHA-256 differs from champion.json. "
            "Run: git restore models/champion"
        )
    champion = Champion(record)
    champion.require(KEYS)
    return champion, model


def publish(folder: Path, record: dict[str, Any], model: bytes) -> None:
    """Replace the champion: write both files to a temporary folder, then rename them.

    After a crash between the two renames the hashes differ and nothing is served until
    `git restore models/champion`.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".champion-", dir=folder.parent))
    try:
        (staging / MODEL_FILE).write_bytes(model)
        text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
        (staging / RECORD_FILE).write_text(text, encoding="utf-8")
        folder.mkdir(exist_ok=True)
        for name in (MODEL_FILE, RECORD_FILE):
            (staging / name).chmod(0o644)
            (staging / name).replace(folder / name)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def fingerprint(record: dict[str, Any]) -> str:
    """Return a hash of what decides a champion: model, metrics, parameters, data, lock and code, not run and commit."""
    content = {key: value for key, value in record.items() if key not in ("lineage", "fingerprint")}
    content |= {key: record["lineage"][key] for key in ("data_md5", "lock_sha256", "code_sha256")}
    return sha256(json.dumps(content, sort_keys=True).encode())
