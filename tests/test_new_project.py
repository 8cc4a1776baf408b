"""`mlpath new-project`: the project, its repository, and the terminal output."""

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
from mlpath.create.new_project import KEY_FILES


def new_project(*arguments: str, code: int = 0) -> str:
    """Run `new-project` without prompts and without a lock; return its output."""
    result = mlpath("new-project", *arguments, "--defaults", "--no-lock")
    assert result.exit_code == code, result.output
    return result.output


def answers(project: Path) -> dict[str, object]:
    return dict(yaml.safe_load((project / ".copier-answers.yml").read_text(encoding="utf-8")))


def test_creates_one_commit_on_main_and_a_clean_work_tree(folder: Path) -> None:
    new_project("demo")
    assert git("log", "--format=%an <%ae> %s", cwd=folder / "demo") == (
        "Ada Lovelace <ada@example.com> Create the project with mlpath"
    )
    assert git("branch", "--show-current", cwd=folder / "demo") == "main"
    assert git("status", "--porcelain", "--ignored", cwd=folder / "demo") == ""
    tracked = git("ls-files", "-z", cwd=folder / "demo").split("\0")
    assert set(filter(None, tracked)) == set(files_below(folder / "demo"))
    assert [path.name for path in folder.iterdir()] == ["demo"]


@pytest.mark.usefixtures("folder")
def test_output_lists_key_files_and_next_commands() -> None:
    output = new_project("my demo")
    for name in KEY_FILES:
        assert name.format(package="my_demo") in output
    for command in ("cd 'my demo'", "uv sync", "uv run dvc repro", "uv run demo"):
        assert f"\n  {command}\n" in output


def test_folder_name_is_the_default_project_name(folder: Path) -> None:
    new_project("demo-one")
    assert answers(folder / "demo-one")["project_name"] == "demo-one"
    new_project("two", "-d", "project_name=Something else")
    assert answers(folder / "two")["project_name"] == "Something else"


def test_without_dest_the_project_name_becomes_the_folder(folder: Path) -> None:
    new_project("-d", "project_name=Tree rings")
    assert [path.name for path in folder.iterdir()] == ["tree-rings"]


def test_default_name_is_numbered_if_the_folder_exists(folder: Path) -> None:
    new_project()
    new_project()
    first, second = sorted(path.name for path in folder.iterdir())
    assert second == f"{first}-2"


def test_creates_missing_parents(folder: Path) -> None:
    new_project("a/b/demo")
    assert git("status", "--porcelain", cwd=folder / "a/b/demo") == ""
    assert [path.name for path in folder.iterdir()] == ["a"]


