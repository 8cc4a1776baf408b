"""Updates that are refused: an error with a hint, and nothing is changed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import git
from support.installed import FIRST, SECOND, Installed, commit, install, snapshot


def refusal(installed: Installed, project: Path, *arguments: str) -> str:
    """Run an update that must fail and change nothing; return its message."""
    before = everything(project)
    done = installed.run("update", "-l", *arguments, cwd=project)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert lines[0].startswith("Error: ")
    assert [line[:6] for line in lines[1:]] in ([], ["Hint: "])
    assert everything(project) == before
    return done.stderr


def everything(folder: Path) -> dict[str, bytes]:
    """Return every file, those of git too."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def test_no_project(installed: Installed, folder: Path) -> None:
    assert "it has no .copier-answers.yml" in refusal(installed, folder)
    assert "the folder does not exist" in refusal(installed, folder, "nowhere")
    (folder / "file").write_text("")
    assert "the folder does not exist" in refusal(installed, folder, "file")


def test_no_repository(installed: Installed, project: Path) -> None:
    shutil.rmtree(project / ".git")
    message = refusal(installed, project)
    assert "is not in a git repository" in message
    assert "git init" in message


def test_a_repository_of_another_owner(
    installed: Installed, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    message = refusal(installed, project)
    assert "detected dubious ownership" in message
    assert f"git config --global --add safe.directory {project}" in message


def test_an_uncommitted_project(installed: Installed, project: Path) -> None:
    shutil.rmtree(project / ".git")
    git("init", "-q", cwd=project)
    assert "no commit yet" in refusal(installed, project)
    git("add", "--all", cwd=project)
    assert "no commit yet" in refusal(installed, project)
    shutil.rmtree(project / ".git")
    (project.parent / "other.txt").write_text("other\n")
    git("init", "-q", cwd=project.parent)
    git("add", "other.txt", cwd=project.parent)
    git("commit", "-q", "-m", "other", cwd=project.parent)
    assert "is not committed, so there is nothing to merge with" in refusal(installed, project)


def test_uncommitted_changes(installed: Installed, project: Path) -> None:
    (project / "mine.txt").write_text("untracked, so it does not matter\n")
    (project / "README.md").write_text("changed\n")
    (project / "LICENSE").unlink()
    git("mv", "src/app.py", "src/mo ved.py", cwd=project)
    message = refusal(installed, project)
    assert "uncommitted changes" in message
    for name in ("README.md", "LICENSE", "src/mo ved.py"):
        assert name in message
    assert "mine.txt" not in message
    assert "git stash" in message


def test_unresolved_conflicts(installed: Installed, project: Path) -> None:
    (project / "src/app.py").write_text("mine\n")
    commit(project)
    assert installed.run("update", "-l", cwd=project).returncode == 1
    message = refusal(installed, project)
    assert "there are unresolved conflicts" in message
    assert "src/app.py" in message
    assert "mlpath update --abort" in message


def test_an_uncommitted_update(installed: Installed, project: Path) -> None:
    assert installed.run("update", "-l", cwd=project).returncode == 0
    message = refusal(installed, project, "-d", "container=true")
    assert "the last update of " in message
    assert "mlpath update --abort" in message


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "lacks _src_path and _commit"),
        ("a: b: c\n", "is not YAML"),
        ("- a\n", "holds no answers"),
        ("_commit: v0.1.0\n_src_path: /nowhere/template\n", "/nowhere/template"),
        ("_commit: v9.0.0\n_src_path: ~/.local/share/mlpath/template.bundle\n", "mlpath>=9.0.0"),
        ("_commit: oops\n_src_path: ~/.local/share/mlpath/template.bundle\n", "does not know"),
    ],
)
def test_malformed_answers_files(
    installed: Installed, project: Path, content: str, expected: str
) -> None:
    (project / ".copier-answers.yml").write_text(content)
    commit(project)
    assert expected in refusal(installed, project)


