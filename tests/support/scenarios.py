"""Projects of the catalogue through a forecast, an update and its undoing, many at once."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.decisions import Verdict, edited, judge, run, state_of
from support.edits import CATALOGUE, Edit, Kind, Site, Stake, State
from support.version_pairs import Ground, UnsuitedError

if TYPE_CHECKING:
    from support.e2e import Owner

Document = dict[str, Any]
"""What `--json` says of one project."""

_STATUS = {"updated": 0, "current": 0, "conflicts": 1, "failed": 1}
"""The exit status of a command that has one such project."""

_TOUCHING = {"new", "changed", "merged", "removed", "conflict"}


@dataclass(frozen=True)
class Life:
    """What happened to one edited project, and what was said of it."""

    edit: Edit
    site: Site
    stake: Stake
    before: State
    forecast: Document
    after_forecast: State
    traces: set[str]
    """What the forecast left in git's own folder."""
    update: Document
    verdict: Verdict
    after_abort: State

    def complaints(self) -> list[str]:
        """Return all that is not as it has to be, whatever the edit."""
        return [
            *self._complaints_about_forecast(),
            *self._complaints_about_report(),
            *self._complaints_about_abort(),
        ]

    def _complaints_about_forecast(self) -> Iterator[str]:
        if self.after_forecast != self.before or self.traces:
            yield f"the forecast left a trace: {self.traces or 'in the files or the index'}"
        if self.verdict.kind is not Kind.REFUSED and self.forecast["files"] != self.update["files"]:
            yield "the forecast did not come true"

    def _complaints_about_report(self) -> Iterator[str]:
        verdict = self.verdict
        if verdict.status != (verdict.kind is not Kind.MERGED):
            yield f"called {self.update['state']}"
        if verdict.committed:
            yield "a commit in the owner's name"
        if verdict.kind is not Kind.MERGED and not any(
            name in verdict.said for name in self.stake.names
        ):
            yield f"names none of {self.stake.names}"
        if verdict.kind is not Kind.REFUSED:
            yield from self._complaints_about_files()

    def _complaints_about_files(self) -> Iterator[str]:
        before, after = self.before.files, self.verdict.state.files
        told = {file["path"]: file["outcome"] for file in self.update["files"]}
        for path, verdict in told.items():
            if not self._is_true(verdict, path):
                yield f"{path} is not {verdict}"
        touched = {path for path in before | after if before.get(path) != after.get(path)}
        silent = touched | self.verdict.state.conflicts
        silent -= {path for path, verdict in told.items() if verdict in _TOUCHING}
        if silent:
            yield f"says nothing of {silent}"
        if any(
            file["outcome"] == "conflict" and not file["reason"] for file in self.update["files"]
        ):
            yield "a conflict without a reason"

    def _is_true(self, verdict: str, path: str) -> bool:
        before, after = self.before.files.get(path), self.verdict.state.files.get(path)
        in_conflict = path in self.verdict.state.conflicts
        moved_along = path in self.site.pair.renames.values()
        return (
            in_conflict == (verdict == "conflict")
            and {
                "new": before is None and after is not None,
                "changed": before is not None and after == self.site.pair.new.get(path),
                "merged": (before is not None or moved_along) and after not in {None, before},
                "removed": before is not None and after is None,
                "conflict": True,
                "kept": before == after,
                "yours": before == after,
            }[verdict]
        )

    def _complaints_about_abort(self) -> Iterator[str]:
        if self.after_abort != self.before:
            yield "--abort did not bring back what was there before"


def live(ground: Ground, folder: Path, who: Owner | None = None) -> dict[str, Life]:
    """Send each edit that two versions allow through `--pretend`, an update and `--abort`.

    Args:
        ground: The project to edit.
        folder: Where the edited copies go.
        who: The one who updates; the project's owner, if it is nobody else.
    """
    made = []
    for edit in CATALOGUE:
        try:
            made.append((edit, *edited(ground, folder / edit.name, edit)))
        except UnsuitedError:
            continue
    sites = [site for _, site, _ in made]

    def states() -> list[State]:
        return [state_of(site) for site in sites]

    def all_at_once(*options: str) -> list[Document]:
        return told(who or ground.owner, [site.path for site in sites], *options)

    before, git_had = states(), [_git_files(site) for site in sites]
    forecasts = all_at_once("--defaults", "-r", ground.version, "--pretend")
    traces = [_git_files(site) - had for site, had in zip(sites, git_had, strict=True)]
    after_forecasts = states()
    updates = all_at_once("--defaults", "-r", ground.version)
    verdicts = [
        judge(site, stake, state, _STATUS[said["state"]], json.dumps(said, ensure_ascii=False))
        for (_, site, stake), state, said in zip(made, before, updates, strict=True)
    ]
    all_at_once("--abort")
    columns = zip(
        made, before, forecasts, after_forecasts, traces, updates, verdicts, states(), strict=True
    )
    return {edit.name: Life(edit, site, stake, *rest) for (edit, site, stake), *rest in columns}


def _git_files(site: Site) -> set[str]:
    return {str(path) for path in Path(site.git("rev-parse", "--absolute-git-dir")).rglob("*")}


def told(owner: Owner, projects: Sequence[Path], *options: str) -> list[Document]:
    """Run one `mlpath update` for many projects; return what it says of each."""
    done = run(
        owner, sys.executable, "-m", "mlpath", "update", "--json", *options, *map(str, projects)
    )
    assert done.stdout, done.stderr
    found: list[Document] = json.loads(done.stdout)
    assert [document["project"] for document in found] == [str(path) for path in projects]
    assert done.returncode == any(_STATUS.get(document["state"]) for document in found)
    return found