@pytest.mark.parametrize("place", ["empty", "."])
def test_empty_destination_is_filled(
    folder: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = folder / "empty"
    target.mkdir()
    if place == ".":
        monkeypatch.chdir(target)
    inode = target.stat().st_ino
    new_project(place)
    assert answers(target)["project_name"] == "empty"
    assert git("status", "--porcelain", "--ignored", cwd=target) == ""
    if place == ".":
        # The shell's current folder must stay the same folder.
        assert target.stat().st_ino == inode


def test_data_options_override_the_data_file(folder: Path) -> None:
    new_project("first", "-d", "license=Apache-2.0", "-d", "ci=gitlab")
    file = folder / "first/.copier-answers.yml"
    new_project("second", "--data-file", str(file), "-d", "project_name=Two", "-d", "ci=none")
    assert answers(folder / "second") == {
        **answers(folder / "first"),
        "project_name": "Two",
        "ci": "none",
    }


def test_defaults_come_from_git_and_the_running_python(folder: Path) -> None:
    new_project("demo")
    found = answers(folder / "demo")
    assert found["author_name"] == "Ada Lovelace"
    assert found["author_email"] == "ada@example.com"
    assert found["python_version"] == f"{sys.version_info.major}.{sys.version_info.minor}"
    assert (found["_commit"], found["_src_path"]) == (
        f"v{__version__}",
        "~/.local/share/mlpath/template.bundle",
    )


def test_git_identity_that_the_template_rejects_is_not_suggested(folder: Path, home: Path) -> None:
    (home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada at home\n")
    new_project("demo")
    assert answers(folder / "demo")["author_email"] == ""
    assert answers(folder / "demo")["author_name"] == "Ada"


def test_copier_settings_are_ignored(
    folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = home / "settings.yml"
    settings.write_text("defaults:\n  license: Apache-2.0\n")
    monkeypatch.setenv("COPIER_SETTINGS_PATH", str(settings))
    new_project("demo")
    assert answers(folder / "demo")["license"] == "MIT"


def test_pretend_lists_the_files_and_writes_nothing(folder: Path, home: Path) -> None:
    before = sorted(home.rglob("*"))
    output = new_project("demo", "--pretend")
    assert list(folder.iterdir()) == []
    assert sorted(home.rglob("*")) == before
    new_project("demo")
    assert output.split() == sorted(f"demo/{name}" for name in files_below(folder / "demo"))


@pytest.mark.usefixtures("folder")
def test_quiet_prints_nothing() -> None:
    assert new_project("demo", "--quiet") == ""
    assert new_project("other", "--quiet", "--pretend") == ""


def test_unwritable_home_is_a_note(folder: Path, home: Path) -> None:
    (home / ".local").write_text("a file, where a folder should be")
    output = new_project("demo")
    assert "cannot write ~/.local/share/mlpath/template.bundle" in output
    assert git("status", "--porcelain", cwd=folder / "demo") == ""


@pytest.mark.usefixtures("folder")
def test_writes_only_the_template_bundle_to_the_home_folder(home: Path) -> None:
    before = set(files_below(home))
    new_project("demo")
    assert set(files_below(home)) - before == {".local/share/mlpath/template.bundle"}


def test_without_git_identity_prints_the_commit_command(folder: Path, home: Path) -> None:
    (home / ".gitconfig").unlink()
    output = new_project("demo", "-d", "author_name=Grace 'G' Hopper")
    assert git("status", "--porcelain", "--untracked-files=all", cwd=folder / "demo").count("A  ")
    command = next(line for line in output.splitlines() if "cd demo && git -c" in line)
    subprocess.run(
        ["sh", "-c", command[command.index("cd demo") :]], check=True, stdout=subprocess.DEVNULL
    )
    assert git("log", "--format=%an", cwd=folder / "demo") == "Grace 'G' Hopper"
    assert git("status", "--porcelain", cwd=folder / "demo") == ""


def test_git_configuration_has_no_effect(
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


def test_inside_another_repository_prints_a_note(folder: Path) -> None:
    git("init", "-q", cwd=folder)
    output = new_project("sub/demo")
    assert "sub/demo is inside the git repository ." in output
    assert git("rev-parse", "--show-toplevel", cwd=folder / "sub/demo") == str(folder / "sub/demo")
    assert git("log", "--oneline", cwd=folder / "sub/demo").count("\n") == 0


def test_another_project_of_the_same_name_shares_the_dvc_remote(folder: Path, home: Path) -> None:
    assert "DVC remote" not in new_project("demo")
    (home / ".local/share/dvc/demo").mkdir(parents=True)
    assert "dvc/demo exists: another project of this name" in new_project("again/demo")
    new_project("again/other", "-d", "dvc_store=demo-2")
    assert "url = ~/.local/share/dvc/demo-2\n" in (folder / "again/other/.dvc/config").read_text()


def test_a_bucket_of_hugging_face_is_an_s3_remote(folder: Path) -> None:
    new_project("demo", "-d", "dvc_remote=huggingface")
    config = (folder / "demo/.dvc/config").read_text()
    assert "    url = s3://change-me/demo\n    endpointurl = https://s3.hf.co/change-me\n" in config
    assert '"dvc[s3]>=' in (folder / "demo/pyproject.toml").read_text()
    assert "    configpath = aws.ini\n" in config
    settings = (folder / "demo/.dvc/aws.ini").read_text()
    assert "request_checksum_calculation = when_required\n" in settings


def test_status_says_that_the_dvc_remote_has_no_address(folder: Path) -> None:
    new_project("demo", "-d", "dvc_remote=huggingface")
    note = "Note: The DVC remote has no address. Replace change-me in .dvc/config"
    config = folder / "demo/.dvc/config"
    config.write_text(config.read_text().replace("s3://change-me/", "s3://my-data/"))
    assert note in mlpath("status", "demo").output, "the endpoint has none"
    config.write_text(config.read_text().replace("change-me", "ada"))
    assert note not in mlpath("status", "demo").output


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


def test_without_network_creates_the_project_without_a_lock(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    result = mlpath("new-project", "demo", "--defaults")
    assert result.exit_code == 0, result.output
    assert "uv.lock was not created" in result.output
    assert "cd demo && uv lock && git add uv.lock" in result.output
    assert not (folder / "demo/uv.lock").exists()
    assert git("status", "--porcelain", "--ignored", cwd=folder / "demo") == ""


def test_without_network_run_keeps_the_project_and_prints_the_remaining_commands(
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


def test_another_template_is_recorded_with_its_absolute_path_and_version(
    folder: Path, tmp_path: Path
) -> None:
    source = tmp_path / "fork"
    source.mkdir()
    (source / "copier.yml").write_text("project_name: x\nflavor: {choices: [sweet, salty]}\n")
    (source / "{{ _copier_conf.answers_file }}.jinja").write_text("{{ _copier_answers|to_yaml }}")
    (source / "HELLO.jinja").write_text("{{ project_name }} is {{ flavor }}\n")
    git("init", "-q", cwd=source)
    git("add", ".", cwd=source)
    git("commit", "-q", "-m", "x", cwd=source)
    git("tag", "v1.0", cwd=source)
    relative = os.path.relpath(source, folder)
    new_project("demo", "--template", relative, "-d", "flavor=salty", "-d", "project_name=demo")
    assert (folder / "demo/HELLO").read_text() == "demo is salty\n"
    assert answers(folder / "demo")["_src_path"] == str(source)
    assert answers(folder / "demo")["_commit"] == "v1.0"
    assert [path.name for path in folder.iterdir()] == ["demo"]


def test_asks_questions_in_a_terminal(folder: Path) -> None:
    pty = pytest.importorskip("pty")
    process, terminal = pty.fork()
    if not process:  # the child
        os.environ["PROMPT_TOOLKIT_NO_CPR"] = "1"  # no terminal emulator answers cursor queries
        os.execv(MLPATH[0], [*MLPATH, "new-project", "--no-lock"])  # noqa: S606
    screen = b""
    questions = (
        b"own data?",
        b"name of",
        b"kind of data",
        b"author?",
        b"other options",
        b"Which problem",
    )
    down = b"\x1b[B"
    replies = (b"\r", b"\x15Tree rings\r", down + b"\r", b"\r", b"\r", b"\r")
    for question, reply in zip(questions, replies, strict=True):
        while question not in screen:
            if not select.select([terminal], [], [], 60)[0]:
                os.kill(process, signal.SIGKILL)
                pytest.fail(f"{question.decode()!r} was not asked:\n{screen.decode()}")
            screen += os.read(terminal, 4096)
        time.sleep(0.1)  # the prompt reads keys only after it is drawn
        os.write(terminal, reply)
    try:
        while chunk := os.read(terminal, 4096):
            screen += chunk
    except OSError:
        pass  # how Linux reports the end of a pseudo-terminal
    assert os.waitpid(process, 0)[1] == 0, screen.decode()
    given = answers(folder / "tree-rings")
    assert given["author_name"] == "Ada Lovelace"
    assert given["domain"] == "vision"
    assert "digit" in str(given["problem"]), "the default for the chosen domain"
    assert "Created" in screen.decode()


def test_printed_commands_are_quoted_for_a_shell(folder: Path) -> None:
    place = "it's here; rm -rf x"
    output = new_project(place, "-d", "project_name=demo")
    line = next(line for line in output.splitlines() if line.startswith("  cd "))
    assert shlex.split(line) == ["cd", place]
    assert (folder / place / "README.md").is_file()
