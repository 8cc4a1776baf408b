"""Add an option to a project: change an answer on the version that it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mlpath.errors import MlpathError
from mlpath.template import store
from mlpath.template.answers import Record, read_record
from mlpath.template.questions import settable_questions, values_of
from mlpath.update import undo_log
from mlpath.update.record import check_own_template
from mlpath.update.update import UpdateRequest, UpdateResult, update

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlpath.update.renders import RenderCache

_ABSENT = {"dvc_remote": "local"}
"""The value of an option that others cannot use, besides no and none."""

BENEFITS = {
    "ci": "runs the tests on every push, and shows the result in a badge",
    "container": "packages the demo, so that it runs without an installation",
    "deep": "adds a neural network, which is promoted only if it beats the simpler models",
    "dvc_remote": "lets others, and your other machines, fetch the data with `dvc pull`",
    "engine": "runs searches and trainings on a Ray cluster, if its address is set",
    "license": "allows others to use your work",
    "mcp": "lets AI assistants ask the demo for predictions, by the Model Context Protocol",
    "notebook": "explores the training data by hand, in a marimo notebook",
    "services": "runs an MLflow server on PostgreSQL and S3, and the demo, with one command",
}
"""What an option is good for; for others, the help of its question is shown."""


class Option(NamedTuple):
    """An option that a project has or could have."""

    key: str
    now: str
    values: tuple[str, ...]
    """The values to choose from; empty for yes or no."""
    present: bool
    why: str


def list_options(project: Path) -> list[Option]:
    """Return the options of a project's template version.

    Raises:
        MlpathError: It is not a project, or not of mlpath's own template.
    """
    project = project.absolute()
    record = read_record(project)
    return _options(record, _questions(project, record))


def add(project: Path, renders: RenderCache, request: str) -> UpdateResult:
    """Add `OPTION` or `OPTION=VALUE` to a project by a merge, as in an update.

    Raises:
        MlpathError: The option does not exist or is already there, or the merge is not possible.
    """
    project = project.absolute()
    notes = undo_log.recover(project)
    record = read_record(project)
    declared = _questions(project, record)
    options = {option.key: option for option in _options(record, declared)}
    key, given, value = request.partition("=")
    option = options.get(key)
    if option is None and not (given and key in declared):
        known = f"Options: {', '.join(options)}. Show them with: mlpath add"
        newer = "A newer version has it. First run: mlpath update"
        raise MlpathError(
            f"template version {record.version} has no option {key!r}",
            hint=newer if key in BENEFITS else known,
        )
    if not given and option is not None:
        value = _default_value(project, option, declared[key])
    change = UpdateRequest({key: value}, defaults=True, ref=record.version)
    result = update(project, renders, change)
    result.notes[:0] = notes
    return result


def _questions(project: Path, record: Record) -> Mapping[str, Mapping[str, Any]]:
    check_own_template(project, record)
    store.try_publish()
    store.check_known(record.version, project)
    with store.open_version(record.version) as template:
        return settable_questions(template)


def _options(record: Record, declared: Mapping[str, Mapping[str, Any]]) -> list[Option]:
    options = []
    for key, question in declared.items():
        values = values_of(question)
        optional = question.get("type") == "bool" or "none" in values or key in BENEFITS
        if not optional:
            continue
        now = record.answers.get(key, question.get("default"))
        present = now not in (False, "none", None, _ABSENT.get(key))
        why = BENEFITS.get(key) or str(question.get("help", "")).strip()
        options.append(Option(key, _format(now), tuple(values), present, why))
    return options


def _default_value(project: Path, option: Option, question: Mapping[str, Any]) -> str:
    if option.present:
        raise MlpathError(
            f"{project} already has {option.key}: {option.now}",
            hint=f"Change its value with: mlpath add {option.key}=VALUE"
            f" ({', '.join(option.values) or 'true, false'})",
        )
    if not option.values:
        return "true"
    others = [value for value in option.values if value not in ("none", option.now)]
    default = str(question.get("default"))
    return default if default in others else others[0]


def _format(value: object) -> str:
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)
