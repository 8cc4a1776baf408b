"""Renders a template with Copier, of which this is the only importer, by its public API."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import copier
import copier.errors
import jinja2
import yaml
from plumbum import ProcessExecutionError, local

from mlpath.system import git
from mlpath.template.answers import ANSWERS_FILE, Loader
from mlpath.errors import AnswerError, MlpathError
from mlpath.template.store import SRC_PATH, Release

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_BOOLEANS = {"1", "y", "yes", "t", "true", "on", "0", "n", "no", "f", "false", "off"}
_COPIER_NAMES_THE_KEY = re.compile(
    r"(?:Invalid choice for|Validation error for question|Question) ['\"](\w+)['\"]:? (.*)",
    re.DOTALL,
)


def render(
    source: Release | str,
    dest: Path,
    answers: Mapping[str, Any],
    *,
    defaults: bool = False,
    suggestions: Mapping[str, Any] | None = None,
    ref: str | None = None,
    context: Mapping[str, Any] | None = None,
) -> None:
    """Render a template into a folder that is empty or missing.

    Every answer is validated before the first file is written. What is not answered is asked by
    Copier in the terminal, unless `defaults`.

    Args:
        source: A release of ours, recorded as plain Copier would record it, or any other source
            that Copier takes, recorded as given.
        dest: Where the project goes.
        answers: Answers that are fixed, as text or as YAML values.
        defaults: Take the default of each question that has no answer.
        suggestions: Better defaults than the template's, for questions that have no answer.
        ref: Which version of another source.
        context: What the template's validators may look at besides the answers.

    Raises:
        AnswerError: The template does not take an answer.
        MlpathError: The source can't be had, or there is nobody to ask.
    """
    ours = isinstance(source, Release)
    name = source.version if isinstance(source, Release) else source
    _check_home(name)
    try:
        with _copier_surroundings(git_visible=not ours, can_ask=sys.stdin.isatty()):
            worker = copier.run_copy(
                str(source.folder) if isinstance(source, Release) else source,
                dest,
                data={**(context or {}), **answers},
                vcs_ref=ref,
                # The user's own Copier settings would change answers without leaving a trace.
                settings=copier.Settings(),
                defaults=defaults,
                user_defaults={k: v for k, v in (suggestions or {}).items() if k not in answers},
                cleanup_on_error=False,
                overwrite=True,
                quiet=True,
            )
    except copier.errors.InteractiveSessionError:
        raise MlpathError(
            "there are questions left, and no terminal to ask them in",
            hint="Add --defaults, or answer each with -d KEY=VALUE.",
        ) from None
    except copier.errors.UnsafeTemplateError as error:
        raise MlpathError(
            f"{name} wants to run code: {str(error).splitlines()[0]}",
            hint="mlpath only renders; if you trust it, use `copier copy --trust`.",
        ) from None
    except copier.errors.CopierAnswersInterrupt:
        raise KeyboardInterrupt from None
    except (ProcessExecutionError, copier.errors.CopierError) as error:
        raise MlpathError(f"cannot use the template {name}: {_last_line(error)}") from None
    except ValueError as error:
        # Copier has no class of its own for a refused answer.
        if found := _COPIER_NAMES_THE_KEY.match(str(error)):
            raise AnswerError(found[1], f"{found[1]}: {_one_line(found[2])}") from None
        if ours:
            raise
        raise MlpathError(f"cannot use the template {name}: {_last_line(error)}") from None
    except jinja2.TemplateError as error:
        raise MlpathError(
            f"the template {name} fails to render: {_one_line(str(error))}",
            hint="That is a mistake in the template, not in your answers.",
        ) from None
    if isinstance(source, Release):
        _record(dest / ANSWERS_FILE, source)
    else:
        _check_keys(answers, worker.template.questions_data)


def _check_home(source: str) -> None:
    """Refuse a path below the home of nobody, for which Copier has no error of its own."""
    if os.path.expanduser(source).startswith("~"):  # noqa: PTH111 - pathlib's raises
        raise MlpathError(
            f"cannot use the template {source}: nobody of that name has a home here",
            hint="Name its folder by its whole path, or give a URL.",
        )


def check_answers(release: Release, answers: Mapping[str, Any]) -> None:
    """Refuse what Copier would pass over or take for something else.

    Copier ignores an unknown key, takes any text for true, and has no key in its message on a
    number that is none.

    Raises:
        AnswerError: Names the first such answer.
    """
    known = questions(release)
    _check_keys(answers, known)
    for key, value in answers.items():
        question = known[key]
        expected = question.get("type", "str")
        choices = question.get("choices")
        if not _fits(value, expected):
            names = {
                "str": "text", "bool": "yes or no", "int": "a whole number",
                "yaml": "YAML, such as [age, city] or {}",
            }  # fmt: skip
            raise AnswerError(
                key, f"{key}: {_shown(value)} is not {names.get(expected, f'of type {expected}')}"
            )
        if isinstance(choices, dict | list) and str(value) not in (valid := _values(choices)):
            raise AnswerError(
                key,
                f"{key}: {_shown(value)} is not one of its choices",
                hint=f"Choose from: {', '.join(valid)}.",
            )


@cache
def questions(release: Release) -> dict[str, dict[str, Any]]:
    """Return the questions of a release as its `copier.yml` declares them, computed ones too."""
    try:
        declared = yaml.load((release.folder / "copier.yml").read_bytes(), Loader=Loader)  # noqa: S506
    except yaml.YAMLError as error:
        raise MlpathError(
            f"cannot use the template {release.version}: its copier.yml is not YAML: "
            f"{_one_line(str(error))}"
        ) from None
    return {
        key: value if isinstance(value, dict) else {"default": value}
        for key, value in declared.items()
        if not key.startswith("_")
    }


def choices(release: Release, key: str) -> list[str]:
    """Return the values that a question takes; none if it takes anything, or is not asked."""
    return values_of(questions(release).get(key, {}))


def values_of(question: Mapping[str, Any]) -> list[str]:
    """Return the values that a question's choices stand for; none if it takes anything."""
    found = question.get("choices")
    return _values(found) if isinstance(found, dict | list) else []


