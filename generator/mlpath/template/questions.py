"""The questions of a template, and a check of answers to them, without importing Copier."""

from __future__ import annotations

import contextlib
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml

from mlpath.errors import MlpathError, RejectedAnswer, UnknownQuestion
from mlpath.template.answers import Loader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlpath.template.store import Release

    Questions = Mapping[str, Mapping[str, Any]]

_BOOLEANS = {"1", "y", "yes", "t", "true", "on", "0", "n", "no", "f", "false", "off"}
_TYPE_NAMES = {
    "str": "text",
    "bool": "yes or no",
    "int": "a whole number",
    "yaml": "YAML, such as [age, city] or {}",
}
_MAX_SHOWN = 60


@cache
def questions(release: Release) -> Questions:
    """Return the questions that a release's `copier.yml` declares, computed ones too."""
    try:
        declared = yaml.load((release.folder / "copier.yml").read_bytes(), Loader=Loader)  # noqa: S506
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise MlpathError(
            f"cannot use the template {release.version}: its copier.yml is not YAML: {reason}"
        ) from None
    return {
        key: value if isinstance(value, dict) else {"default": value}
        for key, value in declared.items()
        if not key.startswith("_")
    }


def values_of(question: Mapping[str, Any]) -> list[str]:
    """Return the values of a question's choices; none if it has no fixed choices."""
    choices = question.get("choices")
    if isinstance(choices, dict):
        choices = list(choices.items())
    if not isinstance(choices, list):
        return []
    values = (choice[1] if isinstance(choice, list | tuple) else choice for choice in choices)
    return [str(value["value"] if isinstance(value, dict) else value) for value in values]


def check_answers(release: Release, answers: Mapping[str, Any]) -> None:
    """Check what Copier does not: it ignores unknown keys, and takes any text for true.

    Raises:
        AnswerError: Names the first answer that is wrong.
    """
    declared = questions(release)
    check_keys(answers, declared)
    for key, value in answers.items():
        _check_value(key, value, declared[key])


def check_keys(answers: Mapping[str, Any], declared: Questions) -> None:
    """Check that a template asks for each answer.

    Raises:
        AnswerError: It does not ask for one of them.
    """
    settable = [key for key, question in declared.items() if question.get("when", True) is not False]
    hint = f"The questions are: {', '.join(settable)}."
    for key in answers:
        if key not in declared:
            raise UnknownQuestion(key, f"{key} is not a question of this template", hint=hint)
        if key not in settable:
            raise RejectedAnswer(key, f"{key} is computed and cannot be set", hint=hint)


def _check_value(key: str, value: object, question: Mapping[str, Any]) -> None:
    expected = question.get("type", "str")
    if not _has_type(value, expected):
        type_name = _TYPE_NAMES.get(expected, f"of type {expected}")
        raise RejectedAnswer(key, f"{key}: {_shortened(value)} is not {type_name}")
    values = values_of(question)
    if values and str(value) not in values:
        raise RejectedAnswer(
            key,
            f"{key}: {_shortened(value)} is not one of its choices",
            hint=f"Choose from: {', '.join(values)}.",
        )


def _has_type(value: object, expected: str) -> bool:
    if expected == "bool":
        return isinstance(value, bool) or str(value).strip().lower() in _BOOLEANS
    if expected in {"int", "float"}:
        return not isinstance(value, bool) and _is_number(str(value), expected)
    if expected == "yaml":
        return not isinstance(value, str) or _is_yaml(value)
    if expected == "str":
        return isinstance(value, str | int | float) and not isinstance(value, bool)
    return True


def _is_number(text: str, expected: str) -> bool:
    with contextlib.suppress(ValueError):
        return {"int": int, "float": float}[expected](text) is not None
    return False


def _is_yaml(text: str) -> bool:
    try:
        yaml.load(text, Loader=Loader)  # noqa: S506
    except (yaml.YAMLError, ValueError):  # ValueError: an impossible date
        return False
    return True


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 3]}..."
