"""What this machine has and lacks, each with the command that mends it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from mlpath.errors import MlpathError
from mlpath.system import git, processes
from mlpath.template import store as template

_OLDEST_PYTHON = (3, 11)
_DISK_BYTES = 3 * 10**9
"""A project's environment takes 0.8 GB, uv's cache as much, and a container image the rest."""
_INDEX_SECONDS = 20


class Finding(NamedTuple):
    """One thing that was looked for."""

    name: str
    ok: bool
    needed: bool
    found: str
    mend: str


def examine() -> list[Finding]:
    """Look for everything that mlpath and its projects use."""
    return [_python(), _git(), _identity(), _uv(), _disk(), _home(), _index(), _engine()]


def _python() -> Finding:
    version = sys.version_info[:3]
    return Finding(
        "Python",
        version >= _OLDEST_PYTHON,
        needed=True,
        found=f"{'.'.join(map(str, version))} at {sys.executable}",
        mend="uv python install 3.13",
    )


def _git() -> Finding:
    version = git.version()
    oldest = ".".join(map(str, git.OLDEST))
    found = ".".join(map(str, version)) if version else "not on the PATH"
    return Finding(
        "git",
        version is not None and version >= git.OLDEST,
        needed=True,
        found=found if not version or version >= git.OLDEST else f"{found}, older than {oldest}",
        mend=_install("git"),
    )


def _identity() -> Finding:
    who = git.identity()
    return Finding(
        "git identity",
        who is not None,
        needed=False,
        found=f"{who.name} <{who.email}>" if who else "git does not know your name",
        mend='git config --global user.name "Your Name"'
        " && git config --global user.email you@example.com",
    )


def _uv() -> Finding:
    mend = "python -m pip install uv"
    try:
        found = subprocess.run(
            [processes.find_uv(), "--version"], capture_output=True, check=True, text=True
        )
    except (MlpathError, OSError, subprocess.CalledProcessError) as error:
        return Finding("uv", ok=False, needed=True, found=str(error), mend=mend)
    return Finding("uv", ok=True, needed=True, found=found.stdout.split()[1], mend=mend)


def _disk() -> Finding:
    free = shutil.disk_usage(Path.cwd()).free
    return Finding(
        "disk space",
        free >= _DISK_BYTES,
        needed=True,
        found=f"{free / 1e9:.1f} GB free here",
        mend=f"Free {_DISK_BYTES / 1e9:.0f} GB; `uv cache prune` often finds some.",
    )


def _home() -> Finding:
    """See whether the copy of the template can be kept, by bringing it up to date."""
    try:
        template.publish()
    except MlpathError as error:
        return Finding(
            "writable home",
            ok=False,
            needed=True,
            found=str(error),
            mend="Set HOME to a folder that you may write to.",
        )
    return Finding("writable home", ok=True, needed=True, found=template.SRC_PATH, mend="")


def _index() -> Finding:
    """Ask for one package's metadata as `uv sync` would: with the user's own index and proxy."""
    mend = "Check the network and the proxy, or name an index: export UV_DEFAULT_INDEX=URL"
    try:
        done = subprocess.run(
            [
                processes.find_uv(), "pip", "compile", "--quiet", "--no-deps", "--no-header",
                "--refresh-package", "click", "--python", sys.executable, "-",
            ],
            input="click", capture_output=True, check=False, encoding="utf-8", errors="replace",
            env={**processes.environment(), "UV_HTTP_RETRIES": "0"}, timeout=_INDEX_SECONDS,
        )  # fmt: skip
    except (MlpathError, OSError) as error:
        return Finding("package index", ok=False, needed=True, found=str(error), mend=mend)
    except subprocess.TimeoutExpired:
        found = f"no answer in {_INDEX_SECONDS} s"
        return Finding("package index", ok=False, needed=True, found=found, mend=mend)
    found = "answers" if not done.returncode else "does not answer"
    return Finding("package index", not done.returncode, needed=True, found=found, mend=mend)


def _engine() -> Finding:
    present = []
    for name, question in (("docker", "info"), ("podman", "info"), ("buildah", "info")):
        if not shutil.which(name):
            continue
        try:
            done = subprocess.run(
                [name, question], capture_output=True, check=False, timeout=_INDEX_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if not done.returncode:
            return Finding("container engine", ok=True, needed=False, found=name, mend="")
        present.append(name)
    found = f"{present[0]} is installed, but does not run" if present else "none"
    mend = "sudo systemctl start docker" if present == ["docker"] else _install("podman")
    return Finding("container engine", ok=False, needed=False, found=found, mend=mend)


def _install(package: str) -> str:
    """Return the command that installs a package with the system's own tool."""
    prefix = "" if os.name == "nt" or os.geteuid() == 0 else "sudo "
    for tool, command in (
        ("apt-get", "{}apt-get install -y {}"),
        ("dnf", "{}dnf install -y {}"),
        ("pacman", "{}pacman -S {}"),
        ("apk", "{}apk add {}"),
        ("zypper", "{}zypper install -y {}"),
    ):
        if shutil.which(tool):
            return command.format(prefix, package)
    if shutil.which("brew"):
        return f"brew install {package}"
    if shutil.which("winget"):
        return f"winget install {package}"
    return f"Install {package} with your system's package manager."
