"""`mlpath new-project`, as a person meets it."""

from __future__ import annotations

import os
import select
import shlex
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from conftest import MLPATH, files_below, git, mlpath
from mlpath import __version__
from mlpath.create import project


def new_project(*arguments: str, code: int = 0) -> str:
    """Create a project without a prompt or a lock; return what was printed."""
    result = mlpath("new-project", *arguments, "--defaults", "--no-lock")
    assert result.exit_code == code, result.output
    return result.output


def answers(project: Path) -> dict[str, object]:
    return dict(yaml.safe_load((project / ".copier-answers.yml").read_text(encoding="utf-8")))


def test_it_ends_with_one_commit_on_main_and_nothing_left_to_commit(folder: Path) -> None:
    new_project("demo")
    assert git("log", "--format=%an <%ae> %s", cwd=folder / "demo") == (
        "Ada Lovelace <ada@example.com> Create the project with mlpath"
    )
    assert git("branch", "--show-current", cwd=folder / "demo") == "main"
    assert git("status", "--porcelain", "--ignored", cwd=folder / "demo") == ""
    assert [path.name for path in folder.iterdir()] == ["demo"]


def test_every_rendered_file_is_committed(folder: Path) -> None:
    new_project("demo")
    tracked = git("ls-files", "-z", cwd=folder / "demo").split("\0")
    assert set(filter(None, tracked)) == set(files_below(folder / "demo"))


@pytest.mark.usefixtures("folder")
def test_the_closing_screen_shows_what_is_there_and_commands_to_paste() -> None:
    output = new_project("my demo")
    for name in project.KEY_FILES:
        shown = name.format(package="my_demo")
        assert shown in output
    for command in ("cd 'my demo'", "uv sync", "uv run dvc repro", "uv run demo"):
        assert f"\n  {command}\n" in output


def test_the_folder_names_the_project_unless_an_answer_does(folder: Path) -> None:
    new_project("demo-one")
    assert answers(folder / "demo-one")["project_name"] == "demo-one"
    new_project("two", "-d", "project_name=Something else")
    assert answers(folder / "two")["project_name"] == "Something else"


def test_without_a_place_the_name_gives_it(folder: Path) -> None:
    new_project("-d", "project_name=Tree rings")
    assert [path.name for path in folder.iterdir()] == ["tree-rings"]


def test_a_second_project_by_default_gets_a_name_of_its_own(folder: Path) -> None:
    new_project()
    new_project()
    first, second = sorted(path.name for path in folder.iterdir())
    assert second == f"{first}-2"


def test_missing_parents_are_made(folder: Path) -> None:
    new_project("a/b/demo")
    assert git("status", "--porcelain", cwd=folder / "a/b/demo") == ""
    assert [path.name for path in folder.iterdir()] == ["a"]


