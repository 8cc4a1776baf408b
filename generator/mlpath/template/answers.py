"""The answers file, a project's record of its template and answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from pathlib import Path

ANSWERS_FILE = ".copier-answers.yml"

Answers = dict[str, Any]

# The parser in C takes a tenth of the time; not every wheel of PyYAML has it.
Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Record:
    """The content of a project's answers file."""

    source: str
    """The template, as given to Copier."""
    version: str
    """The version of the template that the project has."""
    answers: Answers


def read_answers(path: Path) -> Answers:
    """Load a YAML file of answers, without Copier's own keys.

    Raises:
        OSError: The file can't be read.
        MlpathError: It holds no answers.
    """
    return _public(_load_mapping(path.read_bytes(), str(path)))


def read_record(project: Path) -> Record:
    """Load the answers file of a project.

    Raises:
        MlpathError: It is missing, malformed, or names no template.
    """
    check_project(project)
    path = project / ANSWERS_FILE
    return parse_record(path.read_bytes(), str(path))


def check_project(project: Path) -> None:
    """Check that a folder has an answers file.

    Raises:
        MlpathError: It has none, or does not exist.
    """
    if not (project / ANSWERS_FILE).exists():
        reason = f"it has no {ANSWERS_FILE}" if project.is_dir() else "the folder does not exist"
        raise MlpathError(
            f"{project} is not an mlpath project: {reason}",
            hint="Give the folder of a project, or create one: mlpath new-project",
        )


def parse_record(content: bytes, name: str) -> Record:
    """Parse the content of an answers file; `name` stands for it in messages.

    Raises:
        MlpathError: It is malformed, or names no template.
    """
    values = _load_mapping(content, name)
    missing = [key for key in ("_src_path", "_commit") if not isinstance(values.get(key), str)]
    if missing:
        raise MlpathError(
            f"{name} lacks {' and '.join(missing)}, so the project's template is unknown",
            hint=f"Restore it from git: git checkout HEAD -- {ANSWERS_FILE}",
        )
    return Record(values["_src_path"], values["_commit"], _public(values))


def _load_mapping(content: bytes, name: str) -> dict[str, Any]:
    hint = "Write one `key: value` per line."
    try:
        values = yaml.load(content, Loader=Loader)  # noqa: S506
    except (yaml.YAMLError, ValueError) as error:  # ValueError: an impossible date
        reason = " ".join(str(error).split())
        raise MlpathError(f"{name} is not YAML: {reason}", hint=hint) from None
    if values is None:
        return {}
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise MlpathError(f"{name} holds no answers", hint=hint)
    return values


def _public(values: dict[str, Any]) -> Answers:
    return {key: value for key, value in values.items() if not key.startswith("_")}
