"""Update an edited project with a command, and decide from the project what the update did."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from support.edits import Check, Decision, Edit, EditedProject, Expectation, State
from support.version_pairs import EXECUTABLE, FILE, LINK, BaseProject, Entry, snapshot

if TYPE_CHECKING:
    from support.e2e import Owner

LIMIT = 300
"""Seconds for one command, on a slow machine."""

MLPATH = (sys.executable, "-m", "mlpath", "update", "--defaults")
COPIER = (sys.executable, "-m", "copier", "update", "--defaults")

_MARKERS = (b"<<<<<<< ", b">>>>>>> ")
_MODES = {EXECUTABLE, FILE, LINK}


@dataclass(frozen=True)
class UpdateRun:
    """What an update did."""

    decision: Decision
    exit_status: int
    missing: tuple[str, ...]
    """What is missing, without an error or a conflict."""
    output: str
    state: State
    committed: bool
    """Whether it made a commit."""

    def __str__(self) -> str:
        """Return a short description, for a failed test."""
        return f"{' and '.join(self.missing) or self.decision.value}, exit {self.exit_status}"


def make_edit(base: BaseProject, folder: Path, edit: Edit) -> tuple[EditedProject, Expectation]:
    """Copy a project to a new folder and edit the copy.

    Raises:
        NotApplicableError: The two versions lack the kind of change that the edit needs.
    """
    shutil.copytree(base.repository, folder, symlinks=True)
    project = EditedProject(folder / base.below, base.versions, base.owner)
    return project, edit.apply(project)


def update(project: EditedProject, expected: Expectation, command: Sequence[str]) -> UpdateRun:
    """Update a project with a command, which gets its folder as the last argument."""
    before = read_state(project)
    done = run(project.owner, *command, str(project.path))
    return evaluate(project, expected, before, done.returncode, done.stdout + done.stderr)


def run(owner: Owner, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the environment of a user, who may be another one than the test's."""
    return subprocess.run(
        command,
        cwd=owner.home,
        env=owner.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=LIMIT,
        check=False,
    )


def evaluate(
    project: EditedProject, expected: Expectation, before: State, exit_status: int, output: str
) -> UpdateRun:
    """Decide what an update did from the states of the project before and after it."""
    after = read_state(project)
    decision, missing = Decision.MERGED, tuple(_failures(expected.mine, after))
    if missing:
        decision = Decision.LOST
    elif exit_status and after == before:
        decision = Decision.REFUSED
    elif exit_status and not after.stages:
        decision = Decision.BROKEN
    elif missing := (
        *_failures(expected.theirs, after),
        *_outdated(project, expected, before, after),
    ):
        decision = Decision.DROPPED
    elif after.stages or _has_conflict_markers(after):
        decision = Decision.CONFLICT
    return UpdateRun(decision, exit_status, missing, output, after, after.head != before.head)


def read_state(project: EditedProject) -> State:
    """Return the files and the index of a project."""
    stages = {}
    for line in project.git("ls-files", "--unmerged", "-z").split("\0")[:-1]:
        info, _, path = line.partition("\t")
        mode, blob, stage = info.split()
        assert mode in _MODES
        done = subprocess.run(
            ["git", "cat-file", "blob", blob], cwd=project.path, check=True, capture_output=True
        )
        stages[path, int(stage)] = Entry(mode, done.stdout)
    return State(
        snapshot(project.path),
        stages,
        # With the flags of --assume-unchanged and --skip-worktree.
        project.git("ls-files", "--stage", "-v", "-z"),
        project.git("rev-parse", "HEAD"),
    )


def _failures(checks: Sequence[Check], state: State) -> list[str]:
    return list(dict.fromkeys(check.failure for check in checks if not check.holds(state)))


def _outdated(
    project: EditedProject, expected: Expectation, before: State, after: State
) -> list[str]:
    """Return the files that the user did not edit and that differ from the newer version."""
    versions = project.versions
    names = {*versions.old, *versions.new, *before.files}
    edited = {name for name in names if versions.old.get(name) != before.files.get(name)}
    edited |= {new for old, new in versions.renames.items() if old in edited}
    edited |= {old for old, new in versions.renames.items() if new in edited}
    return [
        f"the template's {name} is missing"
        for name in sorted({*versions.old, *versions.new} - edited - set(expected.elsewhere))
        if after.files.get(name) != versions.new.get(name)
    ]


def _has_conflict_markers(state: State) -> bool:
    return any(
        path.endswith(".rej") or any(line.startswith(_MARKERS) for line in entry.lines)
        for path, entry in state.files.items()
    )
