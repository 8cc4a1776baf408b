"""Brings a project to another version of its template, or to other answers, by a merge.

The recorded version and the wanted one are rendered, and git merges what differs between them
with the project's HEAD. Nothing is written before the merge is known, and nothing is committed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpath.errors import AnswerError, MlpathError, UnknownQuestion, reporting_os_errors
from mlpath.system import git, processes
from mlpath.template import store as template
from mlpath.template.answers import (
    ANSWERS_FILE,
    Answers,
    Record,
    check_project,
    parse_record,
    read_record,
)
from mlpath.update import records
from mlpath.update import undo_log as journal
from mlpath.update.merge import Merge, Repository, head_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

    from mlpath.template.store import Release
    from mlpath.update.undo_log import Change, Entry

_BINARY_LOOKS = 8000
"""Bytes in which git looks for a NUL, to tell what is binary."""


@dataclass(frozen=True)
class Verdict:
    """What an update does to one file."""

    path: str
    verdict: str
    """new, changed, merged, conflict, removed, kept, or yours"""
    reason: str = ""


@dataclass
class Outcome:
    """What an update did, or would do, to a project."""

    project: Path
    old: str
    new: str
    written: bool = False
    aborted: bool = False
    files: list[Verdict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    patch: str = ""
    obstacles: list[str] = field(default_factory=list)
    """What would forbid to write this, as a forecast tells it."""
    signals: list[int] = field(default_factory=list)
    """Requests to end that came while it wrote, and are still to be obeyed."""

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        """Make anew what `dataclasses.asdict` gave, and JSON carried."""
        files = [Verdict(**file) for file in found["files"]]
        return cls(**{**found, "project": Path(found["project"]), "files": files})

    @property
    def conflicts(self) -> list[Verdict]:
        """The files that git could not merge."""
        return [file for file in self.files if file.verdict == "conflict"]

    @property
    def changed(self) -> list[Verdict]:
        """The files that are touched, those in conflict too."""
        return [file for file in self.files if file.verdict not in {"kept", "yours"}]


def update(
    project: Path,
    renders: Renders,
    *,
    data: Mapping[str, Any] | None = None,
    defaults: bool = False,
    ref: str | None = None,
    pretend: bool = False,
    patch: bool = False,
    held: contextlib.ExitStack | None = None,
) -> Outcome:
    """Merge a version of its template into a project; the result is staged, not committed.

    Args:
        project: Its folder.
        renders: Where renders are kept that several projects may share.
        data: Answers to change.
        defaults: Ask nothing.
        ref: The version wanted; None is the newest release.
        pretend: Only tell what would happen.
        patch: Put the patch into the outcome.
        held: Requests to end that come while it writes wait until this is closed; None: until
            it has written.

    Raises:
        MlpathError: Says what is in the way. Nothing was changed.
    """
    if data and "dataset" in data:
        raise AnswerError(
            "dataset",
            "dataset: whose data a project is of is settled when it is made",
            hint="Put a newer file in its place below data/raw/, or make another project.",
        )
    git.check_installed()
    project = project.absolute()
    with (
        reporting_os_errors(),
        tempfile.TemporaryDirectory(prefix="mlpath-") as scratch,
        contextlib.ExitStack() as own,
    ):
        start = _start(project, ref)
        record, notes = start.record, start.notes
        _refuse_what_the_data_settled(record, data or {})
        outcome = Outcome(project, record.version, start.target or record.version, notes=notes)
        settled = not data and not (start.edit and start.edit.alone)
        if settled and outcome.new == record.version and start.target:
            return outcome
        old = renders.old(record)
        new = renders.new(record, start.target, data or {}, notes, defaults=defaults)
        outcome.new = read_record(new).version
        if settled and outcome.new == record.version:
            return outcome
        _refuse_downgrade(project, record.version, outcome.new)
        merge = _merged(start, renders, old, new, Path(scratch))
        outcome.files = _verdicts(merge)
        if patch:
            outcome.patch = merge.patch()
        if pretend:
            outcome.obstacles = _obstacles(merge)
        elif merge.changes:
            _refuse_obstacles(merge)
            outcome.signals = (held or own).enter_context(processes.holding_off_signals())
            journal.carry_out(merge.plan())
            outcome.written = True
        return outcome


def _refuse_what_the_data_settled(record: Record, data: Mapping[str, Any]) -> None:
    """Refuse answers that `schema.yaml` goes with, which no update writes: it is the owner's."""
    if not record.answers.get("dataset"):
        return
    for key in ("domain", "task", "target"):
        if key in data and str(data[key]) != str(record.answers.get(key)):
            raise AnswerError(
                key,
                f"{key}: it follows from the data, and schema.yaml was written for it",
                hint="Make another project of the data: mlpath new-project --dataset PATH "
                "--target COLUMN",
            )


