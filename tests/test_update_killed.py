"""Killed at any moment, an update leaves a project as it was before, or as it is after.

A stand-in for git counts its calls and sends a signal at one of them, so that every step of an
update is met, and the same step again in the next run of the tests.
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

STAND_IN = """\
#!/bin/sh
echo x >> "$SCENE/calls"
# Two calls at once may both count both: whichever is first at its point or beyond sends the signal.
if [ "$POINT" -gt 0 ] && [ "$(wc -l < "$SCENE/calls")" -ge "$POINT" ] &&
    mkdir "$SCENE/fired" 2>/dev/null; then
    case "$VICTIMS" in
        main) kill -"$SIGNAL" "$(cat "$SCENE/main")" ;;
        writer) kill -"$SIGNAL" "$PPID" ;;
        both) kill -"$SIGNAL" "$PPID" "$(cat "$SCENE/main")" ;;
    esac
    [ "$VICTIMS" = main ] || exit 1
fi
exec "$REAL_GIT" "$@"
"""


@dataclass(frozen=True)
class Scene:
    """A project to be updated, and what its owner will see before and after."""

    installed: Installed
    folder: Path

    @property
    def project(self) -> Path:
        return self.folder / "demo"

    def reset(self, template: Path) -> None:
        """Put the project back to where it starts."""
        shutil.rmtree(self.project, ignore_errors=True)
        shutil.copytree(template, self.project, symlinks=True)
        for name in ("calls", "main"):
            (self.folder / name).unlink(missing_ok=True)
        shutil.rmtree(self.folder / "fired", ignore_errors=True)

    def update(self, point: int, number: signal.Signals, victims: str) -> int:
        """Update, with a signal to the victims at a call of git; return the exit status."""
        (self.folder / "tmp").mkdir(exist_ok=True)
        environment = {
            **self.installed.environment,
            "TMPDIR": str(self.folder / "tmp"),
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "REAL_GIT": str(shutil.which("git")),
            "SCENE": str(self.folder),
            "POINT": str(point),
            "SIGNAL": number.name.removeprefix("SIG"),
            "VICTIMS": victims,
        }
        command = ["sh", "-c", 'echo $$ > "$SCENE/main"; exec "$@"', "sh"]
        with subprocess.Popen(
            [*command, *self.installed.command("update", "-l")],
            cwd=self.project,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            return process.wait(timeout=60)

    def calls(self) -> int:
        """How often git was called."""
        return len((self.folder / "calls").read_text().splitlines())


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    many = {
        f"template/project/many/{number}.txt": f"{number} of many\n" * 50 for number in range(100)
    }
    return install(
        {"v0.1.0": FIRST, "v0.2.0": {**SECOND, **many}}, tmp_path_factory.mktemp("installed")
    )


@pytest.fixture
def template(installed: Installed, tmp_path: Path) -> Path:
    """Give a project with edits that merge, edits that conflict, and an ignored file."""
    project = installed.project(tmp_path / "demo")
    for name in ("README.md", "src/app.py"):
        text = (project / name).read_text()
        (project / name).write_text(text.replace("20", "20, mine").replace("= 5\n", "= 555\n"))
    (project / "src/old.py").chmod(0o755)
    commit(project)
    (project / "debug.log").write_text("ignored\n")
    return project


@pytest.fixture
def scene(installed: Installed, tmp_path: Path, template: Path) -> Scene:
    folder = tmp_path / "scene"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/git").write_text(STAND_IN)
    (folder / "bin/git").chmod(0o755)
    scene = Scene(installed, folder)
    scene.reset(template)
    return scene


def after(scene: Scene) -> object:
    """Return what a project is after an update that nothing disturbs."""
    assert scene.update(0, signal.SIGTERM, "main") == 1
    return snapshot(scene.project)


def check(scene: Scene, before: object, updated: object, *, recover: bool) -> None:
    """Assert that nothing is half done, and that the next run succeeds."""
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
    assert [path.name for path in (scene.project / ".git/mlpath").iterdir()] == ["update"]


VICTIMS = [
    (signal.SIGINT, "main"),
    (signal.SIGTERM, "main"),
    (signal.SIGKILL, "main"),
    (signal.SIGKILL, "both"),
    (signal.SIGKILL, "writer"),
]


def at_every_call(
    scene: Scene, template: Path, number: signal.Signals, victims: str, points: list[int]
) -> None:
    before = snapshot(scene.project)
    updated = after(scene)
    calls = scene.calls()
    for point in points or range(1, calls + 1):
        scene.reset(template)
        status = scene.update(point if point > 0 else calls + point, number, victims)
        if number == signal.SIGKILL and victims != "writer":
            assert status == -number
        elif number != signal.SIGKILL:
            assert status == 128 + number
            assert list((scene.folder / "tmp").iterdir()) == []
        check(scene, before, updated, recover=number == signal.SIGKILL)


@pytest.mark.parametrize(("number", "victims"), VICTIMS)
def test_killed_while_it_writes(
    scene: Scene, template: Path, number: signal.Signals, victims: str
) -> None:
    at_every_call(scene, template, number, victims, [-1])


@pytest.mark.parametrize("command", [["status"], ["update", "-l"], ["add", "container"]])
@pytest.mark.parametrize("cut_short", [True, False])
def test_the_record_itself_is_half_written(
    scene: Scene, template: Path, command: list[str], *, cut_short: bool
) -> None:
    """Git empties a file, or has removed it, a moment before it writes it anew."""
    after(scene)
    calls = scene.calls()
    scene.reset(template)
    before = snapshot(scene.project)
    assert scene.update(calls, signal.SIGKILL, "both") == -signal.SIGKILL
    record = scene.project / ".copier-answers.yml"
    if cut_short:
        record.write_bytes(b"")
    else:
        record.unlink()
    done = scene.installed.run(*command, cwd=scene.project)
    assert "everything is back as it was before" in done.stdout + done.stderr
    if command == ["status"]:
        assert done.returncode == 0, done.stderr
        assert snapshot(scene.project) == before


@pytest.mark.e2e
@pytest.mark.parametrize(("number", "victims"), VICTIMS)
def test_killed_at_every_call_of_git(
    scene: Scene, template: Path, number: signal.Signals, victims: str
) -> None:
    at_every_call(scene, template, number, victims, [])


@pytest.mark.e2e
@pytest.mark.parametrize("everything", [False, True])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_killed_at_any_time(
    scene: Scene, template: Path, number: signal.Signals, *, everything: bool
) -> None:
    """Spread over the whole run, and dense where files are written."""
    before = snapshot(scene.project)
    updated = after(scene)
    delays = [0.05 * n for n in range(8)] + [-0.002 * n for n in range(12)]
    for delay in delays:
        scene.reset(template)
        with subprocess.Popen(
            scene.installed.command("update", "-l"),
            cwd=scene.project,
            # What is killed leaves its temporary folders behind.
            env={**scene.installed.environment, "TMPDIR": str(scene.folder / "tmp")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            if delay <= 0:
                while (
                    process.poll() is None and not (scene.project / ".git/mlpath/update").exists()
                ):
                    time.sleep(0.0002)
            time.sleep(abs(delay))
            victims = descendants(process.pid) if everything else []
            process.send_signal(number)
            for victim in victims if number == signal.SIGKILL else []:
                kill(victim)
            process.wait(timeout=60)
        check(scene, before, updated, recover=number == signal.SIGKILL)


def descendants(pid: int) -> list[int]:
    """Return the processes below one, whatever their session."""
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


def kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def test_edits_made_after_a_kill_are_kept(scene: Scene, template: Path) -> None:
    """Nobody runs mlpath at once; what they type in the meantime is theirs."""
    del template
    before = snapshot(scene.project)
    after(scene)
    calls = scene.calls()
    (scene.project / "calls").unlink(missing_ok=True)
    git("reset", "-q", "--hard", cwd=scene.project)
    shutil.rmtree(scene.project / ".git/mlpath")
    (scene.folder / "calls").unlink()
    assert scene.update(calls, signal.SIGKILL, "both") == -signal.SIGKILL
    (scene.project / "README.md").write_text("typed in the meantime\n")
    done = scene.installed.run("status", cwd=scene.project)
    assert "was killed while it wrote" in done.stdout
    assert snapshot(scene.project) == before
    [copy] = (scene.project / ".git/mlpath").glob("rescued-*/README.md")
    assert copy.read_text() == "typed in the meantime\n"
    assert str(copy) in done.stdout


def test_what_was_committed_after_a_kill_stays(scene: Scene, template: Path) -> None:
    """Nobody runs mlpath at once; they take what is there for the update, and go on."""
    del template
    assert scene.update(0, signal.SIGTERM, "main") == 1
    (scene.project / ".git/mlpath/update/done").unlink()
    commit(scene.project, "Take it as it is")
    before = snapshot(scene.project)
    done = scene.installed.run("status", cwd=scene.project)
    assert "Note" not in done.stdout
    assert snapshot(scene.project) == before
    assert git("status", "--porcelain", cwd=scene.project) == ""


def test_a_copy_of_a_project_is_undone_where_it_is(scene: Scene, template: Path) -> None:
    """What is remembered of an update does not lead back to the original."""
    assert scene.update(0, signal.SIGTERM, "main") == 1
    updated = snapshot(scene.project)
    copy = shutil.copytree(scene.project, scene.folder / "copy", symlinks=True)
    assert scene.installed.run("update", "--abort", cwd=copy).returncode == 0
    assert snapshot(copy) == snapshot(template)
    assert snapshot(scene.project) == updated
