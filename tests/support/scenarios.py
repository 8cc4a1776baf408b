"""Every edit through a preview, an update and an abort, many projects at once."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.edits import ALL_EDITS, Decision, Edit, EditedProject, Expectation, State
from support.updates import UpdateRun, evaluate, make_edit, read_state, run
from support.version_pairs import BaseProject, NotApplicableError

if TYPE_CHECKING:
    from support.e2e import Owner

Document = dict[str, Any]
"""What `--json` prints for one project."""

_STATUS = {"updated": 0, "current": 0, "conflicts": 1, "failed": 1}
"""The exit status of a command for a project in that state."""

_TOUCHING = {"new", "changed", "renamed", "merged", "removed", "conflict"}


@dataclass(frozen=True)
class Scenario:
    """What happened to one edited project, and what was reported."""

    edit: Edit
    project: EditedProject
    expected: Expectation
    before: State
    lf_in_git: set[str]
    """Files with CRLF that git stores with LF: they are checked out with LF."""
    preview: Document
    after_preview: State
    traces: set[str]
    """What the preview left in git's own folder."""
    report: Document
    update: UpdateRun
    after_abort: State

    def problems(self) -> list[str]:
        """Return what is wrong, whatever the edit."""
        return [
            *self._problems_of_preview(),
            *self._problems_of_report(),
            *self._problems_of_abort(),
        ]

    def _problems_of_preview(self) -> Iterator[str]:
        if self.after_preview != self.before or self.traces:
            yield f"the preview has written: {self.traces or 'files or the index'}"
        refused = self.update.decision is Decision.REFUSED
        if not refused and self.preview["files"] != self.report["files"]:
            yield "the update differs from the preview"

    def _problems_of_report(self) -> Iterator[str]:
        update = self.update
        if update.exit_status != (update.decision is not Decision.MERGED):
            yield f"reported as {self.report['state']}"
        if update.committed:
            yield "it made a commit"
        names = self.expected.names
        if update.decision is not Decision.MERGED and not any(n in update.output for n in names):
            yield f"none of {names} is reported"
        if update.decision is not Decision.REFUSED:
            yield from self._problems_of_files()

    def _problems_of_files(self) -> Iterator[str]:
        before, after = self.before.files, self.update.state.files
        reported = {file["path"]: file["outcome"] for file in self.report["files"]}
        for path, outcome in reported.items():
            if not self._is_true(outcome, path):
                yield f"{path} is not {outcome}"
        touched = {path for path in before | after if before.get(path) != after.get(path)}
        unreported = touched | self.update.state.conflicts
        unreported -= {path for path, outcome in reported.items() if outcome in _TOUCHING}
        unreported -= {file["renamed_from"] for file in self.report["files"]}
        if unreported:
            yield f"{unreported} is not reported"
        files = self.report["files"]
        if any(file["outcome"] == "conflict" and not file["reason"] for file in files):
            yield "a conflict without a reason"

    def _is_true(self, outcome: str, path: str) -> bool:
        before, after = self.before.files.get(path), self.update.state.files.get(path)
        in_conflict = path in self.update.state.conflicts
        moved = path in self.project.versions.renames.values()
        return (
            in_conflict == (outcome == "conflict")
            and {
                "new": before is None and after is not None,
                "renamed": before is None and after == self.project.versions.new.get(path),
                "changed": before is not None and after == self.project.versions.new.get(path),
                "merged": (before is not None or moved) and after not in {None, before},
                "removed": before is not None and after is None,
                "conflict": True,
                "kept": before == after,
                "yours": before == after,
            }[outcome]
        )

    def _problems_of_abort(self) -> Iterator[str]:
        before, after = self.before, self.after_abort
        files = {
            path: entry._replace(content=entry.content.replace(b"\r\n", b"\n"))
            for path, entry in before.files.items()
            if path in self.lf_in_git and entry != after.files.get(path)
        }
        if after != replace(before, files={**before.files, **files}):
            yield "--abort did not restore the project"


def run_scenarios(
    base: BaseProject, folder: Path, user: Owner | None = None
) -> dict[str, Scenario]:
    """Run each edit that two versions allow through `--pretend`, an update and `--abort`."""
    made = []
    for edit in ALL_EDITS:
        try:
            made.append((edit, *make_edit(base, folder / edit.name, edit)))
        except NotApplicableError:
            continue
    projects = [project for _, project, _ in made]

    def read_states() -> list[State]:
        return [read_state(project) for project in projects]

    def update(*options: str) -> list[Document]:
        return update_all(user or base.owner, [project.path for project in projects], *options)

    lf_in_git = list(map(_lf_in_git, projects))
    before, git_files = read_states(), [_git_files(project) for project in projects]
    previews = update("--defaults", "-r", base.version, "--pretend")
    traces = [_git_files(p) - files for p, files in zip(projects, git_files, strict=True)]
    after_previews = read_states()
    reports = update("--defaults", "-r", base.version)
    updates = [
        evaluate(
            project,
            expected,
            state,
            _STATUS[report["state"]],
            json.dumps(report, ensure_ascii=False),
        )
        for (_, project, expected), state, report in zip(made, before, reports, strict=True)
    ]
    update("--abort")
    columns = zip(
        made,
        before,
        lf_in_git,
        previews,
        after_previews,
        traces,
        reports,
        updates,
        read_states(),
        strict=True,
    )
    return {edit.name: Scenario(edit, *rest, *values) for (edit, *rest), *values in columns}


def _lf_in_git(project: EditedProject) -> set[str]:
    lines = project.git("ls-files", "--eol", "-z").split("\0")[:-1]
    entries = (line.partition("\t") for line in lines)
    return {path for info, _, path in entries if "i/lf" in info and "w/crlf" in info}


def _git_files(project: EditedProject) -> set[str]:
    git_dir = Path(project.git("rev-parse", "--absolute-git-dir"))
    return {str(path) for path in git_dir.rglob("*")}


def update_all(owner: Owner, projects: Sequence[Path], *options: str) -> list[Document]:
    """Run one `mlpath update` for many projects; return what it prints for each."""
    paths = list(map(str, projects))
    done = run(owner, sys.executable, "-m", "mlpath", "update", "--json", *options, *paths)
    assert done.stdout, done.stderr
    documents: list[Document] = json.loads(done.stdout)
    assert [document["project"] for document in documents] == paths
    assert done.returncode == any(_STATUS.get(document["state"]) for document in documents)
    return documents
