"""An update that is killed at any point leaves a project as before, or updated.

A wrapper around git counts its calls and sends a signal at one of them. Every call is a point for
at least one kind of signal, and the same one in the next run of the tests.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import git
from support.installed import FIRST, SECOND, Installed, commit, install, snapshot

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")

GIT = """\
#!/bin/sh
echo "$*" >> "$SCENE/calls"
# Two calls at once may both count both: the first one at its point or beyond sends the signal.
if [ "$POINT" -gt 0 ] && [ "$(wc -l < "$SCENE/calls")" -ge "$POINT" ] &&
    mkdir "$SCENE/fired" 2>/dev/null; then
    case "$VICTIM" in
        mlpath) kill -"$SIGNAL" "$(cat "$SCENE/pid")" ;;
        git) kill -"$SIGNAL" $$ ;;
        both) kill -"$SIGNAL" "$(cat "$SCENE/pid")" $$ ;;
    esac
fi
exec "$REAL_GIT" "$@"
"""
VICTIMS = [
    (signal.SIGINT, "mlpath"),
    (signal.SIGTERM, "mlpath"),
    (signal.SIGKILL, "mlpath"),
    (signal.SIGKILL, "both"),
    (signal.SIGKILL, "git"),
]


@dataclass(frozen=True)
class Scene:
    """A project to update, what it was copied from, and what it is after an update."""

    installed: Installed
    folder: Path
    original: Path

    @property
    def project(self) -> Path:
        return self.folder / "demo"

    def reset(self) -> None:
        """Restore the project to its state before the update."""
        shutil.rmtree(self.project, ignore_errors=True)
        shutil.copytree(self.original, self.project, symlinks=True)
        (self.folder / "calls").unlink(missing_ok=True)
        for name in ("fired", "tmp"):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def update(self, point: int = 0, number: int = signal.SIGTERM, victim: str = "") -> int:
        """Update, with a signal to the victim at a call of git; return the exit status."""
        (self.folder / "tmp").mkdir(exist_ok=True)
        environment = {
            **self.installed.environment,
            "HOME": str(self.folder.parent / "home"),
            "TMPDIR": str(self.folder / "tmp"),
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "REAL_GIT": str(shutil.which("git")),
            "SCENE": str(self.folder),
            "POINT": str(point),
            "SIGNAL": str(int(number)),
            "VICTIM": victim,
        }
        command = ["sh", "-c", 'echo $$ > "$SCENE/pid"; exec "$@"', "sh"]
        with subprocess.Popen(
            [*command, *self.installed.command("update", "-l")],
            cwd=self.project,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            return process.wait(timeout=60)

    def update_undisturbed(self) -> object:
        """Update; return the state of the project afterwards."""
        assert self.update() == 1
        return snapshot(self.project)

    def calls(self) -> list[str]:
        """Return the arguments of every call of git so far."""
        return (self.folder / "calls").read_text().splitlines()

    def first_write(self) -> int:
        """Return the number of the call of git that writes to the work tree."""
        writes = [number for number, call in enumerate(self.calls(), 1) if "read-tree -m" in call]
        assert len(writes) == 1
        return writes[0]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    many = {
        f"template/project/many/{number}.txt": f"{number} of many\n" * 50 for number in range(100)
    }
    return install(
        {"v0.1.0": FIRST, "v0.2.0": {**SECOND, **many}}, tmp_path_factory.mktemp("installed")
    )


@pytest.fixture(scope="module")
def prepared(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Give a project with edits that merge, edits that conflict, and an ignored file."""
    tmp_path = tmp_path_factory.mktemp("prepared")
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\n\tname = Ada Lovelace\n\temail = a@example.com\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        project = installed.project(tmp_path / "demo")
        for name in ("README.md", "src/app.py"):
            text = (project / name).read_text()
            (project / name).write_text(text.replace("20", "20, mine").replace("= 5\n", "= 555\n"))
        (project / "src/old.py").chmod(0o755)
        commit(project)
    (project / "debug.log").write_text("ignored\n")
    folder = tmp_path / "scene"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/git").write_text(GIT)
    (folder / "bin/git").chmod(0o755)
    return Scene(installed, folder, project)


@pytest.fixture
def scene(prepared: Scene) -> Scene:
    prepared.reset()
    return prepared


