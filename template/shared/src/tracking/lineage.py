"""The lineage of a model: git commit, lock hash, data hash, code hash."""

import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

import yaml

from ..paths import ProjectPaths

# The files that decide a result; reports and dvc.lock are results themselves.
INPUTS = ("src", "params.yaml", "schema.yaml", "pyproject.toml", "uv.lock")


@dataclass(frozen=True)
class Lineage:
    """The versions of everything that goes into a model; None where unknown."""

    git_commit: str | None
    git_dirty: bool | None
    lock_sha256: str | None
    data_md5: str | None
    code_sha256: str

    def tags(self) -> dict[str, str]:
        """Return what is known as tags of an MLflow run."""
        return lineage_tags(vars(self))


def lineage_tags(lineage: dict[str, object]) -> dict[str, str]:
    """Return a lineage as tags of an MLflow run, without the unknown."""
    return {f"lineage.{name}": str(value) for name, value in lineage.items() if value is not None}


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
