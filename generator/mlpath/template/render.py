"""Rendering by Copier. Only this module imports Copier, and interprets its errors."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import copier
import copier.errors
import jinja2
import yaml
from plumbum import ProcessExecutionError, local

from mlpath.errors import AnswerError, MlpathError
from mlpath.system import git
from mlpath.template.answers import ANSWERS_FILE, Answers
from mlpath.template.questions import check_answers
from mlpath.template.store import SRC_PATH, TemplateVersion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_REJECTED = re.compile(
    r"(?:Invalid choice for|Validation error for question|Question) ['\"](\w+)['\"]:? (.*)",
    re.DOTALL,
)
# `RuntimeError` is what `Path.expanduser` raises for an unknown user.
_ERRORS = (
    copier.errors.CopierError, ProcessExecutionError, ValueError, RuntimeError, jinja2.TemplateError
)  # fmt: skip


@dataclass(frozen=True)
class Prompts:
    """What questions without an answer offer and check, beyond the template's own."""

    suggestions: Mapping[str, Any] = field(default_factory=dict)
    """Defaults that replace the template's."""
    context: Mapping[str, Any] = field(default_factory=dict)
    """Values that validators may use."""


def render(
    source: TemplateVersion | str,
    dest: Path,
    answers: Mapping[str, Any],
    *,
    defaults: bool = False,
    ref: str | None = None,
    prompts: Prompts | None = None,
) -> Answers:
    """Render a template into a folder that is empty or missing.

    All answers are validated before the first file is written. Copier asks the remaining questions
    in the terminal, unless `defaults`.

    The source is a version, which is recorded as plain Copier would record it, or any other that
    Copier accepts, recorded as given; `ref` is the version of such a source. Answers may be text or
    YAML values. Returns the answers to all questions, as recorded in the answers file.

    Raises:
        AnswerError: The template does not accept an answer.
        MlpathError: The source is unavailable or broken, or there is no terminal to ask in.
    """
    prompts = prompts or Prompts()
    if isinstance(source, TemplateVersion):
        check_answers(source, answers)
    try:
        with _copier_environment(source):
            worker = copier.run_copy(
                str(source.folder) if isinstance(source, TemplateVersion) else source,
                dest,
                data={**prompts.context, **answers},
                vcs_ref=ref,
                settings=copier.Settings(),  # not the user's, which would change answers silently
                defaults=defaults,
                user_defaults={k: v for k, v in prompts.suggestions.items() if k not in answers},
                cleanup_on_error=False,
                overwrite=True,
                quiet=True,
            )
    except copier.errors.CopierAnswersInterrupt:
        raise KeyboardInterrupt from None
    except _ERRORS as error:
        if (translated := _translate(error, source)) is None:
            raise
        raise translated from None
    if isinstance(source, TemplateVersion):
        _record_version(dest / ANSWERS_FILE, source)
    return _recorded_answers(worker)


def _recorded_answers(worker: Any) -> Answers:
    """Return what Copier writes to the answers file, without its own keys."""
    keys = set(worker.template.questions_data) - worker.answers.hidden
    keys -= set(worker.template.secret_questions)
    return {key: value for key, value in worker.answers.combined.items() if key in keys}


def _translate(error: Exception, source: TemplateVersion | str) -> MlpathError | None:
    """Return Copier's error as one for the user, or None if it is a bug."""
    name = source.tag if isinstance(source, TemplateVersion) else source
    if isinstance(error, copier.errors.InteractiveSessionError):
        return MlpathError(
            "some questions have no answer, and there is no terminal to ask in",
            hint="Add --defaults, or answer each question with -d KEY=VALUE.",
        )
    if isinstance(error, copier.errors.UnsafeTemplateError):
        return MlpathError(
            f"the template {name} runs code: {str(error).splitlines()[0]}",
            hint="mlpath does not run code of templates. If you trust it: copier copy --trust",
        )
    if isinstance(error, jinja2.TemplateError):
        return MlpathError(
            f"the template {name} fails to render: {_one_line(str(error))}",
            hint="This is a bug of the template, not of your answers.",
        )
    # Copier has no class of its own for a rejected answer.
    if isinstance(error, ValueError) and (rejected := _REJECTED.match(str(error))):
        return AnswerError(rejected[1], f"{rejected[1]}: {_one_line(rejected[2])}")
    expected = isinstance(error, copier.errors.CopierError | ProcessExecutionError)
    if isinstance(source, TemplateVersion) and not expected:
        return None
    return MlpathError(
        f"cannot use the template {name}: {_last_line(error)}",
        hint="Check the address and the version of the template, and the network.",
    )


def _record_version(path: Path, version: TemplateVersion) -> None:
    """Write the version to the answers file, byte for byte as Copier would from the bundle.

    Copier rendered a plain folder, so it recorded that folder, and no `_commit`.
    """
    origin = yaml.safe_dump({"_commit": version.tag, "_src_path": SRC_PATH})
    text = path.read_bytes().decode()
    text = re.sub(r"^_src_path:.*\n(?: .*\n)*", lambda _: origin, text, count=1, flags=re.MULTILINE)
    path.write_bytes(text.encode())


@contextmanager
def _copier_environment(source: TemplateVersion | str) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        stack.enter_context(local.env())
        for name in set(git.REPOSITORY_VARIABLES) & set(local.env):
            del local.env[name]
        local.env.update(git.settings_as_environment())
        if isinstance(source, TemplateVersion):
            # A plain folder needs no git, for which Copier starts a process per file. If the folder
            # is a git checkout, Copier would clone it instead.
            local.env["PATH"] = os.devnull
        if not sys.stdin.isatty():
            # prompt_toolkit would print a warning and the question, and block on an open pipe.
            stack.enter_context(contextlib.redirect_stdout(None))
            stack.callback(setattr, sys, "stdin", sys.stdin)
            sys.stdin = io.StringIO()
        yield


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _last_line(error: Exception) -> str:
    text = getattr(error, "stderr", None) or str(error) or type(error).__name__
    return str(text).strip().splitlines()[-1]