def check(scene: Scene, before: object, updated: object, *, recover: bool) -> None:
    """Assert that the project is in one of two states, and that the next update succeeds."""
    run = scene.installed.run
    if recover:
        assert run("status", cwd=scene.project).returncode == 0
    found = snapshot(scene.project)
    assert found in (before, updated)
    assert not (scene.project / ".git/index.lock").exists()
    if found == updated:
        assert run("update", "--abort", cwd=scene.project).returncode == 0
        assert snapshot(scene.project) == before
    done = run("update", "-l", cwd=scene.project)
    assert done.returncode == 1, done.stderr
    assert snapshot(scene.project) == updated
    assert [path.name for path in (scene.project / ".git/mlpath").iterdir()] == ["update.json"]


def kill_at(scene: Scene, points: list[int], number: signal.Signals, victim: str) -> None:
    """Update once for each call of git, with a signal at that call, and check the project."""
    before = snapshot(scene.original)
    scene.reset()
    updated = scene.update_undisturbed()
    for point in points:
        scene.reset()
        status = scene.update(point, number, victim)
        if number != signal.SIGKILL:
            assert status == 128 + number
            assert list((scene.folder / "tmp").iterdir()) == []
        elif victim != "git":
            assert status == -number
        check(scene, before, updated, recover=number == signal.SIGKILL)


