"""`mlpath update` in unusual folders and with unusual configurations of git."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from conftest import copier, git
from support.installed import FIRST, SECOND, Installed, commit, install, snapshot


def edit(project: Path) -> None:
    """Change a line, and rename a file that the template changes: both merge."""
    readme = project / "README.md"
    readme.write_text(readme.read_text().replace("line 20\n", "line 20, mine\n"))
    (project / "src/app.py").rename(project / "src/moved.py")
    commit(project)


def check_merged(project: Path) -> None:
    text = (project / "README.md").read_text()
    assert "line 3, better\n" in text
    assert "line 20, mine\n" in text
    assert "step_5 = 55\n" in (project / "src/moved.py").read_text()
    assert not (project / "src/app.py").exists()
    assert not (project / "src/gone.py").exists()
    assert "name_9 = 99" in (project / "src/new.py").read_text()


def configure(home: Path, text: str) -> None:
    path = home / ".gitconfig"
    path.write_text(path.read_text() + text)


def update(installed: Installed, project: Path, *arguments: str) -> None:
    done = installed.run("update", "-l", *arguments, cwd=project)
    assert done.returncode == 0, done.stderr


def test_a_folder_of_a_repository(installed: Installed, project: Path, folder: Path) -> None:
    edit(project)
    shutil.rmtree(project / ".git")
    home = folder / "mono/projects"
    home.mkdir(parents=True)
    project = project.rename(home / "demo")
    (folder / "mono/other.txt").write_text("other\n")
    git("init", "-q", "-b", "main", cwd=folder / "mono")
    commit(folder / "mono")
    (folder / "mono/other.txt").write_text("being worked on\n")
    (project / "LICENSE").write_text("not committed\n")
    assert ": LICENSE\n" in installed.run("update", "-l", cwd=project).stderr
    git("checkout", "-q", "LICENSE", cwd=project)
    forecast = installed.run("update", "-l", "--pretend", cwd=project).stdout
    assert "       new  src/fresh.py\n" in forecast
    update(installed, project)
    check_merged(project)
    status = git("status", "--porcelain", cwd=folder / "mono").splitlines()
    assert " M other.txt" in status
    assert "D  projects/demo/src/gone.py" in status
    done = installed.run("update", "--abort", cwd=project)
    assert done.returncode == 0, done.stderr
    assert git("status", "--porcelain", cwd=folder / "mono") == " M other.txt"


@pytest.mark.parametrize("name", ["_archive", "#1", "~old", ":colon", "a[b]c"])
def test_a_folder_whose_name_is_a_pattern_to_git(
    installed: Installed, project: Path, folder: Path, name: str
) -> None:
    edit(project)
    shutil.rmtree(project / ".git")
    (folder / "mono" / name).mkdir(parents=True)
    project = project.rename(folder / "mono" / name / "demo")
    git("init", "-q", "-b", "main", cwd=folder / "mono")
    commit(folder / "mono")
    (project / "LICENSE").write_text("not committed\n")
    assert ": LICENSE\n" in installed.run("update", "-l", cwd=project).stderr
    git("checkout", "-q", "LICENSE", cwd=project)
    update(installed, project)
    check_merged(project)


def test_a_path_that_is_not_in_utf_8(installed: Installed, project: Path, folder: Path) -> None:
    edit(project)
    above = Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9"))
    try:
        above.mkdir()
    except OSError:
        pytest.skip("this file system takes names in UTF-8 alone")
    project = project.rename(above / "demo")
    update(installed, project)
    check_merged(project)


def test_a_linked_work_tree_and_a_detached_head(
    installed: Installed, project: Path, folder: Path
) -> None:
    edit(project)
    git("worktree", "add", "-q", "--detach", str(folder / "linked"), cwd=project)
    untouched = snapshot(project)
    update(installed, folder / "linked")
    check_merged(folder / "linked")
    assert git("branch", "--show-current", cwd=folder / "linked") == ""
    assert snapshot(project) == untouched
    done = installed.run("update", "--abort", cwd=folder / "linked")
    assert done.returncode == 0, done.stderr
    assert git("status", "--porcelain", cwd=folder / "linked") == ""


@pytest.mark.parametrize("setting", ["true", "input"])
def test_autocrlf(installed: Installed, project: Path, home: Path, setting: str) -> None:
    edit(project)
    configure(home, f"[core]\n\tautocrlf = {setting}\n")
    shutil.copytree(project / ".git", home / "kept")
    shutil.rmtree(project)
    git("clone", "-q", str(home / "kept"), str(project), cwd=home)
    assert (b"\r\n" in (project / "README.md").read_bytes()) is (setting == "true")
    before = snapshot(project)
    update(installed, project)
    assert (b"line 3, better\r\n" in (project / "README.md").read_bytes()) is (setting == "true")
    check_merged(project)
    assert "\r" not in git("show", ":README.md", cwd=project)
    assert installed.run("update", "--abort", cwd=project).returncode == 0
    assert snapshot(project) == before
    assert git("status", "--porcelain", cwd=project) == ""


def test_hooks_and_signing_are_not_run(installed: Installed, project: Path, home: Path) -> None:
    edit(project)
    hooks = home / "hooks"
    hooks.mkdir()
    names = (
        "post-checkout", "post-commit", "post-index-change", "pre-commit", "prepare-commit-msg",
        "reference-transaction", "post-merge", "pre-merge-commit", "fsmonitor",
    )  # fmt: skip
    for name in (*names, "gpg"):
        path = hooks / name
        path.write_text(f"#!/bin/sh\ntouch {home}/fired-{name}\nexit 1\n")
        path.chmod(0o755)
    configure(
        home,
        f"[core]\n\thooksPath = {hooks}\n\tfsmonitor = {hooks}/fsmonitor\n"
        f"[commit]\n\tgpgSign = true\n[tag]\n\tgpgSign = true\n[gpg]\n\tprogram = {hooks}/gpg\n"
        "[rerere]\n\tenabled = true\n[merge]\n\trenames = false\n[diff]\n\trenames = false\n"
        "\texternal = false\n\tmnemonicPrefix = true\n[init]\n\ttemplateDir = /nowhere\n",
    )
    update(installed, project)
    check_merged(project)
    assert list(home.glob("fired-*")) == []
    assert not (project / ".git/rr-cache").exists()


def test_no_identity(installed: Installed, project: Path, home: Path) -> None:
    edit(project)
    (home / ".gitconfig").write_text("[user]\n\tuseConfigOnly = true\n")
    update(installed, project)
    check_merged(project)


OLD_GIT = """\
#!/bin/sh
case "$*" in
    *--write-tree*) echo 'usage: git merge-tree <base-tree> <branch1> <branch2>' >&2; exit 129 ;;
    *version) echo 'git version 2.34.1'; exit ;;
