"""The Dockerfile of a generated project, built and run for real, without an engine.

The base image cannot always be pulled, so one of its name is made here: a small Debian with this
machine's Python at the same path. Storage is a temporary folder, which is removed at the end.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

import pytest

CERTIFICATES = Path("/etc/ssl/certs")
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
ISOLATION = ("--isolation", "chroot")
# Not through a proxy of the environment: everything asked here is on this machine.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def run(*command: str | Path, timeout: int = 300) -> str:
    """Run a program and return its output; a failure shows the last lines."""
    done = subprocess.run(
        [str(part) for part in command],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=timeout,
    )
    if done.returncode != 0:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-30:])
        raise RuntimeError(f"{command[0]} {command[1]} … ended with {done.returncode}:\n{last}")
    return done.stdout.strip()


@dataclass
class Storage:
    """Images and containers in a folder of their own."""

    folder: Path

    def command(self, *arguments: str | Path) -> list[str | Path]:
        place = ("--root", self.folder / "root", "--runroot", self.folder / "run")
        return ["buildah", *place, "--storage-driver", "vfs", *arguments]

    def __call__(self, *arguments: str | Path, timeout: int = 300) -> str:
        return run(*self.command(*arguments), timeout=timeout)

    def remove(self) -> None:
        """Remove everything, after what a killed program may have left mounted in it."""
        mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
        for mount in sorted((m for m in mounts if m.startswith(f"{self.folder}/")), reverse=True):
            run("umount", mount)
        shutil.rmtree(self.folder)


def reason_to_skip() -> str:
    """Return what this machine lacks, or an empty string."""
    if sys.platform != "linux":
        return "containers are built on Linux only"
    if missing := [name for name in ("buildah", "crun", "debootstrap") if not shutil.which(name)]:
        return f"not installed: {', '.join(missing)}"
    if os.geteuid() != 0:
        return "debootstrap and buildah's chroot isolation need root"
    if not (CERTIFICATES / "ca-certificates.crt").is_file():
        return f"no certificates in {CERTIFICATES}"
    return ""


# Known before any fixture begins: no project is trained for a test that is skipped.
LACKING = reason_to_skip()
pytestmark = [pytest.mark.e2e, pytest.mark.skipif(bool(LACKING), reason=LACKING)]


def copy_python(tree: Path) -> None:
    """Put this machine's Python into a tree, at the same path, without what is installed in it."""
    prefix = Path(sys.base_prefix)
    below = tree / prefix.relative_to("/")
    library = prefix / "lib" / PYTHON
    leave = shutil.ignore_patterns("site-packages", "dist-packages", "test", "__pycache__")
    shutil.copytree(library, below / "lib" / PYTHON, symlinks=True, ignore=leave)
    (below / "lib" / PYTHON / "site-packages").mkdir()
    (below / "bin").mkdir(exist_ok=True)
    shutil.copy2((prefix / "bin" / PYTHON).resolve(), below / "bin" / PYTHON)
    for name in ("python", "python3"):
        (below / "bin" / name).unlink(missing_ok=True)
        (below / "bin" / name).symlink_to(PYTHON)
    # The unprivileged user of the container must be able to read it.
    for parent in [below, *below.parents]:
        if parent == tree:
            break
        parent.chmod(0o755)
    binaries = [prefix / "bin" / PYTHON, *(library / "lib-dynload").glob("*.so")]
    for needed in set(re.findall(r"(/\S+\.so\S*) \(0x", run("ldd", *binaries))):
        target = tree / needed.lstrip("/")
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(Path(needed).resolve(), target)


def make_base(storage: Storage, name: str) -> None:
    """Commit a small Debian with this machine's Python under the name of the base image."""
    suite = platform.freedesktop_os_release()["VERSION_CODENAME"]
    container = storage("from", "scratch")
    tree = Path(storage("mount", container))
    run("debootstrap", "--variant=minbase", suite, tree, timeout=600)
    shutil.rmtree(tree / "var/cache/apt")
    copy_python(tree)
    path = f"{sys.base_prefix}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    storage("config", "--env", f"PATH={path}", container)
    storage("run", *ISOLATION, container, "--", "python", "-m", "ensurepip", "--default-pip")
    storage("umount", container)
    storage("commit", "--format", "docker", "--rm", container, name)


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory, trained_project: Path) -> Iterator[Storage]:
    """Make a storage that holds the base image which the project's Dockerfile names."""
    bases = set(re.findall(r"(?m)^FROM (\S+)", (trained_project / "Dockerfile").read_text()))
    assert len(bases) == 1, bases
    base = bases.pop()
    if not base.startswith(f"python:{PYTHON.removeprefix('python')}-"):
        pytest.skip(f"{base} cannot be made from this machine's {PYTHON}")
    storage = Storage(tmp_path_factory.mktemp("storage").resolve())
    try:
        try:
            make_base(storage, f"docker.io/library/{base}")
        except (KeyError, OSError, RuntimeError, subprocess.TimeoutExpired) as error:
            pytest.skip(f"the base image {base} cannot be made: {error}")
        yield storage
    finally:
        storage.remove()


