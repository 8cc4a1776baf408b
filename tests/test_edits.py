"""No update loses a line: a catalogue of edits, between two tiny releases and between real ones."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

import update_table
from conftest import ROOT
from mlpath.errors import AnswerError
from mlpath.template import store as template
from mlpath.template.questions import check_answers, questions
from support.decisions import COPIER, MLPATH, edited, update
from support.e2e import Owner
from support.edits import CATALOGUE, Kind, Stake
from support.scenarios import Life, live
from support.version_pairs import ANSWERS_FILE, Files, Ground, UnsuitedError, prepare
from update_table import Outcome

EXAMPLES = sorted(path for path in (ROOT / "examples").iterdir() if path.is_dir())
EDITS = {edit.name: edit for edit in CATALOGUE}
HARMLESS = ("nothing", "other_line", "readme_section", "own_files", "unchanged_deleted")
"""Edits that Copier keeps too, that can be made all at once, and that both can merge."""


@contextmanager
def at_home(home: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("USERPROFILE", str(home))
        yield


def versions() -> list[str]:
    """Return the versions of this checkout; what the developer's own home knows is left out."""
    with tempfile.TemporaryDirectory() as home, at_home(Path(home)):
        return template.versions()


def releases_to_update_from() -> list[Any]:
    """Return each released version that has a newer one, with that."""
    *older, newest = versions()
    released = [version for version in older if ".dev" not in version]
    reason = f"{newest} is the only version that projects have: there is nothing to update from"
    return [pytest.param((old, newest), id=old) for old in released] or [
        pytest.param(None, marks=pytest.mark.skip(reason=reason), id="none")
    ]


