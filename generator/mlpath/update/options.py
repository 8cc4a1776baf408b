"""Lets a project grow step by step: an option's question, answered anew on the version it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlpath.errors import MlpathError
from mlpath.template import questions as template_questions
from mlpath.template import store as template
from mlpath.template.answers import Record, read_record
from mlpath.update import undo_log as journal
from mlpath.update.project import Outcome, Renders, update

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Mapping
    from pathlib import Path

WHY = {
    "ci": "every push runs the tests, and the badge says that they pass",
    "container": "the demo runs anywhere that containers do, with nothing to install",
    "deep": "a neural network beside the simpler models; it serves only if it earns it",
    "dvc_remote": "others, and your other machines, can fetch the data with `dvc pull`",
    "license": "without a licence nobody else may use your work",
    "space": "anybody can try the demo from a link, without an installation",
}
"""Why one would add an option; the question's own text says it for an option that is not here."""


@dataclass(frozen=True)
class Option:
    """Something that a project can have or do without."""

    key: str
    now: str
    values: tuple[str, ...]
    """What it can be set to; empty for yes or no."""
    present: bool
    why: str


def offers(project: Path) -> list[Option]:
    """Return the options of the template version that a project has.

    Raises:
        MlpathError: It is no project, or its template is not ours.
    """
    project = project.absolute()
    record = read_record(project)
    return _offers(record, _questions(project, record))


def add(project: Path, request: str, held: contextlib.ExitStack | None = None) -> Outcome:
    """Give a project an option, by the same merge as an update.

    Args:
        project: Its folder.
        request: `OPTION`, or `OPTION=VALUE`.
        held: As in `update`.

    Raises:
        MlpathError: There is no such option, it is there already, or a merge is not possible now.
    """
    project = project.absolute()
    notes = journal.recover_around(project)
    record = read_record(project)
    questions = _questions(project, record)
    options = {option.key: option for option in _offers(record, questions)}
    key, given, value = request.partition("=")
    option = options.get(key)
    if option is None and not (given and key in questions):
        raise MlpathError(
            f"there is no option {key} in template version {record.version}",
            hint=f"There are: {', '.join(options)}. See them: mlpath add",
        )
    if not given and option is not None:
        if option.present:
            raise MlpathError(
                f"{project} has {key} already: {option.now}",
                hint=f"Another value: mlpath add {key}=VALUE"
                f" ({', '.join(option.values) or 'true, false'}).",
            )
        value = _usual(questions[key], option)
    with Renders() as renders:
        outcome = update(
            project, renders, data={key: value}, defaults=True, ref=record.version, held=held
        )
    outcome.notes[:0] = notes
    return outcome


def _questions(project: Path, record: Record) -> Mapping[str, Mapping[str, Any]]:
    if record.source != template.SRC_PATH:
        raise MlpathError(
            f"{project} is made from {record.source}, whose options mlpath does not know",
            hint="Change an answer: mlpath update -d KEY=VALUE",
        )
    template.try_publish()
    template.check_known(record.version, project)
    with template.release(record.version) as release:
        return template_questions.questions(release)


def _offers(record: Record, questions: Mapping[str, Mapping[str, Any]]) -> list[Option]:
    result = []
    for key, question in questions.items():
        values = template_questions.values_of(question)
        if question.get("when", True) is False:
            continue
        if question.get("type") != "bool" and "none" not in values and key not in WHY:
            continue
        now = record.answers.get(key, question.get("default"))
        present = now not in (False, "none", None)  # a record may hold a list, by hand
        why = WHY.get(key) or str(question.get("help", "")).strip()
        result.append(Option(key, _shown(now), tuple(values), present, why))
    return result


def _usual(question: Mapping[str, Any], option: Option) -> str:
    """Return the value that an option has when it is added without one."""
    if not option.values:
        return "true"
    others = [value for value in option.values if value != "none"]
    default = str(question.get("default"))
    return default if default in others else others[0]


def _shown(value: object) -> str:
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)
