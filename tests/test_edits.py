"""No update loses a line: many kinds of edits, between two tiny releases and between real ones."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import ROOT
from mlpath.errors import AnswerError
from mlpath.template import store
from mlpath.template.questions import check_answers, questions
from mlpath.update import renames
from support import comparison
from support.comparison import Comparison
from support.e2e import Owner
from support.edits import ALL_EDITS, Decision, Expectation
from support.scenarios import Scenario, run_scenarios
from support.updates import COPIER, MLPATH, make_edit, update
from support.version_pairs import ANSWERS_FILE, BaseProject, Files, NotApplicableError, prepare

EXAMPLES = sorted(path for path in (ROOT / "examples").iterdir() if path.is_dir())
EDITS = {edit.name: edit for edit in ALL_EDITS}
HARMLESS = ("nothing", "other_line", "readme_section", "own_files", "unchanged_deleted")
"""Edits that both updates merge, and that can be made at once."""


@contextmanager
def home_at(home: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("USERPROFILE", str(home))
        yield


def versions() -> list[str]:
    """Return the versions of this checkout, without those in the developer's home."""
    with tempfile.TemporaryDirectory() as home, home_at(Path(home)):
        return store.versions()


def releases_to_update_from() -> list[Any]:
    """Return the oldest and the last release with the newest version.

    tests/test_update_releases.py has those between them.
    """
    *older, newest = versions()
    released = [version for version in older if ".dev" not in version]
    reason = f"{newest} is the only version"
    return [
        pytest.param((old, newest), id=old) for old in dict.fromkeys(released[:1] + released[-1:])
    ] or [pytest.param(None, marks=pytest.mark.skip(reason=reason), id="none")]


