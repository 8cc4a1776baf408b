"""Each silent bug fits the code; injected into a copy, it is shown with its score and the test that catches it."""

import ast
import shutil
import subprocess
from pathlib import Path

import pytest

from air_ahead.data.schema import Schema
from air_ahead.errors import UserError
from air_ahead.evaluation.metrics import METRICS
from air_ahead.paths import ProjectPaths
from air_ahead.sabotage import sabotage, score
from air_ahead.sabotage.bugs import BUGS
from air_ahead.sabotage.injection import Bug, UnfitBugError, copy_project, inject
from air_ahead.sabotage.sabotage import PACKAGE, Failure
from air_ahead.serving.predictor import Predictor


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_fits_the_code_and_changes_it(bug: Bug, tmp_path: Path) -> None:
    changed = tmp_path / bug.module
    changed.parent.mkdir(parents=True)
    shutil.copy(PACKAGE / bug.module, changed)
    try:
        inject(bug, tmp_path)
    except UnfitBugError as error:
        pytest.skip(str(error))
    ast.parse(changed.read_text(encoding="utf-8"))
    assert changed.read_text(encoding="utf-8").count(bug.after) == 1


def test_a_bug_does_not_fit_code_that_was_changed(tmp_path: Path) -> None:
    changed = tmp_path / BUGS[0].module
    changed.parent.mkdir(parents=True)
    changed.write_text("pass\n")
    with pytest.raises(UnfitBugError, match=rf"^{BUGS[0].name} replaces code that {BUGS[0].module} does not have"):
        inject(BUGS[0], tmp_path)
    assert changed.read_text() == "pass\n"


def test_names_differ() -> None:
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 5
    assert {bug.metric for bug in BUGS} <= {"", *METRICS}


def test_the_score_is_that_of_the_champion(
    project: ProjectPaths, predictor: Predictor, capsys: pytest.CaptureFixture[str]
) -> None:
    record = predictor.champion.record
    for metric in {"", *(bug.metric for bug in BUGS)}:
        key = metric or record["metric"]
        score.main(record["model"], key, project.raw, project)
        printed = float(capsys.readouterr().out.splitlines()[-1])
        assert printed == pytest.approx(record["metrics"][key]["value"], rel=1e-3)


def test_a_copy_has_what_git_has_or_would_add(tmp_path: Path) -> None:
    root, copy = tmp_path / "root", tmp_path / "copy"
    root.mkdir()
    with pytest.raises(UserError, match="is not in a git repository"):
        copy_project(root, copy)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    for name in (".gitignore", "added.py", "ignored.py"):
        (root / name).write_text("ignored.py\n")
    copy_project(root, copy)
    assert sorted(path.name for path in copy.iterdir()) == [".gitignore", "added.py"]


def test_the_first_failing_test_is_reported(tmp_path: Path) -> None:
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "test_silent_bugs.py").write_text("def test_leak():\n    assert not 'leak', 'the leak'\n")
    assert sabotage.first_failure(tmp_path) == Failure(
        "tests/test_silent_bugs.py::test_leak", "AssertionError: the leak"
    )
    (tests / "test_silent_bugs.py").write_text("def test_leak():\n    assert 'leak'\n")
    assert sabotage.first_failure(tmp_path) is None
    (tests / "test_silent_bugs.py").write_text("import nothing_of_this_name\n")
    with pytest.raises(UserError, match="the tests stop with an error"):
        sabotage.first_failure(tmp_path)


def copy_package(_root: Path, copy: Path) -> None:
    shutil.copytree(PACKAGE, copy / "src" / PACKAGE.name)


@pytest.mark.parametrize("failure", [Failure("tests/test_x.py::test_y", "AssertionError"), None])
def test_a_bug_that_no_test_catches_gives_status_1(
    failure: Failure | None,
    project: ProjectPaths,
    predictor: Predictor,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model, scores = predictor.champion.record["model"], iter([0.5, 0.75])
    monkeypatch.setattr(sabotage, "copy_project", copy_package)
    monkeypatch.setattr(sabotage, "measure", lambda *_: next(scores))
    monkeypatch.setattr(sabotage, "first_failure", lambda _copy: failure)
    with pytest.raises(SystemExit) as exit_:
        sabotage.main([BUGS[0].name], project)
    assert exit_.value.code == (failure is None)
    output = capsys.readouterr().out
    assert f"of {model} on the test split: 0.500, with the bug 0.750" in output
    assert ("caught by tests/test_x.py::test_y" if failure else "caught by no test") in output
    assert f"{int(failure is not None)} of 1 caught" in output


def test_a_bug_that_does_not_fit_is_not_caught(
    project: ProjectPaths, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(sabotage, "measure", lambda *_: 0.5)
    monkeypatch.setattr(sabotage, "inject", raise_unfit)
    monkeypatch.setattr(sabotage, "copy_project", copy_package)
    assert sabotage.try_bugs(BUGS[:1], project, tmp_path) == 0
    assert capsys.readouterr().out.endswith("not tried: it does not fit\n\n")


def raise_unfit(_bug: Bug, _package: Path) -> None:
    raise UnfitBugError("it does not fit")


def test_code_that_fails_has_no_score(tmp_path: Path, project: ProjectPaths) -> None:
    with pytest.raises(UserError, match="the score can't be measured: KeyError"):
        sabotage.measure(tmp_path, "baseline", "none", project.raw)


def test_without_a_name_the_bugs_are_listed(tmp_path: Path, schema: Schema, capsys: pytest.CaptureFixture[str]) -> None:
    sabotage.main([])
    listed = capsys.readouterr().out
    concerning = [bug for bug in BUGS if bug.concerns(schema)]
    assert len(concerning) >= 4
    assert all(f"{bug.name} " in listed and bug.mistake in listed for bug in concerning)
    shutil.copy(ProjectPaths().schema, tmp_path)
    with pytest.raises(SystemExit, match="data/raw is missing"):
        sabotage.main(["--all"], ProjectPaths(tmp_path))
