"""Reads a project's record of its template: the answers, and where they were given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from pathlib import Path

ANSWERS_FILE = ".copier-answers.yml"

Answers = dict[str, Any]

# PyYAML's parser in C is a tenth of the time, where its wheel has it.
Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_NOT_BY_HAND = "It is written by mlpath and Copier; take it back from git: git checkout HEAD -- "


@dataclass(frozen=True)
class Record:
    """What a project's answers file says."""

    source: str
    """The template, as Copier is told it."""
    version: str
    """The version of the template that the project has."""
    answers: Answers


def read_answers(path: Path) -> Answers:
    """Read a YAML file of answers, less the keys that Copier keeps for itself.

    Raises:
        MlpathError: There is no such file, or it holds no answers.
    """
    return _public(_mapping(_read(path), str(path)))


def read_record(project: Path) -> Record:
    """Read the answers file of a project.

    Raises:
        MlpathError: It is missing, malformed, or names no template.
    """
    check_place(project)
    path = project / ANSWERS_FILE
    return parse_record(_read(path), str(path))


def check_place(project: Path) -> None:
    """Refuse what is no folder of a project.

    Raises:
        MlpathError: Says why.
    """
    if not (project / ANSWERS_FILE).exists():
        why = f"it has no {ANSWERS_FILE}" if project.is_dir() else "there is no such folder"
        raise MlpathError(
            f"{project} is no project of mlpath: {why}",
            hint="Name the folder of a project, or make one: mlpath new-project",
        )


def parse_record(content: bytes, name: str) -> Record:
    """Understand the content of an answers file; `name` is what messages call it.

    Raises:
        MlpathError: It is malformed, or names no template.
    """
    found = _mapping(content, name)
    missing = [key for key in ("_src_path", "_commit") if not isinstance(found.get(key), str)]
    if missing:
        raise MlpathError(
            f"{name} does not say {' and '.join(missing)}, so nobody knows which template it was",
            hint=_NOT_BY_HAND + ANSWERS_FILE,
        )
    return Record(found["_src_path"], found["_commit"], _public(found))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise MlpathError(f"cannot read {path}: {error.strerror}") from None


def _mapping(content: bytes, name: str) -> dict[str, Any]:
    try:
        found = yaml.load(content, Loader=Loader)  # noqa: S506
    except (yaml.YAMLError, ValueError) as error:  # a date that there is not, another encoding
        raise MlpathError(
            f"{name} is not YAML: {' '.join(str(error).split())}",
            hint="It should hold one `key: value` a line.",
        ) from None
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise MlpathError(
            f"{name} holds no answers", hint="It should hold one `key: value` a line."
        )
    return found


def _public(found: dict[str, Any]) -> Answers:
    return {key: value for key, value in found.items() if not key.startswith("_")}
