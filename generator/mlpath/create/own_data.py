"""The first question of `mlpath new-project`: the user's own data, fetched and profiled."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from mlpath.create import ingest
from mlpath.errors import MlpathError, from_os_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlpath.create.request import ProjectRequest
    from mlpath.dataset import DatasetProfile

QUESTION = "Your own data? A file, folder or address (empty: practice data)"


def load(
    request: ProjectRequest, log: Callable[[str], None]
) -> tuple[ProjectRequest, DatasetProfile | None]:
    """Fetch and profile the data of a request, after asking for it in a terminal.

    With a data set, or an answer that excludes one, nothing is asked. Returns the request with its
    data on this machine, and the profile; None for practice data.

    Raises:
        MlpathError: The data that the request names can't be used.
    """
    if not _is_asked(request):
        request, profile = ingest.load_dataset(request, log)
        if profile:
            log(ingest.report(profile))
        return request, profile
    while source := _ask():
        try:
            fetched, profile = ingest.load_dataset(replace(request, dataset=source), log)
            if profile:
                _check(profile)
                log(ingest.report(profile, brief=True))
        except (MlpathError, OSError) as error:
            _show(error if isinstance(error, MlpathError) else from_os_error(error))
        else:
            return fetched, profile
    return request, None


def _check(profile: DatasetProfile) -> None:
    ingest.data_answers(profile)
    if (profile.target or profile.domain == "vision") and not profile.doubts:
        ingest.check_usable(profile)


def _is_asked(request: ProjectRequest) -> bool:
    decided = request.dataset or request.target or request.template or request.defaults
    answered = {"dataset", "domain", "task"}.intersection(request.answers)
    return not decided and not answered and _has_terminal()


def _has_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _ask() -> str:
    """Return the reply to the question; the tab key completes paths."""
    import questionary  # noqa: PLC0415 - slow to import, and needed in a terminal only
    from prompt_toolkit.completion import PathCompleter  # noqa: PLC0415

    question = questionary.text(
        f"{QUESTION}\n  ",  # Copier's questions have this form
        qmark="•",
        completer=PathCompleter(expanduser=True),
        complete_while_typing=False,
    )
    return str(question.unsafe_ask()).strip().strip("'\"")  # quoted as for a shell


def _show(error: MlpathError) -> None:
    click.echo(f"{click.style('Error:', fg='red', bold=True)} {error}. {error.hint}", err=True)
