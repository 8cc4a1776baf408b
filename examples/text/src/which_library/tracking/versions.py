"""Former champions: in MLflow's registry, and in the history of git, which needs no database."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from ..errors import UserError
from ..evaluation.reference import REFERENCE_FILE
from ..paths import ProjectPaths
from ..serving.champion import MODEL_FILE, RECORD_FILE, sha256
from .lineage import git
from .registry import ARTIFACTS, REGISTERED_MODEL

FOLDER = "models/champion"
COMMIT = re.compile(r"[\da-f]{7,40}", re.ASCII)


@dataclass(frozen=True)
class Snapshot:
    """The served files of a champion.

    Attributes:
        files: their contents by name.
        commit: in which git has them; nothing if they are from the registry.
    """

    files: Mapping[str, bytes]
    commit: str = ""

    @property
    def record(self) -> dict[str, Any]:
        """The contents of `champion.json`."""
        record: dict[str, Any] = json.loads(self.files[RECORD_FILE])
        return record

    @property
    def model(self) -> bytes:
        """The model as ONNX."""
        return self.files[MODEL_FILE]

    @property
    def version(self) -> int | None:
        """The version in the registry of the machine that trained the model."""
        version: int | None = self.record["lineage"].get("registry_version")
        return version

    @property
    def is_valid(self) -> bool:
        """Whether the model is the one that was evaluated."""
        return str(self.record["sha256"]) == sha256(self.model)


def find_version(paths: ProjectPaths, version: str) -> Snapshot:
    """Return the champion with a version, from git's history or else the registry, or the champion of a commit.

    Raises:
        UserError: there is none, or several machines trained one with that version.
    """
    known = [snapshot for snapshot in committed(paths.root) if snapshot.is_valid]
    found = {entry.record["sha256"]: entry for entry in reversed(known) if str(entry.version) == version}
    if len(found) > 1:
        listed = ", ".join(f"{entry.commit[:12]} ({entry.record['model']})" for entry in found.values())
        raise UserError(
            f"version {version} is that of several champions, which different machines numbered, so nothing changed; "
            f"name the commit of one: {listed}"
        )
    if found:
        return next(iter(found.values()))
    snapshot = _of_commit(paths.root, version) or _registered(version)
    if snapshot and snapshot.is_valid:
        return snapshot
    numbers = sorted({entry.version for entry in known if entry.version is not None})
    listed = ", ".join(map(str, numbers)) or "none"
    raise UserError(
        f"there is no champion with version or commit {version}, so nothing changed; versions in git: {listed}; those "
        "in the registry are shown by: uv run mlflow ui"
    )


def previous_version(paths: ProjectPaths, current: Mapping[str, Any]) -> Snapshot:
    """Return the champion before the current one.

    A return to the champion before, by `rollback` or `git revert`, takes the later one out of the sequence, so that
    rolling back twice goes back twice.

    Raises:
        UserError: there is none.
    """
    sequence: list[Snapshot] = []
    for snapshot in reversed(list(committed(paths.root))):
        if len(sequence) > 1 and _same(sequence[-2].record, snapshot.record):
            sequence.pop()
        elif not sequence or not _same(sequence[-1].record, snapshot.record):
            sequence.append(snapshot)
    position = next((i for i in range(len(sequence) - 1, -1, -1) if _same(sequence[i].record, current)), len(sequence))
    before = [snapshot for snapshot in sequence[:position] if snapshot.is_valid]
    if not before:
        raise UserError("there is no champion before this one in the history of git, so nothing changed")
    return before[-1]


def _same(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Return whether two records are of the same training."""
    runs = (record["lineage"].get("mlflow_run_id") for record in (first, second))
    return bool(first["sha256"] == second["sha256"]) and len(set(runs)) == 1


def committed(root: Path) -> Iterator[Snapshot]:
    """Yield the champions of git's history, the newest first; none without git."""
    log = git(root, "log", "--format=%H", "--", f"{FOLDER}/{RECORD_FILE}") or b""
    for commit in log.decode().split():
        if snapshot := _of_commit(root, commit):
            yield snapshot


def _of_commit(root: Path, commit: str) -> Snapshot | None:
    """Return the champion of a commit, named by its hash or the first digits of it; None without one."""
    if not COMMIT.fullmatch(commit):
        return None
    names = (RECORD_FILE, MODEL_FILE, REFERENCE_FILE)
    found = {name: git(root, "cat-file", "blob", f"{commit}:./{FOLDER}/{name}") for name in names}
    snapshot = Snapshot({name: content for name, content in found.items() if content is not None}, commit)
    with suppress(ValueError, KeyError, TypeError):  # a record that was damaged or deleted
        if snapshot.record["sha256"] and snapshot.record["lineage"] and snapshot.model:
            return snapshot
    return None


def uncommitted(root: Path, *paths: str) -> bool:
    """Return whether files have changes that git has not."""
    return bool(git(root, "status", "--porcelain", "--", *paths))


def _registered(version: str) -> Snapshot | None:
    """Return the files that `registry.keep_files` kept for a version, or None."""
    with suppress(MlflowException, OSError, ValueError, KeyError):
        run_id = MlflowClient().get_model_version(REGISTERED_MODEL, version).run_id
        folder = Path(mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path=ARTIFACTS))
        snapshot = Snapshot({path.name: path.read_bytes() for path in folder.iterdir()})
        return snapshot if snapshot.record and snapshot.model else None
    return None