def test_recorded_answers_that_the_template_rejects(installed: Installed, project: Path) -> None:
    answers = project / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace("license: MIT", "license: nonsense"))
    commit(project)
    message = refusal(installed, project)
    assert "license" in message
    assert "'nonsense'" in message
    assert "git log -p -- .copier-answers.yml" in message


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-d", "color=red"], "color is not a question of this template"),
        (["-d", "license=mit"], "Choose from: MIT, Apache-2.0, none."),
        (["-d", "greeting=rude"], "greeting: be kind"),
        (["-d", "container=banana"], "is not yes or no"),
        (["-r", "v9"], "template version v9 not found"),
        (["-r", "--upload-pack=touch x"], "template version --upload-pack=touch x not found"),
    ],
)
def test_bad_answers_and_versions(
    installed: Installed, project: Path, arguments: list[str], expected: str
) -> None:
    assert expected in refusal(installed, project, *arguments)


@pytest.mark.parametrize(
    ("way", "named"),
    [
        ("an empty folder", "src/fresh.py"),
        ("a link", "src/fresh.py"),
        ("a dangling link", "src/fresh.py"),
        ("a repository of its own", "src"),
    ],
)
def test_what_is_in_the_place_of_a_new_file(
    installed: Installed, project: Path, way: str, named: str
) -> None:
    place = project / "src/fresh.py"
    match way:
        case "an empty folder":
            (place / "deep").mkdir(parents=True)
        case "a link":
            place.symlink_to(project / "README.md")
        case "a dangling link":
            place.symlink_to("nowhere")
        case "a repository of its own":
            git("init", "-q", "src", cwd=project)
    message = refusal(installed, project)
    assert f"untracked files where the template has some: {named}\n" in message
    assert "Move or rename them" in message
    done = installed.run("update", "-l", "--pretend", cwd=project)
    assert named in done.stdout


