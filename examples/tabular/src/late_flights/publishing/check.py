"""The check before a publication: the Space's files serve a prediction where nothing else is installed."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

from ..errors import UserError
from .space import python_version
from .uv import last_line, run_uv

START_SECONDS = 180
USER: dict[str, Any] = {"user": 1000, "group": 1000, "extra_groups": []}  # the user of a Space
PREDICT = """\
import sys
from gradio_client import Client
Client(sys.argv[1], verbose=False).predict(api_name="/predict")
"""


def check(space: Path) -> str:
    """Serve a copy of the Space as Hugging Face does, ask for a prediction, and return how that was done.

    The environment is new and has the Space's requirements only, the home folder is empty, and the user is not root,
    if possible.

    Raises:
        UserError: the requirements can't be installed, or the demo does not start or predict.
    """
    with tempfile.TemporaryDirectory(prefix="space-") as scratch:
        root = Path(scratch)
        root.chmod(0o755)  # the unprivileged user reads it
        python = create_environment(root / "environment", space / "requirements.txt")
        shutil.copytree(space, root / "app")
        user, options = choose_user(python, root / "app")
        with _serve(root, python, options) as (address, environment):
            client = subprocess.run(
                [python, "-c", PREDICT, address], env=environment, capture_output=True, encoding="utf-8", check=False
            )
        if client.returncode:
            raise UserError(f"the demo starts but does not predict: {last_line(client.stderr)}")
    return f"checked in a fresh environment with Python {python_version()} and an empty home folder, {user}"


def create_environment(folder: Path, requirements: Path) -> Path:
    """Install the requirements into a new environment and return its interpreter."""
    run_uv("venv", "--quiet", "--python", python_version(), str(folder))
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    run_uv("pip", "install", "--quiet", "--python", str(python), "--requirement", str(requirements))
    return python


def choose_user(python: Path, app: Path) -> tuple[str, dict[str, Any]]:
    """Return who runs the demo, and the options of `Popen` that change root to an unprivileged user, if possible."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "as the current user", {}
    try:
        subprocess.run([python, "-c", "open('app.py').close()"], cwd=app, capture_output=True, check=True, **USER)
    except (OSError, subprocess.CalledProcessError):
        return f"as root, since other users may not run {python.resolve()}", {}
    return "as an unprivileged user", USER


@contextmanager
def _serve(root: Path, python: Path, options: dict[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    """Run `app.py` and yield its address and its environment."""
    home, log = root / "home", root / "log"
    home.mkdir()
    home.chmod(0o777)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ} | {
        "HOME": str(home),
        "TMPDIR": str(home),
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_SERVER_PORT": str(port),
        "SYSTEM": "spaces",
        "SPACE_ID": "owner/name",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with log.open("w", encoding="utf-8") as output:
        server = subprocess.Popen(
            [python, "app.py"], cwd=root / "app", env=environment, stdout=output, stderr=subprocess.STDOUT, **options
        )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_until_healthy(address, server, log)
        yield address, environment
    finally:
        server.kill()
        server.wait()


def _wait_until_healthy(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    browser = build_opener(ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), browser.open(f"{address}/health", timeout=5):
            return
        time.sleep(0.25)
    raise UserError(f"the demo does not start: {last_line(log.read_text(encoding='utf-8', errors='replace'))}")
