"""`mlpath update` merges the changes of the template with those of the user."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT, copier, git
from support.installed import FIRST, SECOND, Installed, commit, install, snapshot


def test_a_clean_update_is_staged_and_not_committed(installed: Installed, project: Path) -> None:
    readme = project / "README.md"
    readme.write_text(readme.read_text().replace("line 20\n", "line 20, mine\n"))
    (project / "mine.txt").write_text("mine\n")
    head = commit(project)
    done = installed.run("update", "-l", cwd=project)
    assert done.returncode == 0, done.stderr
    assert git("rev-parse", "HEAD", cwd=project) == head
    text = readme.read_text()
    assert "line 3, better\n" in text
    assert "line 20, mine\n" in text
    assert text.endswith("hello\n")
    assert "_commit: v0.2.0" in (project / ".copier-answers.yml").read_text()
    assert git("status", "--porcelain", cwd=project).splitlines() == [
        "M  .copier-answers.yml",
        "M  README.md",
        "M  logo.bin",
        "M  src/app.py",
        "A  src/fresh.py",
        "D  src/gone.py",
        "R  src/old.py -> src/new.py",
    ]
    assert "template v0.1.0 → v0.2.0, no conflicts" in done.stdout
    for hint in ("git diff --staged", "mlpath update --abort", "git commit"):
        assert hint in done.stdout


def test_an_outdated_lock_file_is_reported(project: Path, tmp_path: Path) -> None:
    first = {**FIRST, "template/project/pyproject.toml": "dependencies = []\n"}
    second = {**SECOND, "template/project/pyproject.toml": 'dependencies = ["click"]\n'}
    newer = install({"v0.1.0": first, "v0.2.0": second}, tmp_path / "newer")
    (project / "pyproject.toml").write_text("dependencies = []\n")
    (project / "uv.lock").write_text("version = 1\n")
    commit(project)
    done = newer.run("update", "-l", cwd=project)
    assert done.returncode == 0, done.stderr
    assert "uv lock && git add uv.lock\n" in done.stdout


def test_conflicts_are_left_in_the_index_with_a_reason(installed: Installed, project: Path) -> None:
    for name, text in {
        "src/app.py": (project / "src/app.py").read_text().replace("= 5\n", "= 555\n"),
        "src/gone.py": (project / "src/gone.py").read_text() + "mine = 1\n",
    }.items():
        (project / name).write_text(text)
    (project / "logo.bin").write_bytes(b"mine\0")
    commit(project)
    done = installed.run("update", "-l", cwd=project)
    assert done.returncode == 1
    unmerged = git("diff", "--name-only", "--diff-filter=U", cwd=project).splitlines()
    assert unmerged == ["logo.bin", "src/app.py", "src/gone.py"]
    text = (project / "src/app.py").read_text()
    assert "<<<<<<< HEAD\nstep_5 = 555\n=======\nstep_5 = 55\n>>>>>>> TEMPLATE_HEAD\n" in text
    assert (project / "src/gone.py").read_text().endswith("mine = 1\n")
    assert (project / "logo.bin").read_bytes() == b"mine\0"
    for reason in (
        "both changed the same lines",
        "you changed or moved it, the template removed",
        "it is binary: keep one of them",
    ):
        assert reason in done.stdout
    assert "mergetool" in done.stdout


def test_data_changes_an_answer_in_the_same_update(installed: Installed, project: Path) -> None:
    done = installed.run(
        "update", "-l", "-d", "license=Apache-2.0", "-d", "greeting=bonjour", cwd=project
    )
    assert done.returncode == 0, done.stderr
    assert (project / "LICENSE").read_text() == "Apache-2.0\n"
    assert (project / "README.md").read_text().endswith("bonjour\n")
    assert "greeting: bonjour" in (project / ".copier-answers.yml").read_text()


def test_vcs_ref_selects_a_version(installed: Installed, project: Path) -> None:
    done = installed.run("update", "-l", "-r", "0.1.0", "-d", "container=true", cwd=project)
    assert done.returncode == 0, done.stderr
    assert git("status", "--porcelain", cwd=project).splitlines() == [
        "M  .copier-answers.yml",
        "A  Dockerfile",
    ]


def test_a_current_project_is_reported(installed: Installed, project: Path) -> None:
    done = installed.run("update", "-r", "v0.1.0", cwd=project)
    assert done.returncode == 0
    assert done.stdout == "demo is up to date: template v0.1.0\n"


def test_a_downgrade_is_refused(installed: Installed, folder: Path) -> None:
    project = installed.project(folder / "newer", version="v0.2.0")
    before = snapshot(project)
    done = installed.run("update", "-l", "-r", "v0.1.0", cwd=project)
    assert done.returncode == 1
    assert "is older" in done.stderr
    assert "git revert" in done.stderr
    assert snapshot(project) == before


def test_an_uncommitted_edit_of_the_answers_file_is_refused(
    installed: Installed, project: Path
) -> None:
    answers = project / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace("license: MIT", "license: none"))
    before = snapshot(project)
    done = installed.run("update", "-l", cwd=project)
    assert done.returncode == 1
    assert ".copier-answers.yml was edited by hand" in done.stderr
    assert "mlpath update -d KEY=VALUE" in done.stderr
    assert snapshot(project) == before


def test_a_committed_edit_of_the_answers_file_changes_no_other_file(
    installed: Installed, project: Path
) -> None:
    answers = project / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace("license: MIT", "license: Apache-2.0"))
    commit(project, "Edit the answers")
    done = installed.run("update", "-l", cwd=project)
    assert done.returncode == 0, done.stderr
    assert (project / "LICENSE").read_text() == "MIT\n"
    assert (project / "src/fresh.py").exists()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("license: MIT", "license: 'MIT'"),
        ("setup: recommended", "setup: recommended\n# My comment."),
    ],
)
def test_formatting_and_comments_in_the_answers_file_are_no_edit(
    installed: Installed, project: Path, old: str, new: str
) -> None:
    answers = project / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace(old, new))
    commit(project, "Format the answers")
    done = installed.run("update", "-l", cwd=project)
    assert done.returncode == 0, done.stderr
    assert "_commit: v0.2.0\n" in answers.read_text()


def test_a_commit_by_plain_copier_is_no_edit(installed: Installed, project: Path) -> None:
    installed.run("status", cwd=project)  # copies the template to where Copier finds it
    options = ("--defaults", "-r", "v0.1.0", "-d", "license=Apache-2.0")
    assert copier("update", *options, cwd=project).returncode == 0
    commit(project, "Choose another license")
    done = installed.run("update", "-l", cwd=project)
    assert done.returncode == 0, done.stderr
    assert (project / "LICENSE").read_text() == "Apache-2.0\n"


def test_a_committed_update_is_no_edit(installed: Installed, project: Path) -> None:
    (project / "LICENSE").write_text("my own\n")
    commit(project)
    installed.run("update", "-l", "-r", "v0.1.0", "-d", "container=true", cwd=project)
    commit(project, "Add a container")
    done = installed.run("update", "-l", cwd=project)
    assert done.returncode == 0, done.stderr
    assert "by hand" not in done.stdout
    assert (project / "LICENSE").read_text() == "my own\n"


@pytest.mark.parametrize("option", ["--pretend", "--diff"])
def test_a_preview_writes_nothing(installed: Installed, project: Path, option: str) -> None:
    readme = project / "README.md"
    readme.write_text(readme.read_text().replace("line 3\n", "line 3, mine\n"))
    (project / "src/app.py").rename(project / "src/mine.py")
    (project / "LICENSE").unlink()
    (project / "notes.txt").write_text("mine\n")
    commit(project)
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    done = installed.run("update", "-l", option, cwd=project)
    assert done.returncode == 1
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before
    if option == "--diff":
        assert "+fresh = True\n" in done.stdout
        assert "-gone_1 = 1\n" in done.stdout
        return
    rows = {line.split()[1]: line.split()[0] for line in done.stdout.splitlines()[2:-2]}
    assert rows == {
        ".copier-answers.yml": "changed",
        "LICENSE": "kept",
        "README.md": "conflict",
        "logo.bin": "changed",
        "src/app.py": "kept",
        "src/fresh.py": "new",
        "src/gone.py": "removed",
        "src/mine.py": "merged",
        "src/new.py": "new",
        "src/old.py": "removed",
        "1": "yours",
    }


def test_the_patch_has_the_line_ends_of_the_files(folder: Path, tmp_path: Path) -> None:
    first, second = (
        {**files, "template/project/win.txt": f"one\r\n{word}\r\nthree\r\n"}
        for files, word in ((FIRST, "two"), (SECOND, "second"))
    )
    installed = install({"v0.1.0": first, "v0.2.0": second}, tmp_path / "crlf")
    project = installed.project(folder / "demo")
    command = installed.command("update", "-l", "--diff")
    patch = subprocess.run(
        command, cwd=project, env=installed.environment, check=True, capture_output=True
    ).stdout
    assert b"\n-two\r\n+second\r\n" in patch
    apply = ["git", "apply", "--exclude=logo.bin"]
    subprocess.run(apply, cwd=project, input=patch, check=True)
    assert (project / "win.txt").read_bytes() == b"one\r\nsecond\r\nthree\r\n"


def test_edits_follow_renamed_files(installed: Installed, project: Path) -> None:
    """Whether the template or the user renamed the file."""
    with (project / "src/old.py").open("a") as file:
        file.write("mine = 1\n")
    (project / "src/app.py").rename(project / "main.py")
    commit(project)
    done = installed.run("update", "-l", cwd=project)
    assert done.returncode == 0, done.stderr
    assert "name_9 = 99\n" in (project / "src/new.py").read_text()
    assert (project / "src/new.py").read_text().endswith("mine = 1\n")
    assert "step_5 = 55\n" in (project / "main.py").read_text()
    assert "merged  src/new.py  the template moved the file, and your edits went" in done.stdout
    assert "merged  main.py     the file that you moved" in done.stdout


def test_an_answer_that_the_new_version_rejects_gets_its_default(
    installed: Installed, folder: Path, tmp_path: Path
) -> None:
    project = installed.project(folder / "demo", "license=none")
    stricter = {**SECOND, "copier.yml": str(SECOND["copier.yml"]).replace(", none]", "]")}
    newer = install({"v0.1.0": FIRST, "v0.2.0": stricter}, tmp_path / "newer")
    done = newer.run("update", "-l", cwd=project)
    assert done.returncode == 0, done.stderr
    assert "license: 'none' is not one of its choices" in done.stdout
    assert "license: MIT" in (project / ".copier-answers.yml").read_text()


def test_the_answer_to_a_removed_question_is_dropped(project: Path, tmp_path: Path) -> None:
    fewer = {**SECOND, "copier.yml": str(SECOND["copier.yml"]).replace("setup:", "_x:", 1)}
    newer = install({"v0.1.0": FIRST, "v0.2.0": fewer}, tmp_path / "newer")
    done = newer.run("update", "-l", cwd=project)
    assert done.returncode == 0, done.stderr
    assert "Note" not in done.stdout
    assert "setup" not in (project / ".copier-answers.yml").read_text()


@pytest.mark.e2e
def test_the_commands_of_the_guide_work(installed: Installed, project: Path) -> None:
    """All of docs/updates.md, in its order, in one project."""
    guide = (ROOT / "docs/updates.md").read_text()
    blocks = re.findall(r"^```sh\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 4
    script = 'set -e\nmlpath() { "$PYTHON" -m mlpath "$@"; }\n' + "".join(blocks)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=project,
        env={**installed.environment, "PYTHON": sys.executable, "GIT_PAGER": "cat"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    log = git("log", "--format=%s", cwd=project).splitlines()
    assert log[:3] == ["Add a container", "Choose another license", "Update the template"]
    assert (project / "LICENSE").read_text() == "Apache-2.0\n"
    assert (project / "Dockerfile").exists()
    [report] = json.loads((project / "report.json").read_text())
    assert report["state"] == "current"