def _record(path: Path, release: Release) -> None:
    """Name the release in the answers file, to the byte as Copier would from the bundle.

    Copier rendered a plain folder, so it wrote that folder's path, and no `_commit`.
    """
    text = path.read_bytes().decode()
    root = yaml.compose(text, Loader=Loader)
    assert isinstance(root, yaml.MappingNode)  # noqa: S101 - our own template wrote it
    key, value = next(pair for pair in root.value if pair[0].value == "_src_path")
    origin = yaml.safe_dump({"_commit": release.version, "_src_path": SRC_PATH}).rstrip("\n")
    text = text[: key.start_mark.index] + origin + text[value.end_mark.index :]
    path.write_bytes(text.encode())


@contextmanager
def _copier_surroundings(*, git_visible: bool, can_ask: bool) -> Iterator[None]:
    """Set what Copier finds around it; it sees the environment through plumbum."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(local.env())
        for name in set(git.FROM_OUTSIDE) & set(local.env):
            del local.env[name]
        local.env.update(git.settings_as_environment())
        if not git_visible:
            # A plain folder needs no git, for which Copier starts a process a file; and where the
            # folder is a checkout of ours, Copier would clone that instead.
            local.env["PATH"] = os.devnull
        if not can_ask:
            # prompt_toolkit would warn, print the question, and wait for a pipe that stays open.
            stack.enter_context(_replaced("stdin", io.StringIO()))
            stack.enter_context(_replaced("stdout", None))
        yield


@contextmanager
def _replaced(stream: str, replacement: io.StringIO | None) -> Iterator[None]:
    original = getattr(sys, stream)
    setattr(sys, stream, replacement)
    try:
        yield
    finally:
        setattr(sys, stream, original)


def _check_keys(answers: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]) -> None:
    asked = [key for key, question in known.items() if question.get("when", True) is not False]
    for key in answers:
        if key not in asked:
            what = "is computed, not asked" if key in known else "is no question of this template"
            raise AnswerError(key, f"{key} {what}", hint=f"Questions: {', '.join(asked)}.")


def _fits(value: object, expected: str) -> bool:
    if expected == "bool":
        return isinstance(value, bool) or str(value).strip().lower() in _BOOLEANS
    if expected in {"int", "float"}:
        with contextlib.suppress(ValueError):
            return (
                not isinstance(value, bool)
                and {"int": int, "float": float}[expected](str(value)) is not None
            )
        return False
    if expected == "yaml":
        return not isinstance(value, str) or _is_yaml(value)
    if expected == "str":
        return isinstance(value, str | int | float) and not isinstance(value, bool)
    return True


def _is_yaml(text: str) -> bool:
    try:
        yaml.load(text, Loader=Loader)  # noqa: S506
    except (yaml.YAMLError, ValueError):  # a date that there is not
        return False
    return True


def _values(choices: dict[str, Any] | list[Any]) -> list[str]:
    """Return the values of choices written in any of the forms that Copier knows."""
    if isinstance(choices, dict):
        choices = list(choices.items())
    values = (choice[1] if isinstance(choice, list | tuple) else choice for choice in choices)
    return [str(value["value"] if isinstance(value, dict) else value) for value in values]


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _last_line(error: Exception) -> str:
    text = getattr(error, "stderr", None) or str(error) or type(error).__name__
    return str(text).strip().splitlines()[-1]