# Writes another candidate as version 7 to a folder, as `uv run promote 7 --canary` does.
WRITE_CANARY = """
import pathlib, sys
from demo.evaluation.candidate import Candidate
from demo.paths import ProjectPaths
from demo.serving.champion import load_champion, publish, sha256

paths = ProjectPaths()
model = Candidate.read(paths.candidate("baseline")).exported
record = load_champion(paths.champion)[0].record
lineage = record["lineage"] | {"registry_version": 7}
changes = {"model": "baseline", "sha256": sha256(model), "lineage": lineage}
publish(pathlib.Path(sys.argv[1]), record | changes, model)
"""
LOAD_CANARY = """
from demo.paths import ProjectPaths
from demo.serving.canary import load_router
from demo.serving.predictor import load_predictor

paths = ProjectPaths()
router = load_router(paths, load_predictor(paths.champion))
print(*(model.champion.record["model"] for model in router.models), router.share)
"""


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory, trained_project: Path) -> Path:
    """Clone the project, and give the clone a canary."""
    clone = tmp_path_factory.mktemp("context") / "demo"
    run("git", "clone", "--quiet", trained_project, clone)
    python = trained_project / ".venv" / "bin" / "python"
    run(python, "-c", WRITE_CANARY, clone / "models" / "canary")
    return clone


@pytest.fixture(scope="module")
def image(
    tmp_path_factory: pytest.TempPathFactory, context: Path, storage: Storage
) -> dict[str, Any]:
    """Build the project's Dockerfile as it is and return buildah's description of the image."""
    settings = tmp_path_factory.mktemp("xdg")
    (settings / "pip").mkdir()
    (settings / "pip/pip.conf").write_text(f"[global]\ncert = {CERTIFICATES}/ca-certificates.crt\n")
    (settings / "uv").mkdir()
    (settings / "uv/uv.toml").write_text("native-tls = true\n")
    storage(
        *("bud", *ISOLATION, "--network", "host", "--pull-never", "--format", "docker"),
        *("--volume", f"{settings}:/etc/xdg:ro", "--volume", f"{CERTIFICATES}:{CERTIFICATES}:ro"),
        *("--tag", "demo", context),
        timeout=900,
    )
    description: dict[str, Any] = json.loads(storage("inspect", "--type", "image", "demo"))
    return description


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def processes_below(pid: int) -> list[int]:
    """Return the processes that a process began, in any of its threads, and theirs after them."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*"):
        with contextlib.suppress(OSError):  # ended in the meantime
            for child in (task / "children").read_text().split():
                found += [int(child), *processes_below(int(child))]
    return found


# Runs an image's command as `docker run --read-only --tmpfs /tmp --cap-drop ALL` does, with the
# volume /data. Arguments: the root, a folder for /data, and the command with its environment.
READ_ONLY = """
set -e
root=$1 data=$2; shift 2
cp /etc/hosts "$root/etc/hosts"
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t tmpfs tmpfs "$root/tmp"
mount --bind "$data" "$root/data"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
exec chroot "$root" setpriv --reuid 10001 --regid 10001 --clear-groups --inh-caps=-all \
    --bounding-set=-all --no-new-privs env --ignore-environment --chdir /app "$@"
"""


@dataclass
class Container:
    """A container in which the image's own command runs."""

    storage: Storage
    name: str
    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def ask(self, path: str, body: object = None) -> str:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with OPENER.open(request, timeout=30) as answer:
            assert answer.status in (200, 201)
            text: str = answer.read().decode()
            return text

    def predict(self, **arguments: float) -> dict[str, float]:
        """Ask for a prediction in plain HTTP; the answer's probabilities by label."""
        begun = json.loads(self.ask("/gradio_api/call/v2/predict", arguments))
        events = self.ask(f"/gradio_api/call/predict/{begun['event_id']}")
        assert "event: complete" in events, events
        data = next(line for line in events.splitlines() if line.startswith("data: "))
        (answer,) = json.loads(data.removeprefix("data: "))
        chances = {each["label"]: each["confidence"] for each in answer["confidences"]}
        assert answer["label"] == max(chances, key=lambda label: chances[label])
        return chances

    def run(self, *command: str) -> str:
        """Run a command in the container, as its user and with its environment."""
        port = f"GRADIO_SERVER_PORT={self.port}"
        return self.storage("run", *ISOLATION, "--env", port, self.name, "--", *command)

    def wait(self, seconds: int = 90) -> None:
        until = time.monotonic() + seconds
        while True:
            try:
                self.ask("/health")
            except HTTPError as error:
                pytest.fail(f"{error}\n{error.read().decode()}")
            except (URLError, ConnectionError) as error:
                if self.process.poll() is not None or time.monotonic() > until:
                    pytest.fail(f"the container did not answer: {error}\n{self.log.read_text()}")
                time.sleep(0.2)
            else:
                return

    def status(self) -> dict[str, str]:
        """Return what the kernel reports of the server's process."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return {key: value.strip() for key, value in (line.split(":", 1) for line in lines)}

    def end(self) -> None:
        for pid in reversed([self.process.pid, *processes_below(self.process.pid)]):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait(timeout=30)


@pytest.fixture(scope="module")
def container(
    tmp_path_factory: pytest.TempPathFactory, storage: Storage, image: dict[str, Any]
) -> Iterator[Container]:
    """Run the image's command, on a read-only root and without capabilities, during the tests."""
    name, port = storage("from", "--pull-never", "demo"), free_port()
    log, data = tmp_path_factory.mktemp("log") / "container.log", tmp_path_factory.mktemp("data")
    os.chown(data, 10001, 10001)
    config = image["OCIv1"]["config"]
    environment = [*config["Env"], f"GRADIO_SERVER_PORT={port}"]
    arguments = (storage("mount", name), str(data), *environment, *config["Cmd"])
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                "unshare",
                "--mount",
                "--propagation",
                "private",
                "sh",
                "-c",
                READ_ONLY,
                "sh",
                *arguments,
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    container = Container(storage, name, process, port, log)
    try:
        container.wait()
        yield container
    finally:
        container.end()


