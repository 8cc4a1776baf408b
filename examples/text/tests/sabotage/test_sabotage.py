"""Each silent bug fits the code; injected into a copy, it is shown with its score and the test that catches it."""

import ast
import gc
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from which_library.data.schema import Schema
from which_library.errors import UserError
from which_library.paths import ProjectPaths
from which_library.sabotage import sabotage
from which_library.sabotage.bugs import BUGS
from which_library.sabotage.injection import Bug, copy_project, inject
from which_library.sabotage.sabotage import PACKAGE
from which_library.sabotage.trial import Failure, first_failure, predict, score
from which_library.serving.predictor import Predictor

from ..conftest import MODELS


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_fits_the_code_and_changes_it(bug: Bug, tmp_path: Path) -> None:
    changed = tmp_path / bug.module
    changed.parent.mkdir(parents=True)
    shutil.copy(PACKAGE / bug.module, changed)
    try:
        inject(bug, tmp_path)
    except UserError as error:
        pytest.skip(str(error))
    ast.parse(changed.read_text(encoding="utf-8"))
    assert changed.read_text(encoding="utf-8").count(bug.after) == 1


def test_a_bug_does_not_fit_code_that_was_changed(tmp_path: Path) -> None:
    changed = tmp_path / BUGS[0].module
    changed.parent.mkdir(parents=True)
    changed.write_text("pass\n")
    with pytest.raises(UserError, match=rf"^{BUGS[0].name} replaces code that {BUGS[0].module} does not have"):
        inject(BUGS[0], tmp_path)
    assert changed.read_text() == "pass\n"


def test_the_scores_are_those_of_the_champion(project: ProjectPaths, predictor: Predictor) -> None:
    record = predictor.champion.record
    predictions = predict(record["model"], project.raw, project)
    for metric, published in record["metrics"].items():
        assert score(metric, predictions) == pytest.approx(published["value"], rel=1e-3)


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


def write_test(path: str, body: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(body)


def test_the_expected_test_fails_or_another_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gc.freeze()  # each run of pytest ends with five collections of garbage
    monkeypatch.chdir(tmp_path)
    write_test("tests/test_silent_bugs.py", "def test_fine():\n    assert 'fine'\n")
    assert first_failure("tests/test_removed.py") is None
    write_test("tests/data/test_leak.py", "def test_leak():\n    assert not 'leak', 'the leak'\n")
    failure = Failure("tests/data/test_leak.py::test_leak", "AssertionError: the leak assert not 'leak'")
    assert first_failure("tests/data/test_leak.py") == first_failure("tests/test_silent_bugs.py") == failure
    write_test("tests/data/test_broken.py", "import nothing_of_this_name\n")
    with pytest.raises(UserError, match="the tests stop with an error"):
        first_failure("tests/test_silent_bugs.py")


def copy_package(_root: Path, copy: Path) -> None:
    shutil.copytree(PACKAGE, copy / "src" / PACKAGE.name)


def test_a_process_runs_the_code_of_the_copy(tmp_path: Path) -> None:
    copy_package(PACKAGE, tmp_path)
    assert sabotage.run(tmp_path, tmp_path, ProjectPaths).root == tmp_path
    with pytest.raises(UserError, match=r"the code fails with FileNotFoundError: .*none"):
        sabotage.run(tmp_path, tmp_path, Path.read_text, tmp_path / "none")


@pytest.mark.parametrize(
    ("result", "shown", "last", "status"),
    [
        (Failure("test_x", "AssertionError"), "caught by test_x\n    AssertionError\n", "1 of 1 caught\n", False),
        (None, "caught by no test\n", "0 of 1 caught\n", True),
        (UserError("it stops"), "not tried: it stops\n", "0 of 1 caught, 1 not tried\n", True),
    ],
)
def test_a_bug_that_is_not_caught_gives_status_1(
    result: Failure | UserError | None,
    shown: str,
    last: str,
    status: int,
    prepared_project: ProjectPaths,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def run(_copy: object, _raw: object, function: Callable[..., Any], *_: object) -> Any:
        returned = {predict: (np.zeros(4), np.zeros(4)), first_failure: result}.get(function, 0.5)
        if isinstance(returned, UserError):
            raise returned
        return returned

    monkeypatch.setattr(sabotage, "copy_project", copy_package)
    monkeypatch.setattr(sabotage, "run", run)
    monkeypatch.setattr(sabotage, "score", lambda *_: 0.5)
    with pytest.raises(SystemExit) as exit_:
        sabotage.main([BUGS[-1].name], prepared_project)
    assert exit_.value.code == status
    output = capsys.readouterr().out
    assert f" of {MODELS[:2][-1]} on 4 test samples: 0.500, with the bug 0.500\n" in output
    assert shown in output
    assert output.endswith(last)


def test_without_a_name_the_bugs_are_listed(tmp_path: Path, schema: Schema, capsys: pytest.CaptureFixture[str]) -> None:
    sabotage.main([])
    listed = capsys.readouterr().out
    concerning = [bug for bug in BUGS if bug.concerns(schema)]
    assert len(concerning) >= 4
    assert all(f"{bug.name} " in listed and bug.mistake in listed for bug in concerning)
    with pytest.raises(SystemExit, match="2"):
        sabotage.main(["none_of_them"])
    assert "invalid choice: 'none_of_them'" in capsys.readouterr().err


def test_the_raw_data_is_needed(tmp_path: Path, prepared_project: ProjectPaths) -> None:
    shutil.copy(prepared_project.schema, tmp_path)
    with pytest.raises(SystemExit, match=r"^data/raw is missing\. Run: uv run dvc repro"):
        sabotage.main(["--all"], ProjectPaths(tmp_path))
