"""The command line: help, completion, errors, colors, imports."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import click
import pytest

from conftest import MLPATH, ROOT, mlpath
from mlpath import __version__
from mlpath.cli import main
from mlpath.create import new_project

COMMANDS = sorted(main.commands)


def test_version() -> None:
    assert mlpath("--version").output == f"mlpath, version {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command_has_an_example(command: str) -> None:
    result = mlpath(command, "--help")
    assert result.exit_code == 0
    assert "Example" in result.output
    assert f"mlpath {command}" in result.output


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_has_help(command: str) -> None:
    for parameter in main.commands[command].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


def test_help_imports_only_click() -> None:
    code = (
        "import sys, runpy; sys.argv = ['mlpath', '--help']\n"
        "try: runpy.run_module('mlpath', run_name='__main__')\n"
        "except SystemExit: print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = set(done.stderr.split())
    assert {name for name in loaded if name.startswith("mlpath")} == {
        "mlpath", "mlpath.cli", "mlpath.errors",
    }  # fmt: skip
    assert not loaded & {"copier", "yaml", "jinja2", "packaging", "plumbum", "uv"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script_calls_mlpath(shell: str) -> None:
    script = mlpath("completion", shell).output
    assert f"_MLPATH_COMPLETE={shell}_complete" in script


def test_completes_commands_and_options() -> None:
    for words, expected in {
        "mlpath ne": "new-project",
        "mlpath new-project --pre": "--pretend",
    }.items():
        env = {**os.environ, "_MLPATH_COMPLETE": "bash_complete", "COMP_WORDS": words}
        env["COMP_CWORD"] = str(len(words.split()) - 1)
        done = subprocess.run(MLPATH, env=env, check=False, capture_output=True, text=True)
        assert done.stdout.strip() == f"plain,{expected}"


def test_colors_only_in_terminals_and_without_no_color(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from click.testing import CliRunner  # noqa: PLC0415

    del folder
    command = ["new-project", "demo", "-l", "--no-lock", "--pretend", "-d", "nope=1"]
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in CliRunner().invoke(main, command, color=True).output
    assert "\x1b[" not in CliRunner().invoke(main, command).output
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in CliRunner().invoke(main, command, color=True).output


def test_bug_keeps_its_traceback(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del folder

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(new_project, "create", broken)
    result = mlpath("new-project", "demo", "-l")
    assert isinstance(result.exception, ZeroDivisionError)


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8:strict"])
def test_characters_that_the_terminal_cannot_show_are_escaped(folder: Path, encoding: str) -> None:
    rows = "".join(f"{at},{at % 2}\n" for at in range(99))
    (folder / "table.csv").write_text(f"名前,sold\n{rows}", encoding="utf-8")
    env = os.environ | {"PYTHONIOENCODING": encoding}
    command = [sys.executable, "-c", "from mlpath.cli import run; run()", "inspect", "table.csv"]
    done = subprocess.run(command, check=False, capture_output=True, env=env, cwd=folder)
    assert done.returncode == 0, done.stderr
    # Click writes UTF-8 if the encoding is ASCII.
    shown = rb"\u540d\u524d" if encoding == "cp1252" else "名前".encode()
    assert shown in done.stdout


def test_deleted_current_folder_is_reported(folder: Path) -> None:
    deleted = folder / "deleted"
    deleted.mkdir()
    for words in (["status"], ["doctor"], ["new-project", "demo", "-l"]):
        code = "import os, sys; os.rmdir(os.getcwd()); from mlpath.cli import run; run()"
        done = subprocess.run(
            [sys.executable, "-c", code, *words],
            check=False,
            capture_output=True,
            cwd=deleted,
            text=True,
        )
        deleted.mkdir()
        assert done.returncode == 1, words
        assert done.stderr.startswith("Error: the current folder was deleted\nHint: ")


def test_os_error_is_reported_with_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    error = PermissionError(13, "Permission denied", "some/.git")
    monkeypatch.setattr("mlpath.doctor.examine", mock.Mock(side_effect=error))
    result = mlpath("doctor")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: some/.git: Permission denied\nHint: ")


def test_docs_cli_md_is_current() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs/cli.py"), "--check"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