@pytest.fixture(scope="module")
def tiny(owner: Owner, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """Make a project of a template that differs between two releases in every way there is."""
    return update_table.tiny_ground(owner, tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def outcomes(tiny: Ground, tmp_path_factory: pytest.TempPathFactory) -> list[Outcome]:
    """Put every edit through both updates."""
    return update_table.outcomes(tiny, tmp_path_factory.mktemp("outcomes"))


@pytest.fixture(scope="module", params=releases_to_update_from())
def real(
    request: pytest.FixtureRequest, owner: Owner, tmp_path_factory: pytest.TempPathFactory
) -> Ground:
    """Make a project of an older release: of the example that has changed most since then.

    A release may be about one domain alone, and then the others have hardly a file to edit.
    """
    old, new = request.param
    folder = tmp_path_factory.mktemp("real")
    with at_home(owner.home):
        template.publish()
        given = answers_for(old)
    assert given, f"{old} can make none of the examples"
    grounds = []
    for name, answers in given.items():
        file = folder / f"{name}.yml"
        file.write_text(yaml.safe_dump(answers), encoding="utf-8")
        ground = prepare(owner, folder / name, template.SRC_PATH, old, new, answers=file)
        grounds.append(ground)
    return max(grounds, key=lambda ground: len(ground.pair.differing))


def answers_for(version: str) -> dict[str, dict[str, Any]]:
    """Return the answers of each example that an older release can make, as far as it asks."""
    found = {}
    with template.release(version) as release:
        declared = questions(release)
        for example in EXAMPLES:
            answers = yaml.safe_load((example / ANSWERS_FILE).read_bytes())
            given = {key: answers[key] for key in declared if key in answers}
            try:
                check_answers(release, given)
            except AnswerError:
                continue  # A domain that came later.
            found[example.name] = given
    return found


@pytest.fixture(scope="module")
def lives(tiny: Ground, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Life]:
    """Send every edit through a forecast, an update and its undoing."""
    return live(tiny, tmp_path_factory.mktemp("lives"))


@pytest.mark.parametrize("name", EDITS)
def test_between_tiny_releases(lives: dict[str, Life], name: str) -> None:
    life = lives[name]
    assert life.verdict.kind is EDITS[name].expected, f"{life.verdict}\n{life.update}"
    assert not life.complaints()


@pytest.mark.parametrize("name", ["other_line", "same_line", "delete", "binary", "added_ignored"])
def test_a_person_is_told_too(tiny: Ground, tmp_path: Path, name: str) -> None:
    site, stake = edited(tiny, tmp_path / "project", EDITS[name])
    verdict = update(site, stake, MLPATH)
    assert verdict.kind is EDITS[name].expected, verdict.said
    assert verdict.status == (verdict.kind is not Kind.MERGED)
    for path in stake.names:
        assert path in verdict.said


@pytest.mark.e2e
def test_in_a_folder_of_a_repository_whose_owner_has_configured_all_of_git(
    owner: Owner, tmp_path: Path
) -> None:
    ground = update_table.tiny_ground(owner, tmp_path / "tiny", "code/the demo")
    fussy = Owner(tmp_path / "fussy")
    configure_all_of_git(fussy.home)
    lives = live(ground, tmp_path / "lives", fussy)
    assert {
        name: (str(life.verdict), life.complaints())
        for name, life in lives.items()
        if life.verdict.kind is not EDITS[name].expected or life.complaints()
    } == {}
    assert sorted(path.name for path in fussy.home.iterdir()) == [".gitconfig", "hooks"]


def configure_all_of_git(home: Path) -> None:
    """Write what changes the result of git commands, and hooks that leave a file and fail."""
    hooks = home / "hooks"
    hooks.mkdir(parents=True)
    for name in ("pre-commit", "post-checkout", "post-index-change", "reference-transaction"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch '{home}/ran'\nexit 1\n", encoding="utf-8")
        (hooks / name).chmod(0o755)
    (home / ".gitconfig").write_text(
        f"""
        [core]
            hooksPath = {hooks}
            autocrlf = input
            quotePath = true
        [commit]
            gpgSign = true
        [gpg]
            program = false
        [merge]
            conflictStyle = diff3
            renames = false
            directoryRenames = false
            ff = only
        [diff]
            renames = false
            noprefix = true
            external = false
        [apply]
            whitespace = error
        [rerere]
            enabled = true
        [status]
            showUntrackedFiles = no
        [color]
            ui = always
        """,
        encoding="utf-8",
    )


def test_the_page_explains_every_reason(lives: dict[str, Life]) -> None:
    files = [file for life in lives.values() for file in life.update.get("files", [])]
    reasons = {file["reason"] for file in files if file["outcome"] == "conflict"}
    page = update_table.PAGE.read_text(encoding="utf-8")
    assert reasons
    assert {reason for reason in reasons if f"| {reason} |" not in page} == set()


@pytest.mark.e2e
def test_between_real_releases(real: Ground, tmp_path: Path) -> None:
    """Merged or in conflict: that depends on the files; nothing may be missing either way."""
    found = {}
    lives = live(real, tmp_path)
    for name, life in lives.items():
        wrong = life.complaints()
        refused = EDITS[name].expected is Kind.REFUSED
        if life.verdict.kind not in ({Kind.REFUSED} if refused else {Kind.MERGED, Kind.CONFLICT}):
            wrong.append(str(life.verdict))
        if wrong:
            found[name] = wrong
    assert not found
    # A release that only mends adds, removes and renames nothing; some files it changes.
    tried = Counter(EDITS[name].theirs for name in lives)
    assert tried["changes a file"] > len(CATALOGUE) / 4, "hardly an edit could be tried"
    offered = {
        "adds a file": offers(lambda: real.pair.added),
        "removes a file": offers(lambda: real.pair.removed),
        "renames and changes a file": offers(lambda: real.pair.renamed),
    }
    assert {theirs: bool(tried[theirs]) for theirs in offered} == offered


def offers(file: Callable[[], object]) -> bool:
    """Whether two versions differ by such a file."""
    try:
        file()
    except UnsuitedError:
        return False
    return True


def joined(stakes: list[Stake]) -> Stake:
    mine = [claim for stake in stakes for claim in stake.mine]
    theirs = [claim for stake in stakes for claim in stake.theirs]
    return Stake(tuple(mine), tuple(theirs))


def without_labels(files: Files) -> Files:
    """Cut off what a conflict's markers say about whose side is whose."""
    return {
        name: entry._replace(content=re.sub(rb"(?m)^(<{7}|>{7}) .*$", rb"\1", entry.content))
        for name, entry in files.items()
    }


@pytest.mark.e2e
def test_the_table_is_current(outcomes: list[Outcome]) -> None:
    assert update_table.PAGE.read_text(encoding="utf-8") == update_table.page(outcomes), (
        "run: python scripts/update_table.py"
    )


@pytest.mark.e2e
def test_plain_copier_gives_the_same_files_where_it_loses_nothing(outcomes: list[Outcome]) -> None:
    comparable = [
        outcome
        for outcome in outcomes
        if outcome.theirs.kind is Kind.MERGED
        or outcome.theirs.kind is outcome.ours.kind is Kind.CONFLICT
    ]
    assert len(comparable) >= len(HARMLESS)
    assert [
        outcome.edit.name
        for outcome in comparable
        if without_labels(outcome.ours.state.files) != without_labels(outcome.theirs.state.files)
    ] == []


@pytest.mark.parametrize("name", HARMLESS[:2])
def test_plain_copier_gives_the_same_files(tiny: Ground, tmp_path: Path, name: str) -> None:
    files = []
    for command in (MLPATH, COPIER):
        verdict = update(*edited(tiny, tmp_path / command[2], EDITS[name]), command)
        assert verdict.kind is Kind.MERGED, verdict.said
        files.append(verdict.state.files)
    assert files[0] == files[1]


@pytest.mark.e2e
def test_plain_copier_gives_the_same_real_files(real: Ground, tmp_path: Path) -> None:
    files = []
    for command in (MLPATH, COPIER):
        site, _ = edited(real, tmp_path / command[2], EDITS[HARMLESS[0]])
        stakes = [EDITS[name].make(site) for name in HARMLESS]
        site.commit()
        verdict = update(site, joined(stakes), (*command, "-r", real.version))
        assert verdict.kind is Kind.MERGED, verdict.said
        files.append(verdict.state.files)
    assert files[0] == files[1]
