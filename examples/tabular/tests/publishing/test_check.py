"""The check really serves the folder of the Space."""

import sys
from pathlib import Path

import pytest

from late_flights.errors import UserError
from late_flights.paths import ProjectPaths
from late_flights.publishing import check, space


@pytest.fixture
def folder(project: ProjectPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Space that is served by the interpreter of the tests, as a new environment needs the network."""
    monkeypatch.setattr(space, "resolve_requirements", lambda _: "gradio==6.7.0\n")
    monkeypatch.setattr(check, "create_environment", lambda *_: Path(sys.executable))
    space.build(project, tmp_path / "space")
    return tmp_path / "space"


def test_the_folder_of_a_space_serves_a_prediction(folder: Path) -> None:
    assert check.check(folder).startswith("checked in a fresh environment with Python 3.")


def test_a_demo_that_does_not_start_is_shown_by_its_last_line(folder: Path) -> None:
    (folder / "app.py").write_text("raise SystemExit('started\\nno model')", encoding="utf-8")
    with pytest.raises(UserError, match=r"^the demo does not start: no model$"):
        check.check(folder)


def test_an_environment_has_the_requirements_of_the_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[tuple[str, ...]] = []
    monkeypatch.setattr(check, "run_uv", lambda *arguments: commands.append(arguments))
    python = check.create_environment(tmp_path / "environment", tmp_path / "requirements.txt")
    assert [command[0] for command in commands] == ["venv", "pip"]
    assert commands[1][-3:] == (str(python), "--requirement", str(tmp_path / "requirements.txt"))


def test_root_becomes_an_unprivileged_user_where_that_can_run_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "app.py").touch()
    monkeypatch.setattr("os.geteuid", lambda: 0, raising=False)
    monkeypatch.setattr(check, "USER", {})
    assert check.choose_user(Path(sys.executable), tmp_path) == ("as an unprivileged user", {})
    user, options = check.choose_user(tmp_path / "python", tmp_path)
    assert user.startswith("as root, since other users may not run")
    assert options == {}
    monkeypatch.setattr("os.geteuid", lambda: 1000, raising=False)
    assert check.choose_user(Path(sys.executable), tmp_path) == ("as the current user", {})
