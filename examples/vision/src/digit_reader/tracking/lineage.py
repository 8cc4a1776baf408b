"""The lineage of a model: git commit, lock hash, data hash, code hash."""

import argparse
import hashlib
import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from ..errors import UserError, exit_on_user_error
from ..paths import ProjectPaths
from ..serving.champion import load_champion

# The files that decide a result; reports and dvc.lock are results themselves.
INPUTS = ("src", "params.yaml", "schema.yaml", "pyproject.toml", "uv.lock")

# Values other than text, as MLflow's tags hold them.
UNKNOWN = "unknown"
VALUES = {"True": True, "False": False, UNKNOWN: None}

# Each MLflow run reads dvc.lock: ten times as fast where PyYAML was built with LibYAML.
YamlLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Lineage:
    """The versions of everything that went into a model; None where unknown.

    Before code and parameters are committed, `git_commit` is the commit before; `find_commit` finds the later one.
    """

    git_commit: str | None = None
    git_dirty: bool | None = None
    lock_sha256: str | None = None
    data_md5: str | None = None
    code_sha256: str | None = None
    inputs_sha256: str | None = None

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


def current_lineage(paths: ProjectPaths, model: str | None = None) -> Lineage:
    """Return the lineage of a model trained now; `inputs_sha256` requires its name."""
    commit = _git(paths.root, "rev-parse", "--verify", "HEAD")
    changes = _git(paths.root, "status", "--porcelain", "--", *INPUTS)
    lock = paths.root / "uv.lock"
    return Lineage(
        git_commit=commit,
        git_dirty=None if commit is None else bool(changes),
        lock_sha256=hashlib.sha256(lock.read_bytes()).hexdigest() if lock.exists() else None,
        data_md5=_data_md5(paths.root / "dvc.lock"),
        code_sha256=_code_sha256(paths.root / "src"),
        inputs_sha256=model and _inputs_sha256(paths.root, model),
    )


def find_commit(root: Path, model: str, lineage: Lineage) -> str | None:
    """Return a commit that has the champion with the code and the parameters of its training, or None."""
    if not lineage.git_dirty:
        return lineage.git_commit
    for commit in (_git(root, "log", "--format=%H", "--", "models/champion") or "").split():
        if lineage.inputs_sha256 and lineage.inputs_sha256 == _inputs_sha256(root, model, commit):
            return commit
    return None


def git(root: Path, *arguments: str) -> bytes | None:
    """Return the output of a git command, or None if it fails."""
    try:
        process = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False)
    except FileNotFoundError:
        return None
    return process.stdout if process.returncode == 0 else None


def _git(root: Path, *arguments: str) -> str | None:
    output = git(root, *arguments)
    return None if output is None else output.decode(errors="replace").strip()


def _read(root: Path, name: str, commit: str | None) -> str | None:
    """Return the text of a file, in a commit or in the working tree, or None."""
    if commit:
        return _git(root, "cat-file", "blob", f"{commit}:./{name}")
    path = root / name
    return path.read_text(encoding="utf-8", errors="replace").strip() if path.is_file() else None


def _inputs_sha256(root: Path, model: str, commit: str | None = None) -> str | None:
    """Return a hash of the code and the parameters on which the training of a model depends, by `dvc.yaml`."""
    pipeline, params = _read(root, "dvc.yaml", commit), _read(root, "params.yaml", commit)
    if not pipeline or not params:
        return None
    train = yaml.safe_load(params).get("train", {})
    inputs: dict[str, Any] = {"params": [train.get("seed"), train.get(model)]}
    for dependency in yaml.safe_load(pipeline)["stages"].get("train", {}).get("deps", []):
        path = dependency.replace("${item.model}", model)
        inputs[path] = None if path.startswith("data/") else _read(root, path, commit)
    return hashlib.sha256(json.dumps(inputs, sort_keys=True, default=str).encode()).hexdigest()


def _data_md5(lock: Path) -> str | None:
    """Return the hash of data/raw in dvc.lock."""
    if not lock.exists():
        return None
    stages = YamlLoader(lock.read_text(encoding="utf-8")).get_single_data().get("stages", {})
    dependencies = stages.get("prepare", {}).get("deps", [])
    return next((str(entry["md5"]) for entry in dependencies if entry["path"] == "data/raw"), None)


def _code_sha256(folder: Path) -> str:
    """Return a hash of the names and contents of all Python files."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


@exit_on_user_error()
def main(arguments: Sequence[str] | None = None) -> None:
    """Run `uv run champion-commit`."""
    argparse.ArgumentParser(
        prog="champion-commit", description="Print the commit that has the code and the parameters of the champion."
    ).parse_args(arguments)
    paths = ProjectPaths()
    champion, _ = load_champion(paths.champion)
    commit = find_commit(paths.root, champion.record["model"], Lineage.from_record(champion.lineage))
    if not commit:
        raise UserError(
            "no commit has the champion with the code and the parameters of its training; commit them, or train it "
            "again with the committed ones: uv run dvc repro --force"
        )
    print(commit)