def abort(project: Path) -> Outcome:
    """Undo the last update of a project, which is not committed yet.

    Raises:
        MlpathError: There is nothing to undo.
    """
    git.check_installed()
    project = project.absolute()
    repository = Repository.around(project)
    with reporting_os_errors():
        notes = journal.recover(repository.top, repository.git_dir)
        if not notes:
            notes = journal.abort(repository.top, repository.git_dir, repository.prefix)
    version = read_record(project).version
    return Outcome(project, version, version, aborted=True, notes=notes)


class Renders:
    """Renders, each made once, however many projects ask for it while this is open."""

    def __init__(self, folder: Path | None = None) -> None:
        """Keep them in a folder that other processes share, or in one of its own."""
        self._stack = contextlib.ExitStack()
        self._folder = folder
        self._releases: dict[str, Release] = {}

    def __enter__(self) -> Self:
        if self._folder is None:
            scratch = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="mlpath-"))
            self._folder = Path(scratch)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def old(self, record: Record) -> Path:
        """Render what a project was made from.

        Raises:
            MlpathError: Its record is not one that its template could have written.
        """
        answers = dict(record.answers)
        while True:
            try:
                return self._render(record.source, record.version, answers, defaults=True)
            except AnswerError as error:
                if error.key in answers and isinstance(error, UnknownQuestion):
                    del answers[error.key]  # Copier ignores what no question asks for
                    continue
                raise MlpathError(
                    f"the answers of the project are not those of template {record.version}: "
                    f"{error}",
                    hint=f"Somebody edited {ANSWERS_FILE}. Its history has the right ones: "
                    f"git log -p -- {ANSWERS_FILE}",
                ) from None

    def new(
        self,
        record: Record,
        version: str | None,
        data: Mapping[str, Any],
        notes: list[str],
        *,
        defaults: bool,
    ) -> Path:
        """Render what a project should have: its answers, but for those that `data` changes.

        An answer that the new version does not take is asked for again, or takes its default;
        `notes` gets a line on it.

        Raises:
            MlpathError: The version does not take what `data` says, or can't be rendered.
        """
        answers = {**record.answers, **data}
        while True:
            try:
                return self._render(record.source, version, answers, defaults=defaults)
            except AnswerError as error:
                if error.key in data or error.key not in answers:
                    raise
                gone = answers.pop(error.key)
                if not isinstance(error, UnknownQuestion):
                    notes.append(f"{error}; your answer {gone!r} gives way to the default.")

    def _render(
        self, source: str, version: str | None, answers: Answers, *, defaults: bool
    ) -> Path:
        from mlpath.template import render  # noqa: PLC0415 - brings Copier, which takes a while

        ours = source == template.SRC_PATH
        origin: Release | str = self._release(version) if ours else source
        facts = json.dumps([source, version, answers, defaults], sort_keys=True, default=str)
        assert self._folder is not None  # noqa: S101 - it is set on entering
        place = self._folder / hashlib.sha256(facts.encode()).hexdigest()[:16]
        if place.exists():
            return place
        draft = Path(tempfile.mkdtemp(dir=self._folder))
        try:
            render.render(origin, draft, answers, defaults=defaults, ref=None if ours else version)
            with contextlib.suppress(OSError):  # another process was faster
                draft.rename(place)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        return place

    def _release(self, version: str | None) -> Release:
        assert version is not None  # noqa: S101 - ours are always named
        if version not in self._releases:
            self._releases[version] = self._stack.enter_context(template.release(version))
        return self._releases[version]


@dataclass(frozen=True)
class _Start:
    """Where an update of a project begins, and where it is to end."""

    project: Path
    repository: Repository
    head: str
    record: Record
    edit: records.Edit | None
    target: str | None
    """The version wanted; None is what Copier finds to be the newest."""
    notes: list[str]


def _start(project: Path, ref: str | None) -> _Start:
    notes = journal.recover_around(project)
    check_project(project)
    repository = Repository.around(project)
    head = head_of(repository)
    record = _recorded(repository, head)
    if record.source == template.SRC_PATH:
        notes += template.try_publish()
    edit = records.last_edit(repository, head, record)
    target = _target(project, record, ref)
    return _Start(project, repository, head, record, edit, target, notes)


def _merged(start: _Start, renders: Renders, old: Path, new: Path, scratch: Path) -> Merge:
    """Merge, from the right base: not from answers that no file of the project follows."""
    as_written = records.is_as_written(start.project, old)
    remarks = records.has_remarks(start.project, old)
    if not as_written:
        start.notes.append(
            f"{ANSWERS_FILE} is not as the template writes it for these answers: "
            "somebody edited it. Change an answer with -d KEY=VALUE instead."
        )
    merge = Merge(
        start.repository, start.head, old, new, scratch / "1",
        keep_record=not as_written and not remarks,
    )  # fmt: skip
    edit = start.edit
    if edit is None or edit.brought(merge.base_files()):
        return merge
    before = renders.old(edit.before)
    if not records.is_by_hand(start.project, before, old):
        return merge
    start.notes.append(edit.explanation(start.record))
    return Merge(start.repository, start.head, before, new, scratch / "2", keep_record=not remarks)