# Copier leaves the folder open in which it was reading when a file failed.
@pytest.mark.filterwarnings("ignore:.*ScandirIterator:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        ({"template/project/README.md.jinja": "{{ oops"}, "v0.2.0 fails to render"),
        ({"copier.yml": "a: b: c\n"}, "cannot use the template v0.2.0"),
    ],
)
def test_a_version_that_fails_to_render(
    project: Path, tmp_path: Path, broken: dict[str, str | bytes], expected: str
) -> None:
    newer = install({"v0.1.0": FIRST, "v0.2.0": {**SECOND, **broken}}, tmp_path / "newer")
    assert expected in refusal(newer, project)


def test_no_git(installed: Installed, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(project))
    assert "git is not installed" in refusal(installed, project)


FULL_DISK = """\
#!/bin/sh
case "$*" in
    *read-tree\\ -m*)
        {partly}
        echo 'error: unable to write file src/app.py: No space left on device' >&2
        exit 128 ;;
esac
exec {git} "$@"
"""


@pytest.mark.parametrize(
    "partly",
    [
        "",
        "sed -i 's/^line 3$/line 3, better/; /^line 9$/q' README.md",
        "rm src/gone.py src/old.py; printf 'fresh = ' > src/fresh.py; touch .git/index.lock",
    ],
)
def test_a_full_disk(
    installed: Installed,
    project: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    partly: str,
) -> None:
    """Git fails while it writes, so that files are cut short."""
    (folder / "bin").mkdir()
    stand_in = folder / "bin/git"
    stand_in.write_text(FULL_DISK.format(git=shutil.which("git"), partly=partly))
    stand_in.chmod(0o755)
    before = snapshot(project)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")
        done = installed.run("update", "-l", cwd=project)
    assert done.returncode == 1
    if ".git/index.lock" not in partly:
        assert "No space left on device" in done.stderr
        assert done.stderr.endswith("Hint: Everything is as it was before.\n")
    assert snapshot(project) == before
    assert sorted(path.name for path in (project / ".git/mlpath").iterdir()) == []


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root may mount")
def test_a_disk_that_is_really_full(installed: Installed, project: Path, folder: Path) -> None:
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("nothing may be mounted here")
    try:
        git("gc", "-q", cwd=project)
        for hook in (project / ".git/hooks").glob("*"):
            hook.unlink()
        shutil.copytree(project, disk / "demo", symlinks=True)
        with (disk / "filler").open("wb") as filler:
            filler.write(b"x" * (os.statvfs(disk).f_bavail * os.statvfs(disk).f_bsize - 8192))
        before = snapshot(disk / "demo")
        done = installed.run("update", "-l", cwd=disk / "demo")
        assert done.returncode == 1, done.stdout
        assert "No space left on device" in done.stderr
        assert snapshot(disk / "demo") == before
        (disk / "filler").unlink()
        assert installed.run("update", "-l", cwd=disk / "demo").returncode == 0
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_the_index_is_locked_by_another_git(installed: Installed, project: Path) -> None:
    lock = project / ".git/index.lock"
    before = snapshot(project)
    lock.touch()
    done = installed.run("update", "-l", cwd=project)
    assert done.returncode == 1
    assert f"delete {lock}" in done.stderr
    assert snapshot(project) == before
    lock.unlink()
    assert installed.run("update", "-l", cwd=project).returncode == 0
    updated = snapshot(project)
    lock.touch()
    done = installed.run("update", "--abort", cwd=project)
    assert "another git process is writing" in done.stderr
    assert lock.exists()
    assert snapshot(project) == updated
    lock.unlink()
    assert installed.run("update", "--abort", cwd=project).returncode == 0


def test_abort_without_an_update(installed: Installed, project: Path) -> None:
    abort = ("update", "--abort")
    assert "no update to undo" in installed.run(*abort, cwd=project).stderr
    installed.run("update", "-l", cwd=project)
    git("reset", "-q", "--hard", cwd=project)
    (project / "README.md").write_text("mine\n")
    done = installed.run(*abort, cwd=project)
    assert done.returncode == 1
    assert "was already undone" in done.stderr
    assert (project / "README.md").read_text() == "mine\n"
    git("reset", "-q", "--hard", cwd=project)
    installed.run("update", "-l", cwd=project)
    commit(project, "Update the template")
    done = installed.run(*abort, cwd=project)
    assert done.returncode == 1
    assert "is already committed" in done.stderr
    assert "git revert HEAD" in done.stderr
    assert installed.run(*abort, cwd=project.parent).returncode == 1


@pytest.mark.parametrize("length", [0, 40])
def test_a_damaged_log(installed: Installed, project: Path, length: int) -> None:
    installed.run("update", "-l", cwd=project)
    log = project / ".git/mlpath/update.json"
    log.write_bytes(log.read_bytes()[:length])
    for option in ("-l", "--abort"):
        done = installed.run("update", option, cwd=project)
        assert done.returncode == 1
        assert "the log of the last update is damaged" in done.stderr
        assert f"delete {log}" in done.stderr
    git("reset", "-q", "--hard", cwd=project)
    log.unlink()
    assert installed.run("update", "-l", cwd=project).returncode == 0


def test_abort_keeps_later_edits(installed: Installed, project: Path) -> None:
    (project / "src/app.py").write_text("all = mine\n")
    commit(project)
    before = snapshot(project)
    installed.run("update", "-l", cwd=project)
    (project / "src/app.py").write_text("half = resolved\n")
    (project / "src/fresh.py").write_text("better = True\n")
    (project / "new.txt").write_text("staged meanwhile\n")
    git("add", "src/fresh.py", "new.txt", cwd=project)
    done = installed.run("update", "--abort", cwd=project)
    assert done.returncode == 0, done.stderr
    kept = {
        path.name: path.read_text()
        for path in (project / ".git/mlpath").glob("rescued-*/src/*")
        if path.is_file()
    }
    assert kept == {"app.py": "half = resolved\n", "fresh.py": "better = True\n"}
    assert "You had edited app.py" in done.stdout
    assert git("status", "--porcelain", cwd=project) == "A  new.txt"
    git("rm", "-qf", "new.txt", cwd=project)
    assert snapshot(project) == before