def test_health_has_the_lineage_of_the_champion(
    container: Container, trained_project: Path
) -> None:
    health = json.loads(container.ask("/health"))
    record = json.loads((trained_project / "models/champion/champion.json").read_text())
    assert health["status"] == "ok"
    assert health["sha256"] == record["sha256"]
    assert health["lineage"] == record["lineage"]
    assert re.fullmatch("[0-9a-f]{40}", health["lineage"]["git_commit"])


def test_it_predicts_without_arguments_and_with_some_of_them(container: Container) -> None:
    typical = container.predict()
    assert sum(typical.values()) == pytest.approx(1, abs=1e-5)
    assert all(0 <= chance <= 1 for chance in typical.values())
    worse = container.predict(worst_concave_points=0.28, worst_texture=45.0)
    assert sum(worse.values()) == pytest.approx(1, abs=1e-5)
    assert worse.keys() == typical.keys() == {"benign", "malignant"}
    assert worse["malignant"] > typical["malignant"] + 0.01
    assert container.predict() == typical


def test_its_own_health_check_passes(container: Container, image: dict[str, Any]) -> None:
    kind, *command = image["Docker"]["config"]["Healthcheck"]["Test"]
    assert kind == "CMD"
    container.run(*command)


def test_a_canary_is_served(container: Container) -> None:
    python = "/app/.venv/bin/python"
    output = container.run("env", "CANARY=7:0.5", python, "-c", LOAD_CANARY)
    assert output == "logistic_regression baseline 0.5"


def test_it_runs_without_privileges(container: Container, image: dict[str, Any]) -> None:
    assert image["OCIv1"]["config"]["User"] == "10001:10001"
    status = container.status()
    assert status["Uid"].split() == status["Gid"].split() == ["10001"] * 4
    assert {int(status[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")} == {0}
    probe = (
        "import os, pathlib; found = [pathlib.Path('/app'), *pathlib.Path('/app').rglob('*')]; "
        "print(*(p for p in found if not p.is_symlink() and os.access(p, os.W_OK)))"
    )
    assert container.run("/app/.venv/bin/python", "-c", probe) == ""


def test_on_a_read_only_root_it_fits_into_512_mb_and_stores_feedback(container: Container) -> None:
    for _ in range(20):
        container.ask("/predict?explain=true", {})
    form = {"correct": True, "inputs": {}, "remark": "", "consent": False}
    assert json.loads(container.ask("/feedback", form))
    assert int(container.status()["VmHWM"].removesuffix(" kB")) < 512 * 1024
    probe = (
        "import os; skip = ('/proc', '/sys', '/dev', '/tmp'); "
        "print(*(os.path.join(folder, name) for folder, folders, names in os.walk('/') "
        "if not folder.startswith(skip) for name in names "
        "if os.lstat(os.path.join(folder, name)).st_uid == os.getuid()))"
    )
    assert container.run("/app/.venv/bin/python", "-c", probe) == ""


def test_it_holds_what_serving_needs_and_nothing_else(container: Container) -> None:
    probe = (
        "import importlib.util as u, json, os; "
        "names = ['demo', 'gradio', 'onnxruntime', 'mlflow', 'dvc', 'torch', 'pytest', 'uv']; "
        "print(json.dumps([[n for n in names if u.find_spec(n)], sorted(os.listdir('/app'))]))"
    )
    importable, files = json.loads(container.run("/app/.venv/bin/python", "-c", probe))
    assert importable == ["demo", "gradio", "onnxruntime"]
    assert files == [".venv", "models", "pyproject.toml", "reports", "src"]
