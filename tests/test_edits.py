"""No update loses a line: many kinds of edits, between two tiny releases and between real ones."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
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
from support.version_pairs import ANSWERS_FILE, BaseProject, prepare

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
        f"[core]\nhooksPath = {hooks}\nautocrlf = input\n"
        "[commit]\ngpgSign = true\n[gpg]\nprogram = false\n"
        "[merge]\nconflictStyle = diff3\nrenames = false\ndirectoryRenames = false\nff = only\n"
        "[diff]\nrenames = false\nnoprefix = true\nexternal = false\n"
        "[rerere]\nenabled = true\n[status]\nshowUntrackedFiles = no\n[color]\nui = always\n",
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
    tried = [name for name in scenarios if EDITS[name].theirs == "changes a file"]
    assert len(tried) > len(ALL_EDITS) / 4, "hardly an edit could be tried"


@pytest.mark.e2e
def test_the_table_is_current(comparisons: list[Comparison]) -> None:
    page = comparison.PAGE.read_text(encoding="utf-8")
    assert page == comparison.format_page(comparisons), "run: python scripts/update_table.py"


def test_plain_copier_gives_the_same_files(tiny: BaseProject, tmp_path: Path) -> None:
    files = []
    for command in (MLPATH, COPIER):
        project, _ = make_edit(tiny, tmp_path / command[2], EDITS[HARMLESS[0]])
        made = [EDITS[name].make(project) for name in HARMLESS]
        project.commit()
        expected = Expectation(
            tuple(check for each in made for check in each.mine),
            tuple(check for each in made for check in each.theirs),
        )
        done = update(project, expected, (*command, "-r", tiny.version))
        assert done.decision is Decision.MERGED, done.output
        files.append(done.state.files)
    assert files[0] == files[1]
