"""The questions of a template, and a check of answers to them, without importing Copier."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import yaml

from mlpath.errors import AnswerError, MlpathError
from mlpath.template.answers import Loader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlpath.template.store import TemplateVersion

    Questions = Mapping[str, Mapping[str, Any]]

_BOOLEANS = {"1", "y", "yes", "t", "true", "on", "0", "n", "no", "f", "false", "off"}
_TYPES = {
    "str": ("text", "Write one line of text, in quotes if it looks like a number or a date."),
    "bool": ("yes or no", "Write true or false."),
    "yaml": ("YAML, such as [age, city] or {}", "Close every bracket, and quote it for the shell."),
}
"""What an answer of each type is, and how to write one."""
_MAX_SHOWN = 60


@cache
def questions(version: TemplateVersion) -> Questions:
    """Return the questions that a version's `copier.yml` declares, computed ones too."""
    try:
        declared = yaml.load((version.folder / "copier.yml").read_bytes(), Loader=Loader)  # noqa: S506
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise MlpathError(
            f"cannot use the template {version.tag}: its copier.yml is not YAML: {reason}",
            hint="This is an error in the template; please report it.",
        ) from None
    return {
        key: value if isinstance(value, dict) else {"default": value}
        for key, value in declared.items()
        if not key.startswith("_")
    }


def settable_questions(version: TemplateVersion) -> Questions:
    """Return the questions that may be answered, without the computed ones."""
    declared = questions(version)
    return {key: each for key, each in declared.items() if each.get("when", True) is not False}


def values_of(question: Mapping[str, Any]) -> list[str]:
    """Return the values of a question's choices; none if it has no choices."""
    choices = question.get("choices", [])
    return list(map(str, choices.values() if isinstance(choices, dict) else choices))


def check_answers(version: TemplateVersion, answers: Mapping[str, Any]) -> None:
    """Check what Copier does not: it ignores unknown keys, and takes any text for true.

    Raises:
        AnswerError: Names the first answer that is wrong.
    """
    settable = settable_questions(version)
    for key, value in answers.items():
        if key not in settable:
            computed = "computed and cannot be set"
            problem = computed if key in questions(version) else "not a question of this template"
            hint = f"The questions are: {', '.join(settable)}."
            raise AnswerError(key, f"{key} is {problem}", hint=hint)
        _check_value(key, value, settable[key])


def _check_value(key: str, value: object, question: Mapping[str, Any]) -> None:
    expected = question.get("type", "str")
    if not _has_type(value, expected):
        name, hint = _TYPES[expected]
        raise AnswerError(key, f"{key}: {_shortened(value)} is not {name}", hint=hint)
    values = values_of(question)
    if values and str(value) not in values:
        raise AnswerError(
            key,
            f"{key}: {_shortened(value)} is not one of its choices",
            hint=f"Choose from: {', '.join(values)}.",
        )


def _has_type(value: object, expected: str) -> bool:
    if expected == "bool":
        return isinstance(value, bool) or str(value).strip().lower() in _BOOLEANS
    if expected == "yaml":
        return not isinstance(value, str) or _is_yaml(value)
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _is_yaml(text: str) -> bool:
    try:
        yaml.load(text, Loader=Loader)  # noqa: S506
    except (yaml.YAMLError, ValueError):  # ValueError: an impossible date
        return False
    return True


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 3]}..."
