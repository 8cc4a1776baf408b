"""The lineage of a model: git commit, lock hash, data hash, code hash."""

import hashlib
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from ..paths import ProjectPaths

# The files that decide a result; reports and dvc.lock are results themselves.
INPUTS = ("src", "params.yaml", "schema.yaml", "pyproject.toml", "uv.lock")

# Values other than text, as MLflow's tags hold them.
UNKNOWN = "unknown"
VALUES = {"True": True, "False": False, UNKNOWN: None}


@dataclass(frozen=True)
class Lineage:
    """The versions of everything that went into a model; None where unknown."""

    git_commit: str | None = None
    git_dirty: bool | None = None
    lock_sha256: str | None = None
    data_md5: str | None = None
    code_sha256: str | None = None

    def tags(self) -> dict[str, str]:
        """Return the lineage as tags of an MLflow run, in place of the commit that MLflow would name."""
        tags = {f"lineage.{name}": UNKNOWN if value is None else str(value) for name, value in vars(self).items()}
        return tags | {"mlflow.source.git.commit": self.git_commit or UNKNOWN}

    @classmethod
    def from_tags(cls, tags: Mapping[str, str]) -> "Lineage":
        """Return the lineage in the tags of an MLflow run."""
        return cls.from_record({name.removeprefix("lineage."): VALUES.get(tag, tag) for name, tag in tags.items()})

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Lineage":
        """Return the lineage in a larger record, such as that of `champion.json`."""
        return cls(**{field.name: record.get(field.name) for field in fields(cls)})


def current_lineage(paths: ProjectPaths) -> Lineage:
    """Return the lineage of a model trained now."""
    commit = _git(paths.root, "rev-parse", "--verify", "HEAD")
    changes = _git(paths.root, "status", "--porcelain", "--", *INPUTS)
    lock = paths.root / "uv.lock"
    return Lineage(
        git_commit=commit,
        git_dirty=None if commit is None else bool(changes),
        lock_sha256=hashlib.sha256(lock.read_bytes()).hexdigest() if lock.exists() else None,
        data_md5=_data_md5(paths.root / "dvc.lock"),
        code_sha256=_code_sha256(paths.root / "src"),
    )


def _git(root: Path, *arguments: str) -> str | None:
    try:
        process = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return process.stdout.strip() if process.returncode == 0 else None


def _data_md5(lock: Path) -> str | None:
    """Return the hash of data/raw in dvc.lock."""
    if not lock.exists():
        return None
    stages = yaml.safe_load(lock.read_text(encoding="utf-8")).get("stages", {})
    dependencies = stages.get("prepare", {}).get("deps", [])
    return next((str(entry["md5"]) for entry in dependencies if entry["path"] == "data/raw"), None)


def _code_sha256(folder: Path) -> str:
    """Return a hash of the names and contents of all Python files."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
