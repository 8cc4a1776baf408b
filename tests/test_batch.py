"""`mlpath update` and `status` of several projects, each in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import git
from mlpath.update import status
from support.installed import Installed, commit, snapshot


@pytest.fixture
def projects(project: Path) -> list[Path]:
    """Give a clean project, one with a conflict, one with uncommitted changes, and no project."""
    folder = project.parent
    clean = project.rename(folder / "clean")
    for name in ("conflict", "changed"):
        shutil.copytree(clean, folder / name, symlinks=True)
        (folder / name / "src/app.py").write_text("mine\n")
    commit(folder / "conflict")
    (folder / "none").mkdir()
    return [folder / name for name in ("clean", "conflict", "changed", "none")]


def test_a_failure_does_not_stop_the_others(
    installed: Installed, projects: list[Path], folder: Path
) -> None:
    changed = snapshot(folder / "changed")
    done = installed.run_apart("update", "-l", *(path.name for path in projects), cwd=folder)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "Updated clean: template v0.1.0 → v0.2.0, no conflicts",
        "Updated conflict: template v0.1.0 → v0.2.0, 1 file in conflict",
        "  conflict  src/app.py  you and the template both changed the same lines",
        "",
        "4 projects: 2 failed, 1 updated, 1 with conflicts",
    ]
    errors = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert ": src/app.py" in errors[0]
    assert "none is not an mlpath project" in errors[1]
    assert "step_5 = 55" in (folder / "clean/src/app.py").read_text()
    assert snapshot(folder / "changed") == changed


def test_a_permission_error_does_not_stop_the_others(
    installed: Installed, projects: list[Path], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(project: Path) -> status.Status:
        if project.name == "clean":
            raise PermissionError(13, "Permission denied", "clean/.git")
        return status.read_status(project)

    monkeypatch.setattr("mlpath.update.batch.read_status", refusing)
    done = installed.run("status", *(path.name for path in projects[:2]), cwd=folder)
    assert done.returncode == 1
    assert "Error: clean/.git: Permission denied\n" in done.stderr
    assert "conflict is outdated" in done.stdout


def test_unreadable_answers_files_do_not_stop_the_others(
    installed: Installed, projects: list[Path], folder: Path
) -> None:
    record = folder / "changed/.copier-answers.yml"
    record.write_text(record.read_text() + "author_name: 2024-13-13\n")
    (folder / "none/.copier-answers.yml").mkdir()
    done = installed.run("status", "--json", *(path.name for path in projects), cwd=folder)
    assert done.returncode == 1
    errors = {Path(row["project"]).name: row.get("error") for row in json.loads(done.stdout)}
    assert set(errors) == {"clean", "conflict", "changed", "none"}
    assert {name for name, error in errors.items() if error} == {"changed", "none"}
    assert "Traceback" not in done.stderr


def test_a_result_is_the_same_as_for_the_project_alone(
    installed: Installed, projects: list[Path], folder: Path
) -> None:
    shutil.copytree(folder / "conflict", folder / "alone", symlinks=True)
    installed.run("update", "-l", "alone", cwd=folder)
    names = [path.name for path in projects]
    done = installed.run_apart("update", "-l", "--json", *names, cwd=folder)
    assert snapshot(folder / "conflict") == snapshot(folder / "alone")
    found = json.loads(done.stdout)
    assert [(row["project"], row["state"]) for row in found] == [
        ("clean", "updated"), ("conflict", "conflicts"), ("changed", "failed"), ("none", "failed"),
    ]  # fmt: skip
    assert "git stash" in found[2]["hint"]
    reasons = {row["path"]: row["reason"] for row in found[1]["files"]}
    assert reasons["src/app.py"] == "you and the template both changed the same lines"


def test_abort_of_several_projects(
    installed: Installed, projects: list[Path], folder: Path
) -> None:
    before = [snapshot(path) for path in projects[:2]]
    installed.run_apart("update", "-l", "clean", "conflict", cwd=folder)
    done = installed.run("update", "--abort", "clean", "conflict", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "2 projects: 2 undone" in done.stdout
    assert [snapshot(path) for path in projects[:2]] == before


def test_projects_that_share_a_repository(
    installed: Installed, project: Path, folder: Path
) -> None:
    """They are written one after the other, and each can be undone separately."""
    shutil.rmtree(project / ".git")
    names = [f"p{index}" for index in range(4)]
    for name in names:
        shutil.copytree(project, folder / "mono" / name)
    git("init", "-q", cwd=folder / "mono")
    commit(folder / "mono")
    before, entries = snapshot(folder / "mono/p1")
    done = installed.run_apart("update", "-l", *names, cwd=folder / "mono")
    assert done.returncode == 0, done.stderr
    assert all((folder / "mono" / name / "src/fresh.py").exists() for name in names)
    done = installed.run("update", "--abort", "p1", cwd=folder / "mono")
    assert done.returncode == 0, done.stderr
    assert snapshot(folder / "mono/p1") == (before, entries)
    status = git("status", "--porcelain", cwd=folder / "mono")
    assert "p1/" not in status
    assert status.count("A  ") == 3


def test_new_questions_of_several_projects_need_defaults(
    installed: Installed, projects: list[Path], folder: Path
) -> None:
    del projects
    done = installed.run_apart("update", "clean", "conflict", cwd=folder)
    assert done.returncode == 1
    assert "Add --defaults" in done.stderr
    assert git("status", "--porcelain", cwd=folder / "clean") == ""


def test_previews_of_several_projects(
    installed: Installed, projects: list[Path], folder: Path
) -> None:
    before = [snapshot(path) for path in projects[:2]]
    names = [path.name for path in projects[:2]]
    done = installed.run_apart("status", "--preview", *names, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "clean is outdated: template v0.1.0, newest v0.2.0",
        "An update would change 8 files: no conflicts",
        "conflict is outdated: template v0.1.0, newest v0.2.0",
        "An update would change 8 files: 1 file in conflict",
        "  conflict  src/app.py  you and the template both changed the same lines",
        "",
        "2 projects: 2 outdated",
    ]
    assert [snapshot(path) for path in projects[:2]] == before


NAMES = [f"p{index}" for index in range(12)]


@pytest.fixture
def running(installed: Installed, project: Path, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Update twelve copies of a project, the first of which is done."""
    for name in NAMES:
        shutil.copytree(project, folder / name, symlinks=True)
    with subprocess.Popen(
        installed.command("update", "-l", *NAMES),
        cwd=folder,
        # A killed process leaves its temporary folders behind.
        env={**installed.environment, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        while not list(folder.glob("p*/.git/mlpath/update.json")):
            assert process.poll() is None
            time.sleep(0.001)
        yield process


@pytest.fixture
def states(installed: Installed, project: Path, folder: Path) -> tuple[object, object]:
    """Give the states of a project before and after an update."""
    copy = shutil.copytree(project, folder / "copy", symlinks=True)
    installed.run("update", "-l", cwd=copy)
    return snapshot(project), snapshot(copy)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_each_project_as_before_or_updated(
    states: tuple[object, object],
    running: subprocess.Popen[str],
    folder: Path,
    number: signal.Signals,
) -> None:
    running.send_signal(number)
    output, _ = running.communicate(timeout=30)
    assert running.returncode == 128 + number
    found = {name: snapshot(folder / name) for name in NAMES}
    assert set(map(str, found.values())) == set(map(str, states))
    for name, state in found.items():
        assert (f"Updated {name}:" in output) is (state == states[1])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_workers_end_when_mlpath_is_killed(
    installed: Installed,
    states: tuple[object, object],
    running: subprocess.Popen[str],
    folder: Path,
) -> None:
    running.kill()
    running.communicate(timeout=30)  # returns when the workers have closed the pipe, too
    assert running.returncode == -signal.SIGKILL
    assert installed.run("status", *NAMES, cwd=folder).returncode == 0
    assert {str(snapshot(folder / name)) for name in NAMES} == set(map(str, states))


def test_a_worker_that_dies_costs_its_project_alone(
    installed: Installed, projects: list[Path], folder: Path
) -> None:
    """It may be killed for its memory use, or crash in a library."""
    del projects
    stand_in = folder / "bin"
    stand_in.mkdir()
    (stand_in / "git").write_text(
        f'#!/bin/sh\ncase "$PWD" in *conflict*) kill -9 $PPID ;; esac\n'
        f'exec {shutil.which("git")} "$@"\n'
    )
    (stand_in / "git").chmod(0o755)
    path = f"{stand_in}:{os.environ['PATH']}"
    done = subprocess.run(
        installed.command("update", "-l", "conflict", "clean"),
        cwd=folder,
        # A killed process leaves its temporary folders behind.
        env={**installed.environment, "PATH": path, "TMPDIR": str(folder)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "the process for conflict died" in done.stderr
    assert "Updated clean" in done.stdout