esac
exec {git} "$@"
"""


def test_a_git_that_is_too_old_is_refused(
    installed: Installed, project: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = folder / "bin/git"
    stand_in.parent.mkdir()
    stand_in.write_text(OLD_GIT.format(git=shutil.which("git")))
    stand_in.chmod(0o755)
    before = snapshot(project)
    monkeypatch.setenv("PATH", f"{stand_in.parent}:{os.environ['PATH']}")
    done = installed.run("update", "-l", cwd=project)
    assert done.returncode == 1
    assert "git 2.34.1 is too old for an update, which needs git 2.38" in done.stderr
    assert "mlpath doctor" in done.stderr
    assert snapshot(project) == before


def test_another_machine(installed: Installed, project: Path, folder: Path, home: Path) -> None:
    """A clone, for a user who never ran mlpath."""
    edit(project)
    git("clone", "-q", str(project), str(folder / "clone"), cwd=folder)
    copy = home / ".local/share/mlpath/template.bundle"
    done = copier("update", "--defaults", cwd=folder / "clone")
    assert done.returncode != 0
    done = installed.run("status", cwd=folder / "clone")
    assert done.returncode == 0, done.stderr
    assert "template v0.1.0, newest v0.2.0" in done.stdout
    assert copier("check-update", cwd=folder / "clone").returncode == 0
    copy.unlink()
    update(installed, folder / "clone")
    check_merged(folder / "clone")
    assert copy.exists()


def test_a_version_that_only_a_newer_mlpath_knows(
    installed: Installed, folder: Path, tmp_path: Path, home: Path
) -> None:
    project = installed.project(folder / "demo", version="v0.2.0")
    (home / ".local/share/mlpath/template.bundle").unlink()
    older = install({"v0.1.0": FIRST}, tmp_path / "older")
    before = snapshot(project)
    for command in (["update", "-l"], ["status"], ["add"], ["add", "container"]):
        done = older.run(*command, cwd=project)
        assert done.returncode == 1
        assert "template version v0.2.0, which mlpath 0.1.0 does not know" in done.stderr
        assert "pip install 'mlpath>=0.2.0'" in done.stderr
        assert snapshot(project) == before


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
def test_a_project_reached_by_a_link(installed: Installed, project: Path, folder: Path) -> None:
    edit(project)
    (folder / "link").symlink_to(project)
    done = installed.run("update", "-l", "link", cwd=folder)
    assert done.returncode == 0, done.stderr
    check_merged(project)


def test_another_template(installed: Installed, folder: Path, tmp_path: Path) -> None:
    """A fork is updated by the same merge; Copier finds its newest version."""
    fork = tmp_path / "fork"
    fork.mkdir()
    git("init", "-q", "-b", "main", cwd=fork)
    for version, files in {"v1.0.0": FIRST, "v1.1.0": SECOND}.items():
        for path in fork.iterdir():
            if path.name != ".git":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        for name, content in files.items():
            path = fork / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        commit(fork, version)
        git("tag", version, cwd=fork)
    done = installed.run(
        "new-project", "demo", "-l", "-q", "--no-lock", "--template", str(fork), "-r", "v1.0.0",
        cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    project = folder / "demo"
    edit(project)
    done = installed.run("status", cwd=project)
    assert done.returncode == 1
    assert "whose versions and options mlpath does not know" in done.stderr
    assert "copier check-update" in done.stderr
    update(installed, project)
    check_merged(project)
    assert "_commit: v1.1.0" in (project / ".copier-answers.yml").read_text()
    commit(project)
    assert "up to date" in installed.run("update", "-l", cwd=project).stdout
    fork.rename(tmp_path / "elsewhere")
    for command in (["update", "-l"], ["status"]):
        done = installed.run(*command, cwd=project)
        assert done.returncode == 1
        assert str(fork) in done.stderr
        assert len(done.stderr.splitlines()) <= 2