@pytest.fixture(scope="module")
def tiny(owner: Owner, tmp_path_factory: pytest.TempPathFactory) -> BaseProject:
    """Create a project of a template that differs between two releases in every way."""
    return comparison.tiny_base(owner, tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module", params=releases_to_update_from())
def real(
    request: pytest.FixtureRequest, owner: Owner, tmp_path_factory: pytest.TempPathFactory
) -> BaseProject:
    """Create a project of an older release: of the example that has changed most since then.

    A release may concern one domain alone, and then the others have hardly a file to edit.
    """
    old, new = request.param
    folder = tmp_path_factory.mktemp("real")
    bases = []
    with home_at(owner.home):
        store.publish()
        answers = answers_for(old)
        with store.open_version(new) as release:
            listed = renames.load(release, old)
    assert answers, f"{old} can create none of the examples"
    for name, values in answers.items():
        file = folder / f"{name}.yml"
        file.write_text(yaml.safe_dump(values), encoding="utf-8")
        base = prepare(owner, folder / name, store.SRC_PATH, old, new, answers=file)
        versions = base.versions
        resolved = renames.resolve(listed, versions.old, versions.old, versions.new)
        versions = replace(versions, renames={**versions.renames, **resolved})
        bases.append(replace(base, versions=versions))
    return max(bases, key=lambda base: len(base.versions.differing))


def answers_for(version: str) -> dict[str, dict[str, Any]]:
    """Return the answers of each example that an older release can create."""
    found = {}
    with store.open_version(version) as release:
        declared = questions(release)
        for example in EXAMPLES:
            answers = yaml.safe_load((example / ANSWERS_FILE).read_bytes())
            given = {key: answers[key] for key in declared if key in answers}
            try:
                check_answers(release, given)
            except AnswerError:
                continue  # a domain that is newer
            found[example.name] = given
    return found


@pytest.fixture(scope="module")
def scenarios(tiny: BaseProject, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Scenario]:
    """Run every edit through a preview, an update and an abort."""
    return run_scenarios(tiny, tmp_path_factory.mktemp("scenarios"))


@pytest.fixture(scope="module")
def comparisons(
    tiny: BaseProject, scenarios: dict[str, Scenario], tmp_path_factory: pytest.TempPathFactory
) -> list[Comparison]:
    """Run every edit through Copier's update, too."""
    return comparison.compare_updates(tiny, scenarios, tmp_path_factory.mktemp("comparisons"))


@pytest.mark.parametrize("name", EDITS)
def test_between_tiny_releases(scenarios: dict[str, Scenario], name: str) -> None:
    scenario = scenarios[name]
    assert scenario.update.decision is EDITS[name].expected, scenario.report
    assert scenario.problems() == []


@pytest.mark.parametrize("name", ["other_line", "same_line", "delete", "binary", "added_ignored"])
def test_the_text_output_names_the_files(tiny: BaseProject, tmp_path: Path, name: str) -> None:
    project, expected = make_edit(tiny, tmp_path / "project", EDITS[name])
    done = update(project, expected, MLPATH)
    assert done.decision is EDITS[name].expected, done.output
    assert done.exit_status == (done.decision is not Decision.MERGED)
    for path in expected.names:
        assert path in done.output


@pytest.mark.e2e
def test_in_a_folder_of_a_repository_with_all_of_git_configured(
    owner: Owner, tmp_path: Path
) -> None:
    base = comparison.tiny_base(owner, tmp_path / "tiny", "code/the demo")
    user = Owner(tmp_path / "user")
    configure_all_of_git(user.home)
    scenarios = run_scenarios(base, tmp_path / "scenarios", user)
    assert {
        name: (str(scenario.update), scenario.problems())
        for name, scenario in scenarios.items()
        if scenario.update.decision is not EDITS[name].expected or scenario.problems()
    } == {}
    assert sorted(path.name for path in user.home.iterdir()) == [".gitconfig", "hooks"]


def configure_all_of_git(home: Path) -> None:
    """Write settings that change the results of git, and hooks that create a file and fail."""
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


def test_the_page_explains_every_reason(scenarios: dict[str, Scenario]) -> None:
    files = [file for each in scenarios.values() for file in each.report.get("files", [])]
    reasons = {file["reason"] for file in files if file["outcome"] == "conflict"}
    page = comparison.PAGE.read_text(encoding="utf-8")
    assert reasons
    assert {reason for reason in reasons if f"| {reason} |" not in page} == set()


@pytest.mark.e2e
def test_between_real_releases(real: BaseProject, tmp_path: Path) -> None:
    """Whether an edit is merged or in conflict depends on the files; nothing may be missing."""
    problems = {}
    scenarios = run_scenarios(real, tmp_path)
    for name, scenario in scenarios.items():
        found = scenario.problems()
        refused = EDITS[name].expected is Decision.REFUSED
        allowed = {Decision.REFUSED} if refused else {Decision.MERGED, Decision.CONFLICT}
        if scenario.update.decision not in allowed:
            found.append(str(scenario.update))
        if found:
            problems[name] = found
    assert problems == {}
    tried = Counter(EDITS[name].theirs for name in scenarios)
    assert tried["changes a file"] > len(ALL_EDITS) / 4, "hardly an edit could be tried"
    # A patch release may add, remove or rename nothing.
    possible = {
        "adds a file": is_possible(lambda: real.versions.added),
        "removes a file": is_possible(lambda: real.versions.removed),
        "renames and changes a file": is_possible(lambda: real.versions.renamed),
    }
    assert {theirs: bool(tried[theirs]) for theirs in possible} == possible


def is_possible(file: Callable[[], object]) -> bool:
    """Return whether two versions differ in a way."""
    try:
        file()
    except NotApplicableError:
        return False
    return True


def join(expectations: list[Expectation]) -> Expectation:
    mine = [check for expected in expectations for check in expected.mine]
    theirs = [check for expected in expectations for check in expected.theirs]
    return Expectation(tuple(mine), tuple(theirs))


def without_labels(files: Files) -> Files:
    """Remove the names of the sides from conflict markers."""
    return {
        name: entry._replace(content=re.sub(rb"(?m)^(<{7}|>{7}) .*$", rb"\1", entry.content))
        for name, entry in files.items()
    }


@pytest.mark.e2e
def test_the_table_is_current(comparisons: list[Comparison]) -> None:
    page = comparison.PAGE.read_text(encoding="utf-8")
    assert page == comparison.format_page(comparisons), "run: python scripts/update_table.py"


@pytest.mark.e2e
def test_plain_copier_gives_the_same_files_unless_it_loses_work(
    comparisons: list[Comparison],
) -> None:
    comparable = [
        each
        for each in comparisons
        if each.copier.decision is Decision.MERGED
        or each.copier.decision is each.mlpath.decision is Decision.CONFLICT
    ]
    assert len(comparable) >= len(HARMLESS)
    assert [
        each.edit.name
        for each in comparable
        if without_labels(each.mlpath.state.files) != without_labels(each.copier.state.files)
    ] == []


def test_plain_copier_gives_the_same_files(tiny: BaseProject, tmp_path: Path) -> None:
    assert_plain_copier_gives_the_same_files(tiny, tmp_path)


@pytest.mark.e2e
def test_plain_copier_gives_the_same_real_files(real: BaseProject, tmp_path: Path) -> None:
    assert_plain_copier_gives_the_same_files(real, tmp_path)


def assert_plain_copier_gives_the_same_files(base: BaseProject, folder: Path) -> None:
    """Make the harmless edits and update with both."""
    files = []
    for command in (MLPATH, COPIER):
        project, _ = make_edit(base, folder / command[2], EDITS[HARMLESS[0]])
        expectations = [EDITS[name].make(project) for name in HARMLESS]
        project.commit()
        done = update(project, join(expectations), (*command, "-r", base.version))
        assert done.decision is Decision.MERGED, done.output
        files.append(done.state.files)
    assert files[0] == files[1]
