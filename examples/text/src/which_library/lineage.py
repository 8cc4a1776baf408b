"""Where a model came from: git commit, lock hash, data hash, and a fingerprint of the code. Standard library only."""

import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

import yaml

from .layout import Layout

# What decides a result, besides the data. Reports and dvc.lock are results themselves.
_INPUTS = ("src", "params.yaml", "schema.yaml", "pyproject.toml", "uv.lock")


@dataclass(frozen=True)
class Lineage:
    """The state of everything that goes into a model, at one moment."""

    git_commit: str | None
    git_dirty: bool | None
    lock_sha256: str | None
    data_md5: str | None
    code_sha256: str


def lineage_of(layout: Layout) -> Lineage:
    """The lineage now. What does not exist (no git, no lock, no tracked data) is None, never invented."""
    commit = _git(layout.root, "rev-parse", "--verify", "HEAD")
    changes = _git(layout.root, "status", "--porcelain", "--", *_INPUTS)
    lock = layout.root / "uv.lock"
    return Lineage(
        git_commit=commit,
        git_dirty=None if commit is None else bool(changes),
        lock_sha256=hashlib.sha256(lock.read_bytes()).hexdigest() if lock.exists() else None,
        data_md5=_data_md5(layout),
        code_sha256=_code_sha256(layout.root / "src"),
    )


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _data_md5(layout: Layout) -> str | None:
    """The hash under which DVC keeps the raw data."""
    lock = layout.root / "dvc.lock"
    if not lock.exists():
        return None
    stages = yaml.safe_load(lock.read_text(encoding="utf-8")).get("stages", {})
    read = stages.get("prepare", {}).get("deps", [])
    return next((str(one["md5"]) for one in read if one["path"] == "data/raw"), None)


def _code_sha256(folder: Path) -> str:
    """One hash over the names and texts of all Python files."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
