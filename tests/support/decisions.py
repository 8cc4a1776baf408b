"""What an update made of an edited project, told from the project alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from support.edits import Claim, Edit, Kind, Site, Stake, State
from support.version_pairs import EXECUTABLE, FILE, LINK, Entry, Ground, snapshot

if TYPE_CHECKING:
    from support.e2e import Owner

LIMIT = 300
"""Seconds for one command, on a slow machine."""

MLPATH = (sys.executable, "-m", "mlpath", "update", "--defaults")
COPIER = (sys.executable, "-m", "copier", "update", "--defaults")

_MARKERS = (b"<<<<<<< ", b">>>>>>> ")
_MODES = {EXECUTABLE, FILE, LINK}


@dataclass(frozen=True)
class Verdict:
    """What an update did."""

    kind: Kind
    status: int
    """The exit status of the command."""
    missing: tuple[str, ...]
    """What is gone without a word, if anything is."""
    said: str
    """All that the command printed."""
    state: State
    committed: bool
    """Whether it made a commit in the owner's name."""

    def __str__(self) -> str:
        """Return a few words, for a table or a failed test."""
        return f"{' and '.join(self.missing) or self.kind.value}, exit {self.status}"


def edited(ground: Ground, folder: Path, edit: Edit) -> tuple[Site, Stake]:
    """Copy a project to a new folder and edit it there.

    Raises:
        UnsuitedError: The two versions lack the kind of change that the edit is about.
    """
    shutil.copytree(ground.repository, folder, symlinks=True)
    site = Site(folder / ground.below, ground.pair, ground.owner)
    return site, edit.apply(site)


def update(site: Site, stake: Stake, command: Sequence[str]) -> Verdict:
    """Update a project with a command, which is given its folder, and judge the result."""
    before = state_of(site)
    done = run(site.owner, *command, str(site.path))
    return judge(site, stake, before, done.returncode, done.stdout + done.stderr)


def run(owner: Owner, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command as the owner of some projects would, whatever comes of it."""
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


def judge(site: Site, stake: Stake, before: State, status: int, said: str) -> Verdict:
    """Tell what an update made of a project, from its states before and after."""
    after = state_of(site)
    kind, missing = Kind.MERGED, tuple(_missing(stake.mine, after))
    if missing:
        kind = Kind.LOST
    elif status and after == before:
        kind = Kind.REFUSED
    elif status and not after.stages:
        kind = Kind.BROKEN
    elif missing := (*_missing(stake.theirs, after), *_not_as_new(site, stake, before, after)):
        kind = Kind.DROPPED
    elif after.stages or _has_traces_of_conflict(after):
        kind = Kind.CONFLICT
    return Verdict(kind, status, missing, said, after, after.head != before.head)


def state_of(site: Site) -> State:
    """Look at a project."""
    stages = {}
    for line in site.git("ls-files", "--unmerged", "-z").split("\0")[:-1]:
        facts, _, path = line.partition("\t")
        mode, blob, side = facts.split()
        assert mode in _MODES
        done = subprocess.run(
            ["git", "cat-file", "blob", blob], cwd=site.path, check=True, capture_output=True
        )
        stages[path, int(side)] = Entry(mode, done.stdout)
    return State(
        snapshot(site.path),
        stages,
        # With the marks of --assume-unchanged and its like.
        site.git("ls-files", "--stage", "-v", "-z"),
        site.git("rev-parse", "HEAD"),
    )


def _missing(claims: Sequence[Claim], state: State) -> list[str]:
    return list(dict.fromkeys(claim.what for claim in claims if not claim.holds(state)))


def _not_as_new(site: Site, stake: Stake, before: State, after: State) -> list[str]:
    """Return the files that the owner left alone and that are not as the newer version has them."""
    pair = site.pair
    names = {*pair.old, *pair.new, *before.files}
    edited = {name for name in names if pair.old.get(name) != before.files.get(name)}
    edited |= {new for old, new in pair.renames.items() if old in edited}
    edited |= {old for old, new in pair.renames.items() if new in edited}
    return [
        f"the template's {name} is missing"
        for name in sorted({*pair.old, *pair.new} - edited - set(stake.elsewhere))
        if after.files.get(name) != pair.new.get(name)
    ]


def _has_traces_of_conflict(state: State) -> bool:
    return any(
        path.endswith(".rej") or any(line.startswith(_MARKERS) for line in entry.lines)
        for path, entry in state.files.items()
    )