@pytest.mark.e2e
@pytest.mark.parametrize(("number", "victim"), VICTIMS)
def test_killed_at_a_call_of_git(scene: Scene, number: signal.Signals, victim: str) -> None:
    """Each kind takes its share of the calls, and all kinds together take every call."""
    scene.update_undisturbed()
    first = 1 + VICTIMS.index((number, victim))
    kill_at(scene, list(range(first, len(scene.calls()) + 1, len(VICTIMS))), number, victim)


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("number", "with_children"),
    [
        (signal.SIGINT, False),
        (signal.SIGTERM, False),
        (signal.SIGKILL, False),
        (signal.SIGKILL, True),
    ],
)
def test_killed_at_any_time(scene: Scene, number: signal.Signals, *, with_children: bool) -> None:
    """While it starts and renders, and at times close together while files are written."""
    before = snapshot(scene.project)
    updated = scene.update_undisturbed()
    log = scene.project / ".git/mlpath/update.pending"
    delays = [0.4, 0.8] + [-0.005 * n for n in range(4)]
    for delay in delays:
        scene.reset()
        with subprocess.Popen(
            scene.installed.command("update", "-l"),
            cwd=scene.project,
            # A killed process leaves its temporary folders behind.
            env={**scene.installed.environment, "TMPDIR": str(scene.folder / "tmp")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            if delay <= 0:
                while process.poll() is None and not log.exists():
                    time.sleep(0.0002)
            time.sleep(abs(delay))
            children = descendants(process.pid) if with_children else []
            process.send_signal(number)
            for child in children:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            process.wait(timeout=60)
        check(scene, before, updated, recover=number == signal.SIGKILL)


@pytest.mark.e2e
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_recovery_that_is_killed_is_repeated(
    scene: Scene, tmp_path: Path, number: signal.Signals
) -> None:
    before = snapshot(scene.project)
    updated = scene.update_undisturbed()
    point = scene.first_write() + 1
    scene.reset()
    assert scene.update(point, signal.SIGKILL, "both") == -signal.SIGKILL
    half_written = shutil.copytree(scene.project, tmp_path / "half", symlinks=True)
    for later in range(1, 20, 4):
        shutil.rmtree(scene.project)
        shutil.copytree(half_written, scene.project, symlinks=True)
        (scene.folder / "calls").unlink()
        shutil.rmtree(scene.folder / "fired")
        scene.update(later, number, "both" if number == signal.SIGKILL else "mlpath")
        check(scene, before, updated, recover=True)


def descendants(pid: int) -> list[int]:
    """Return the processes below one."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(entry.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        children.setdefault(parent, []).append(int(entry.parent.name))
    found: list[int] = []
    for child in children.get(pid, []):
        found += [child, *descendants(child)]
    return found


@pytest.fixture(scope="module")
def interrupted(prepared: Scene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a project whose update was killed after the files and before the conflicts."""
    prepared.reset()
    prepared.update_undisturbed()
    point = prepared.first_write() + 1
    prepared.reset()
    assert prepared.update(point, signal.SIGKILL, "both") == -signal.SIGKILL
    assert (prepared.project / ".git/mlpath/update.pending").exists()
    assert (prepared.project / "src/fresh.py").exists()
    copy = tmp_path_factory.mktemp("interrupted") / "demo"
    return shutil.copytree(prepared.project, copy, symlinks=True)


@pytest.fixture
def half_written(interrupted: Path, scene: Scene) -> Path:
    shutil.rmtree(scene.project)
    return shutil.copytree(interrupted, scene.project, symlinks=True)


@pytest.mark.parametrize(
    ("command", "content"),
    [(["status"], b""), (["update", "-l"], None), (["add", "container"], b"")],
)
def test_the_answers_file_is_half_written(
    scene: Scene, half_written: Path, command: list[str], content: bytes | None
) -> None:
    """Git removes a file and creates it, before it writes the new content."""
    (half_written / ".copier-answers.yml").unlink()
    if content is not None:
        (half_written / ".copier-answers.yml").write_bytes(content)
    done = scene.installed.run(*command, cwd=half_written)
    assert "An interrupted update was rolled back" in done.stdout + done.stderr
    if command == ["status"]:
        assert done.returncode == 0, done.stderr
        assert snapshot(half_written) == snapshot(scene.original)
        assert list((half_written / ".git/mlpath").iterdir()) == []


def test_edits_made_after_a_kill_are_kept(scene: Scene, half_written: Path) -> None:
    edits = {"README.md": "edited later\n", "src/fresh.py": "a new file, edited later\n"}
    for name, text in edits.items():
        (half_written / name).write_text(text)
    (half_written / "untracked.txt").write_text("mine\n")

    done = scene.installed.run("status", cwd=half_written)

    [aside] = (half_written / ".git/mlpath").glob("rescued-*")
    for name, text in edits.items():
        assert (aside / name).read_text() == text
        assert f"your version is now {aside / name}" in done.stdout
    assert (half_written / "untracked.txt").read_text() == "mine\n"
    (half_written / "untracked.txt").unlink()
    assert snapshot(half_written) == snapshot(scene.original)


def test_a_folder_in_the_place_of_a_file_is_kept(scene: Scene, half_written: Path) -> None:
    (half_written / "README.md").unlink()
    (half_written / "README.md").mkdir()
    (half_written / "README.md/mine.txt").write_text("mine\n")
    assert scene.installed.run("status", cwd=half_written).returncode == 0
    [aside] = (half_written / ".git/mlpath").glob("rescued-*")
    assert (aside / "README.md/mine.txt").read_text() == "mine\n"
    assert snapshot(half_written) == snapshot(scene.original)


def test_a_file_in_the_place_of_a_folder_is_reported(scene: Scene, half_written: Path) -> None:
    shutil.rmtree(half_written / "src")
    (half_written / "src").write_text("mine\n")
    done = scene.installed.run("status", cwd=half_written)
    assert done.returncode == 1
    assert "the update cannot be rolled back" in done.stderr
    assert (half_written / "src").read_text() == "mine\n"
    (half_written / "src").rename(half_written / "mine")
    assert scene.installed.run("status", cwd=half_written).returncode == 0
    (half_written / "mine").unlink()
    assert snapshot(half_written) == snapshot(scene.original)


def test_a_commit_made_after_a_kill_is_kept(scene: Scene, half_written: Path) -> None:
    commit(half_written, "Take it as it is")
    before = snapshot(half_written)
    done = scene.installed.run("status", cwd=half_written)
    assert "Note" not in done.stdout
    assert snapshot(half_written) == before
    assert git("status", "--porcelain", cwd=half_written) == ""


def test_a_copy_of_a_project_can_be_aborted(scene: Scene, tmp_path: Path) -> None:
    """The log has no absolute paths."""
    updated = scene.update_undisturbed()
    copy = shutil.copytree(scene.project, tmp_path / "copy", symlinks=True)
    assert scene.installed.run("update", "--abort", cwd=copy).returncode == 0
    assert snapshot(copy) == snapshot(scene.original)
    assert snapshot(scene.project) == updated
