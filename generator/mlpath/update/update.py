"""Update a project to another version of its template, or to other answers.

Read the record, render the recorded and the wanted version, merge both with the project's HEAD,
write the result. It is staged, not committed.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpath.errors import AnswerError
from mlpath.template import store
from mlpath.template.answers import ANSWERS_FILE, Record, check_project, read_record
from mlpath.update import record, renames, undo_log
from mlpath.update.merge import Merge, MergeInput
from mlpath.update.outcomes import FileOutcome, classify
from mlpath.update.repository import Repository, clean_head

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlpath.update.renders import RenderCache


@dataclass(frozen=True)
class UpdateRequest:
    """What a user wants an update to do."""

    data: Mapping[str, Any] = field(default_factory=dict)
    """Answers to change."""
    defaults: bool = False
    """Answer new questions with their defaults."""
    ref: str | None = None
    """The version to update to; None is the newest release."""
    pretend: bool = False
    patch: bool = False


@dataclass
class UpdateResult:
    """What an update did to a project, or would do."""

    project: Path
    old: str
    new: str
    written: bool = False
    aborted: bool = False
    files: list[FileOutcome] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    patch: str = ""
    obstacles: list[str] = field(default_factory=list)
    """What would prevent the update, and how to solve it; only with `pretend`."""

    @property
    def conflicts(self) -> list[FileOutcome]:
        """The files that git could not merge."""
        return [file for file in self.files if file.outcome == "conflict"]

    @property
    def changed(self) -> list[FileOutcome]:
        """The files that the update changes, with those in conflict."""
        return [file for file in self.files if file.outcome not in {"kept", "yours"}]


def update(project: Path, renders: RenderCache, request: UpdateRequest) -> UpdateResult:
    """Merge a version of its template into a project, and stage the result.

    Raises:
        MlpathError: The update is not possible. Nothing has changed.
    """
    project = project.absolute()
    notes = undo_log.recover(project)
    check_project(project)
    repository = Repository.around(project)
    head = clean_head(repository)
    recorded = record.committed_record(repository, head)
    _refuse_fixed_answers(recorded, request.data)
    if recorded.source == store.SRC_PATH:
        notes += store.try_publish()
    target = record.target_version(project, recorded, request.ref)
    result = UpdateResult(project, recorded.version, recorded.version, notes=notes)
    if target == recorded.version and not request.data:
        return result
    old = renders.render_recorded(recorded)
    new, rejected = renders.render_updated(
        recorded, target, request.data, defaults=request.defaults
    )
    result.notes += rejected
    result.new = read_record(new).version
    if result.new == result.old and not request.data:
        return result
    record.refuse_downgrade(project, result.old, result.new)
    reformatted = record.is_reformatted(project, old)
    if reformatted:
        result.notes.append(
            f"{ANSWERS_FILE} was edited by hand; the update writes it anew. "
            "Change an answer with: mlpath update -d KEY=VALUE"
        )
    template = renders.template(recorded.source, target)
    listed = renames.load(template, recorded.version) if template else []
    with tempfile.TemporaryDirectory(prefix="mlpath-") as scratch:
        inputs = MergeInput(head, old, new, reformatted, listed)
        _finish(result, Merge(repository, inputs, Path(scratch)), request)
    return result


def abort(project: Path) -> UpdateResult:
    """Undo the last update of a project, which is not committed yet.

    Raises:
        MlpathError: There is nothing to undo.
    """
    project = project.absolute()
    notes = undo_log.recover(project) or undo_log.abort(Repository.around(project))
    version = read_record(project).version
    return UpdateResult(project, version, version, aborted=True, notes=notes)


def _finish(result: UpdateResult, merge: Merge, request: UpdateRequest) -> None:
    """Report what a merge does, and write it unless that is all that is wanted."""
    result.files = classify(merge)
    if request.patch:
        result.patch = merge.patch()
    obstacle = merge.obstacle()
    if request.pretend:
        result.obstacles = [str(obstacle), obstacle.hint] if obstacle else []
    elif merge.changes:
        if obstacle:
            raise obstacle
        tree, stages = merge.export()
        undo_log.apply(merge.repository, merge.head, tree, merge.changes, stages)
        result.written = True


def _refuse_fixed_answers(recorded: Record, data: Mapping[str, Any]) -> None:
    """Refuse to change what `schema.yaml`, which no update writes, depends on."""
    if "dataset" in data:
        raise AnswerError(
            "dataset",
            "dataset: a project's data set cannot be changed by an update",
            hint="Replace the file below data/raw/ by a newer one, or create another project.",
        )
    if not recorded.answers.get("dataset"):
        return
    for key in ("domain", "task", "target"):
        if key in data and str(data[key]) != str(recorded.answers.get(key)):
            raise AnswerError(
                key,
                f"{key}: cannot become {data[key]!r}: the data set determines it, and "
                "schema.yaml was written for it",
                hint="Create another project from the data: mlpath new-project --dataset PATH "
                "--target COLUMN",
            )
