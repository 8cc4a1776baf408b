"""The few git calls, made so that nobody's configuration changes their result."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

OLDEST = (2, 28)
"""The first git with `git init --initial-branch`."""

# Hooks and templates run other people's code, signing asks for a passphrase, a global ignore file
# would leave files of the project out, and the rest starts processes that outlive the call.
_SETTINGS = {
    "core.hooksPath": os.devnull,
    "init.templateDir": "",
    "commit.gpgSign": "false",
    "tag.gpgSign": "false",
    "core.excludesFile": "",
    "core.fsmonitor": "false",
    "core.safecrlf": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "advice.detachedHead": "false",
}
_ARGUMENTS = [part for key, value in _SETTINGS.items() for part in ("-c", f"{key}={value}")]

FROM_OUTSIDE = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_TEMPLATE_DIR",
    "GIT_WORK_TREE",
)
"""Variables by which an enclosing git process (a hook, an alias) points its children elsewhere."""


class Identity(NamedTuple):
    """The author that git would write into a commit."""

    name: str
    email: str


class GitError(MlpathError):
    """A git command failed; the message is the first line of what git said."""


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return this process's environment, less what an enclosing git process put there."""
    kept = {key: value for key, value in os.environ.items() if key not in FROM_OUTSIDE}
    return {**kept, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", **(extra or {})}


def settings_as_environment() -> dict[str, str]:
    """Return the settings of `run` as variables, for a git that somebody else starts."""
    given = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    result = {"GIT_CONFIG_COUNT": str(given + len(_SETTINGS)), "GIT_TERMINAL_PROMPT": "0"}
    for number, (key, value) in enumerate(_SETTINGS.items(), given):
        result |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return result


def run(
    *arguments: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    text: str | None = None,
    lock: int | None = None,
) -> str:
    """Run git, give it `text` to read, and return what it printed.

    With `lock`, a file descriptor, git holds that lock while it runs, and Ctrl-C does not reach it.

    Raises:
        GitError: git is missing, or it failed.
    """
    done = attempt(*arguments, cwd=cwd, env=env, text=text, lock=lock)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
        command = next(word for word in arguments if word[0] != "-" and "=" not in word)
        raise GitError(f"git {command} failed: {said[0]}")
    return done.stdout


def attempt(
    *arguments: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    text: str | None = None,
    lock: int | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run git as `run` does, and return its exit status too, whatever it is.

    Raises:
        GitError: git is missing.
    """
    try:
        return subprocess.run(
            ["git", *_ARGUMENTS, *arguments],
            cwd=cwd,
            env=environment(env),
            stdin=subprocess.DEVNULL if text is None else None,
            input=text,
            capture_output=True,
            check=False,
            encoding="utf-8",
            errors="surrogateescape",
            pass_fds=() if lock is None else (lock,),
            process_group=None if lock is None else 0,
        )
    except FileNotFoundError:
        check_installed()
        raise  # git is there: it is the folder that is not


def check_installed() -> None:
    """Refuse to go on without git.

    Raises:
        GitError: There is no git on the PATH.
    """
    if shutil.which("git") is None:
        raise GitError(
            "git is not installed, or not on the PATH",
            hint="Install it; `mlpath doctor` has the command.",
        )


def version() -> tuple[int, ...] | None:
    """Return git's version as numbers, or None without git."""
    try:
        found = re.search(r"\d+(\.\d+)+", run("version"))
    except GitError:
        return None
    return tuple(map(int, found[0].split("."))) if found else None


def identity(cwd: Path | None = None) -> Identity | None:
    """Return who git says the user is, or None where nobody told it.

    Git would otherwise make up an address from the machine's name.
    """
    try:
        line = run("-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT", cwd=cwd)
    except GitError:
        return None
    found = re.match(r"(.*) <(.*)> \d+ [+-]\d+$", line.strip())
    return Identity(found[1], found[2]) if found else None


def enclosing(path: Path) -> Path | None:
    """Return the work tree that `path` lies in, if any, without asking git."""
    return next((up for up in (path, *path.parents) if (up / ".git").exists()), None)


def folder_of(path: Path) -> Path | None:
    """Return git's own folder for the work tree that `path` lies in, without asking git."""
    top = enclosing(path.absolute())
    if top is None:
        return None
    place = top / ".git"
    if place.is_file():  # a linked work tree, or a submodule
        place = top / place.read_text(encoding="utf-8").removeprefix("gitdir:").strip()
    return place if place.is_dir() else None