@pytest.mark.parametrize("place", ["empty", "."])
def test_an_empty_folder_is_filled(
    folder: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = folder / "empty"
    target.mkdir()
    if place == ".":
        monkeypatch.chdir(target)
    number = target.stat().st_ino
    new_project(place)
    assert answers(target)["project_name"] == "empty"
    assert git("status", "--porcelain", "--ignored", cwd=target) == ""
    if place == ".":
        # A shell stands in it: it has to stay the same folder.
        assert target.stat().st_ino == number


def test_answers_come_from_a_file_and_options_come_first(folder: Path) -> None:
    new_project("first", "-d", "license=Apache-2.0", "-d", "task=regression")
    file = folder / "first/.copier-answers.yml"
    new_project(
        "second", "--data-file", str(file), "-d", "project_name=Two", "-d", "task=classification"
    )
    assert answers(folder / "second") == {
        **answers(folder / "first"),
        "project_name": "Two",
        "task": "classification",
    }


def test_git_and_this_python_give_better_defaults(folder: Path) -> None:
    new_project("demo")
    found = answers(folder / "demo")
    assert found["author_name"] == "Ada Lovelace"
    assert found["author_email"] == "ada@example.com"
    assert found["python_version"] == f"{sys.version_info.major}.{sys.version_info.minor}"
    assert (found["_commit"], found["_src_path"]) == (
        f"v{__version__}",
        "~/.local/share/mlpath/template.bundle",
    )


def test_a_name_that_only_git_likes_is_not_suggested(folder: Path, home: Path) -> None:
    (home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada at home\n")
    new_project("demo")
    assert answers(folder / "demo")["author_email"] == ""
    assert answers(folder / "demo")["author_name"] == "Ada"


def test_copiers_own_settings_change_nothing(
    folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = home / "settings.yml"
    settings.write_text("defaults:\n  license: Apache-2.0\n")
    monkeypatch.setenv("COPIER_SETTINGS_PATH", str(settings))
    new_project("demo")
    assert answers(folder / "demo")["license"] == "MIT"


def test_pretend_lists_what_would_be_written_and_writes_nothing(folder: Path, home: Path) -> None:
    before = sorted(home.rglob("*"))
    output = new_project("demo", "--pretend")
    assert list(folder.iterdir()) == []
    assert sorted(home.rglob("*")) == before
    new_project("demo")
    assert output.split() == sorted(f"demo/{name}" for name in files_below(folder / "demo"))


@pytest.mark.usefixtures("folder")
def test_quiet_says_nothing() -> None:
    assert new_project("demo", "--quiet") == ""
    assert new_project("other", "--quiet", "--pretend") == ""


def test_a_home_that_cannot_be_written_is_no_obstacle(folder: Path, home: Path) -> None:
    (home / ".local").write_text("a file, where a folder should be")
    output = new_project("demo")
    assert "cannot write ~/.local/share/mlpath/template.bundle" in output
    assert git("status", "--porcelain", cwd=folder / "demo") == ""


@pytest.mark.usefixtures("folder")
def test_only_the_copy_of_the_template_is_written_at_home(home: Path) -> None:
    before = set(files_below(home))
    new_project("demo")
    assert set(files_below(home)) - before == {".local/share/mlpath/template.bundle"}


def test_without_an_identity_all_is_staged_and_one_command_commits_it(
    folder: Path, home: Path
) -> None:
    (home / ".gitconfig").unlink()
    output = new_project("demo", "-d", "author_name=Grace 'G' Hopper")
    assert git("status", "--porcelain", "--untracked-files=all", cwd=folder / "demo").count("A  ")
    command = next(line for line in output.splitlines() if "cd demo && git -c" in line)
    subprocess.run(
        ["sh", "-c", command[command.index("cd demo") :]], check=True, stdout=subprocess.DEVNULL
    )
    assert git("log", "--format=%an", cwd=folder / "demo") == "Grace 'G' Hopper"
    assert git("status", "--porcelain", cwd=folder / "demo") == ""


def test_a_hostile_git_configuration_changes_nothing(
    folder: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = tmp_path / "template/hooks"
    hooks.mkdir(parents=True)
    for name in ("pre-commit", "post-commit", "commit-msg"):
        (hooks / name).write_text("#!/bin/sh\ntouch ~/hook-ran\nexit 1\n")
        (hooks / name).chmod(0o755)
    (home / "ignore").write_text("*.md\n*.yaml\nsrc\n")
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Ada\n\temail = ada@example.com\n\tsigningkey = none\n"
        "[commit]\n\tgpgSign = true\n\ttemplate = ~/nothing\n\tverbose = true\n"
        "[gpg]\n\tprogram = false\n"
        f"[init]\n\ttemplateDir = {tmp_path}/template\n\tdefaultBranch = trunk\n"
        f"[core]\n\thooksPath = {hooks}\n\tautocrlf = true\n\tsafecrlf = true\n"
        "\texcludesFile = ~/ignore\n\tfsmonitor = true\n\teditor = false\n"
    )
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    new_project("demo")
    monkeypatch.delenv("GIT_DIR")
    monkeypatch.delenv("GIT_INDEX_FILE")
    project = folder / "demo"
    assert not (home / "hook-ran").exists()
    assert git("log", "--format=%an %G?", "main", cwd=project) == "Ada N"
    assert git("status", "--porcelain", cwd=project) == ""
    assert set(git("ls-files", cwd=project).splitlines()) == set(files_below(project))
    assert not (project / ".git/hooks").exists()


def test_inside_another_repository_it_says_so(folder: Path) -> None:
    git("init", "-q", cwd=folder)
    output = new_project("sub/demo")
    assert "sub/demo lies inside the git repository ." in output
    assert git("rev-parse", "--show-toplevel", cwd=folder / "sub/demo") == str(folder / "sub/demo")
    assert git("log", "--oneline", cwd=folder / "sub/demo").count("\n") == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_permissions_follow_the_umask(folder: Path, mask: int) -> None:
    previous = os.umask(mask)
    try:
        new_project("demo")
    finally:
        os.umask(previous)
    assert stat.S_IMODE((folder / "demo").stat().st_mode) == 0o777 & ~mask
    assert stat.S_IMODE((folder / "demo/src").stat().st_mode) == 0o777 & ~mask


def test_without_a_network_the_lock_waits_and_the_project_does_not(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    result = mlpath("new-project", "demo", "--defaults")
    assert result.exit_code == 0, result.output
    assert "There is no uv.lock yet" in result.output
    assert "cd demo && uv lock && git add uv.lock" in result.output
    assert not (folder / "demo/uv.lock").exists()
    assert git("status", "--porcelain", "--ignored", cwd=folder / "demo") == ""


def test_without_a_network_run_leaves_the_whole_project_and_says_how_to_go_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    result = mlpath("new-project", "demo", "--defaults", "--run")
    assert result.exit_code == 1
    assert "`uv sync` failed; the project itself is complete" in result.output
    assert "cd demo && uv sync && uv run dvc repro && git add -A" in result.output
    assert git("log", "--format=%s", cwd=folder / "demo") == "Create the project with mlpath"
    assert git("status", "--porcelain", cwd=folder / "demo") == ""


def test_another_template_is_recorded_so_that_it_can_be_updated(
    folder: Path, tmp_path: Path
) -> None:
    source = tmp_path / "fork"
    source.mkdir()
    (source / "copier.yml").write_text("project_name: x\nflavour: {choices: [sweet, salty]}\n")
    (source / "{{ _copier_conf.answers_file }}.jinja").write_text("{{ _copier_answers|to_yaml }}")
    (source / "HELLO.jinja").write_text("{{ project_name }} is {{ flavour }}\n")
    git("init", "-q", cwd=source)
    git("add", ".", cwd=source)
    git("commit", "-q", "-m", "x", cwd=source)
    git("tag", "v1.0", cwd=source)
    relative = os.path.relpath(source, folder)
    new_project("demo", "--template", relative, "-d", "flavour=salty")
    assert (folder / "demo/HELLO").read_text() == "demo is salty\n"
    assert answers(folder / "demo")["_src_path"] == str(source)
    assert answers(folder / "demo")["_commit"] == "v1.0"
    assert "colour is no question" in new_project(
        "b", "--template", relative, "-d", "flavour=salty", "-d", "colour=red", code=1
    )
    assert [path.name for path in folder.iterdir()] == ["demo"]


def test_a_template_in_a_folder_whose_name_begins_like_a_home(folder: Path) -> None:
    source = folder / "~fork"
    source.mkdir()
    (source / "copier.yml").write_text("project_name: x\n")
    (source / "{{ _copier_conf.answers_file }}.jinja").write_text("{{ _copier_answers|to_yaml }}")
    new_project("demo", "--template", "~fork")
    assert answers(folder / "demo")["_src_path"] == str(source)


def test_questions_are_asked_in_a_terminal(folder: Path) -> None:
    pty = pytest.importorskip("pty")
    process, terminal = pty.fork()
    if not process:  # the child
        os.environ["PROMPT_TOOLKIT_NO_CPR"] = "1"  # nobody here answers where the cursor is
        os.execv(MLPATH[0], [*MLPATH, "new-project", "--no-lock"])  # noqa: S606
    screen = b""
    questions = (b"called?", b"kind of data", b"Which problem", b"author?", b"Everything else")
    down = b"\x1b[B"
    replies = (b"\x15Tree rings\r", down + b"\r", b"\r", b"\r", b"\r")
    for question, reply in zip(questions, replies, strict=True):
        while question not in screen:
            if not select.select([terminal], [], [], 60)[0]:
                os.kill(process, signal.SIGKILL)
                pytest.fail(f"{question.decode()!r} was not asked:\n{screen.decode()}")
            screen += os.read(terminal, 4096)
        time.sleep(0.1)  # the prompt takes keys only once it is drawn
        os.write(terminal, reply)
    try:
        while chunk := os.read(terminal, 4096):
            screen += chunk
    except OSError:
        pass  # Linux's way to say that the other side is gone
    assert os.waitpid(process, 0)[1] == 0, screen.decode()
    given = answers(folder / "tree-rings")
    assert given["author_name"] == "Ada Lovelace"
    assert given["domain"] == "vision"
    assert "digit" in str(given["problem"]), "the problem proposed is one of the domain chosen"
    assert "Created" in screen.decode()


def test_commands_on_the_screen_are_quoted_for_a_shell(folder: Path) -> None:
    place = "it's here; rm -rf x"
    output = new_project(place, "-d", "project_name=demo")
    line = next(line for line in output.splitlines() if line.startswith("  cd "))
    assert shlex.split(line) == ["cd", place]
    assert (folder / place / "README.md").is_file()
