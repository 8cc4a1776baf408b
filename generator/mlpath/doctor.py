"""Checks of this machine, each with the command that fixes it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mlpath.errors import MlpathError
from mlpath.system import git, processes
from mlpath.template import store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_OLDEST_PYTHON = (3, 11)
_DISK_BYTES = 3 * 10**9
"""A project's environment takes 0.8 GB, uv's cache as much, and a container image the rest."""
_TIMEOUT_SECONDS = 20


class Check(NamedTuple):
    """The result of one check."""

    name: str
    ok: bool
    needed: bool
    """Whether mlpath fails without it."""
    found: str
    fix: str


def examine() -> list[Check]:
    """Check everything that mlpath and its projects use."""
    return [_python(), _git(), _identity(), _uv(), _disk(), _home(), _index(), _engine()]


def report(checks: Sequence[Check], style: Callable[..., str]) -> Iterator[str]:
    """Yield the lines that show the checks to a user."""
    for check in checks:
        mark, color = ("missing", "red") if check.needed else ("not found", "yellow")
        if check.ok:
            mark, color = "ok", "green"
        yield f"{style(f'{mark:>9}', fg=color)}  {check.name:<16} {check.found}"
        if not check.ok:
            yield f"{'':>11}{'':<16} {check.fix}"


def _python() -> Check:
    version = sys.version_info[:3]
    return Check(
        "Python",
        version >= _OLDEST_PYTHON,
        needed=True,
        found=f"{'.'.join(map(str, version))} at {sys.executable}",
        fix="uv python install 3.13",
    )


def _git() -> Check:
    version = git.version()
    ok = version is not None and version >= git.OLDEST
    found = ".".join(map(str, version)) if version else "not on the PATH"
    if version and not ok:
        found += f", older than {'.'.join(map(str, git.OLDEST))}"
    return Check("git", ok, needed=True, found=found, fix=_install("git"))


def _identity() -> Check:
    author = git.identity()
    return Check(
        "git identity",
        author is not None,
        needed=False,
        found=f"{author.name} <{author.email}>" if author else "user.name or user.email is not set",
        fix='git config --global user.name "Your Name"'
        " && git config --global user.email you@example.com",
    )


def _uv() -> Check:
    fix = "python -m pip install uv"
    try:
        done = _run(processes.find_uv(), "--version")
        done.check_returncode()
    except (MlpathError, OSError, subprocess.SubprocessError) as error:
        return Check("uv", ok=False, needed=True, found=str(error), fix=fix)
    return Check("uv", ok=True, needed=True, found=done.stdout.split()[1], fix=fix)


def _disk() -> Check:
    free = shutil.disk_usage(Path.cwd()).free
    return Check(
        "disk space",
        free >= _DISK_BYTES,
        needed=True,
        found=f"{free / 1e9:.1f} GB free here",
        fix=f"Free {_DISK_BYTES / 1e9:.0f} GB, for example with: uv cache prune",
    )


def _home() -> Check:
    """Check that the copy of the template can be written, by updating it."""
    name = "writable home"
    try:
        store.publish()
    except MlpathError as error:
        fix = "Set HOME to a folder that you may write to."
        return Check(name, ok=False, needed=True, found=str(error), fix=fix)
    return Check(name, ok=True, needed=True, found=store.SRC_PATH, fix="")


def _index() -> Check:
    """Request the metadata of one package like `uv sync`: with the user's own index and proxy."""
    try:
        done = _run(
            processes.find_uv(), "pip", "compile", "--quiet", "--no-deps", "--no-header",
            "--refresh-package", "click", "--python", sys.executable, "-", text="click",
        )  # fmt: skip
        ok, found = not done.returncode, "answers" if not done.returncode else "does not answer"
    except subprocess.TimeoutExpired:
        ok, found = False, f"no answer in {_TIMEOUT_SECONDS} s"
    except (MlpathError, OSError) as error:
        ok, found = False, str(error)
    fix = "Check the network and the proxy, or name an index: export UV_DEFAULT_INDEX=URL"
    return Check("package index", ok, needed=True, found=found, fix=fix)


def _engine() -> Check:
    installed = [name for name in ("docker", "podman", "buildah") if shutil.which(name)]
    for name in installed:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            if not _run(name, "info").returncode:
                return Check("container engine", ok=True, needed=False, found=name, fix="")
    found = f"{installed[0]} is installed, but does not run" if installed else "none"
    fix = "sudo systemctl start docker" if installed == ["docker"] else _install("podman")
    return Check("container engine", ok=False, needed=False, found=found, fix=fix)


def _run(*command: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return processes.run(command, text=text, timeout=_TIMEOUT_SECONDS, UV_HTTP_RETRIES="0")


def _install(package: str) -> str:
    sudo = "" if os.name == "nt" or os.geteuid() == 0 else "sudo "
    for tool, command in {
        "apt-get": f"{sudo}apt-get install -y {package}",
        "dnf": f"{sudo}dnf install -y {package}",
        "pacman": f"{sudo}pacman -S {package}",
        "apk": f"{sudo}apk add {package}",
        "zypper": f"{sudo}zypper install -y {package}",
        "brew": f"brew install {package}",
        "winget": f"winget install {package}",
    }.items():
        if shutil.which(tool):
            return command
    return f"Install {package} with your system's package manager."