def _recorded(repository: Repository, head: str) -> Record:
    """Return the project's record as git has it."""
    path = f"{repository.prefix}{ANSWERS_FILE}"
    done = git.attempt("cat-file", "blob", f"{head}:{path}", cwd=repository.top)
    if done.returncode:
        raise MlpathError(
            f"{repository.top / path} is not committed, so there is nothing to merge with",
            hint="Commit the project first: git add --all && git commit -m 'Before the update'",
        )
    return parse_record(done.stdout.encode("utf-8", "surrogateescape"), path)


def _target(project: Path, record: Record, ref: str | None) -> str | None:
    """Return the version to go to; None leaves it to Copier, for another template than ours."""
    if record.source != template.SRC_PATH:
        return ref
    template.check_known(record.version, project)
    if ref is None:
        newest = template.newest_release() or record.version
        return record.version if template.is_older(newest, record.version) else newest
    known = template.versions()
    wanted = f"v{ref}" if f"v{ref}" in known else ref
    if wanted not in known:
        raise MlpathError(
            f"there is no template version {ref}", hint=f"Known here: {', '.join(known)}."
        )
    _refuse_downgrade(project, record.version, wanted)
    return wanted


def _refuse_downgrade(project: Path, old: str, new: str) -> None:
    if template.is_older(new, old):
        raise MlpathError(
            f"{project} has template version {old}, and {new} is older",
            hint="To go back, revert the commit that brought the update: "
            f"git log --oneline -- {ANSWERS_FILE}, then git revert COMMIT",
        )


def _refuse_obstacles(merge: Merge) -> None:
    if lines := _obstacles(merge):
        raise MlpathError(lines[0], hint=lines[1])


def _obstacles(merge: Merge) -> list[str]:
    """Return what forbids to write a merge, and what to do about it; nothing if all is well."""
    shown = merge.repository.shown
    if found := merge.in_the_way():
        names = ", ".join(map(shown, found))
        return [
            f"there are files that git does not track where the template has some: {names}",
            "Move them away or rename them (or git add and commit them, to have them merged).",
        ]
    if found := merge.overlooked():
        return [
            f"git was told to overlook changes in {', '.join(map(shown, found))}",
            "Let it look again: git update-index --no-assume-unchanged --no-skip-worktree FILE",
        ]
    return []


def _verdicts(merge: Merge) -> list[Verdict]:
    """Say of each file what becomes of it, in the order of their paths."""
    result = []
    for path in sorted({*merge.changes, *merge.by_owner}):
        verdict, reason = _verdict(merge, path)
        result.append(Verdict(merge.repository.shown(path), verdict, reason))
    return result


def _verdict(merge: Merge, path: str) -> tuple[str, str]:
    change, mine = merge.changes.get(path), merge.by_owner.get(path)
    if path in merge.conflicts:
        return "conflict", _reason(merge, path)
    if change is None:
        return _verdict_on_owned(mine)
    if change.after is None:
        return "removed", ""
    if change.before is None:
        return _verdict_on_new(change, merge.by_template.get(path))
    if mine is None:
        return "changed", ""
    what = "your edits" if mine.before else "the file that you moved"
    return "merged", f"{what} and the template's changes"


def _verdict_on_owned(mine: Change | None) -> tuple[str, str]:
    if mine is None or mine.before is None:
        return "yours", ""
    return "kept", "you edited it" if mine.after else "you removed or moved it"


def _verdict_on_new(change: Change, theirs: Change | None) -> tuple[str, str]:
    if theirs is None:
        return "new", "in the folder that you moved"
    if theirs.after != change.after:
        return "merged", "the template moved the file, and your edits went with it"
    return "new", ""


def _reason(merge: Merge, path: str) -> str:
    """Say in words why a path is in conflict."""
    stages = merge.conflicts[path]
    if set(stages) == {1, 2, 3} and any(_is_binary(merge, entry) for entry in stages.values()):
        return "you and the template both changed it, and it is binary: keep one of them"
    moved_apart = any(set(entries) == {1} for entries in merge.conflicts.values())
    if len(stages) == 1 and not moved_apart:
        return "a file on one side, a folder or a link on the other: both are kept, under two names"
    return {
        (1, 2): "you changed or moved it, the template removed or moved it",
        (1, 3): "you removed or moved it, the template changed or moved it",
        (2, 3): "you and the template both added it",
        (1, 2, 3): "you and the template both changed the same lines",
    }.get(tuple(sorted(stages)), "you and the template moved it to different places")


def _is_binary(merge: Merge, entry: Entry) -> bool:
    return entry.mode.startswith("100") and b"\0" in merge.read(entry)[:_BINARY_LOOKS]
