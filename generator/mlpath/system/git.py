"""Git calls whose result does not depend on the user's configuration."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any, NamedTuple

from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

OLDEST = (2, 38)
"""The first version with `git merge-tree --write-tree`."""

# Hooks and templates run foreign code, signing may ask for a passphrase, a global ignore file would
# leave files of the project out, and maintenance starts processes that outlive the call.
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

REPOSITORY_VARIABLES = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_CONFIG", "GIT_CONFIG_PARAMETERS",
    "GIT_DIR", "GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_NAMESPACE",
    "GIT_INTERNAL_SUPER_PREFIX", "GIT_NO_REPLACE_OBJECTS", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE", "GIT_TEMPLATE_DIR", "GIT_WORK_TREE",
)  # fmt: skip
"""Variables with which a running git, in a hook or alias, points its children to its repository."""


class Identity(NamedTuple):
    """The author of new commits."""

    name: str
    email: str


class GitError(MlpathError):
    """A git command failed; the message has the first line of git's own, the hint the others."""


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return this process's environment without the variables of an enclosing git."""
    kept = {key: value for key, value in os.environ.items() if key not in REPOSITORY_VARIABLES}
    return {**kept, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", **(extra or {})}


def settings_as_environment() -> dict[str, str]:
    """Return the settings of `run` as variables, for git processes started by other programs."""
    count = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    result = {"GIT_CONFIG_COUNT": str(count + len(_SETTINGS)), "GIT_TERMINAL_PROMPT": "0"}
    for number, (key, value) in enumerate(_SETTINGS.items(), count):
        result |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return result


def run(*arguments: str, **options: Any) -> str:
    """Run git with `text` as its input, and return its output.

    With `lock`, a file descriptor, git holds that lock while it runs, and Ctrl-C does not reach it.

    Raises:
        GitError: git is missing, or it failed.
    """
    done = attempt(*arguments, **options)
    if done.returncode:
        raise failure(arguments, done)
    return done.stdout


def attempt(
    *arguments: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    text: str = "",
    lock: int | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run git, and return its output and exit status, whether it failed or not.

    Raises:
        GitError: git is missing.
    """
    try:
        done = subprocess.run(
            ["git", *_ARGUMENTS, *arguments],
            cwd=cwd,
            env=environment(env),
            input=text.encode("utf-8", "surrogateescape"),
            capture_output=True,
            check=False,
            pass_fds=() if lock is None else (lock,),
            process_group=None if lock is None else 0,
        )
    except FileNotFoundError:
        check_installed()
        raise  # git exists, so it is `cwd` that does not
    # Not Python's text mode, which would convert the line ends of files and patches.
    output, errors = (
        part.decode("utf-8", "surrogateescape") for part in (done.stdout, done.stderr)
    )
    return subprocess.CompletedProcess(done.args, done.returncode, output, errors)


def failure(arguments: Sequence[str], done: subprocess.CompletedProcess[str]) -> GitError:
    """Return the error for a command that failed, with git's own hint, if any."""
    first, *others = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
    command = next(word for word in arguments if word[0] != "-" and "=" not in word)
    hint = " ".join(line.strip().removeprefix("hint: ") for line in others if line.strip())
    hint = hint or "Fix what git reports, then run the command again."
    return GitError(f"git {command} failed: {first}", hint=hint)


def check_installed() -> None:
    """Check that git is on the PATH.

    Raises:
        GitError: It is not.
    """
    if shutil.which("git") is None:
        raise GitError(
            "git is not installed, or not on the PATH",
            hint="Run `mlpath doctor` for the command that installs it.",
        )


def check_version() -> None:
    """Check that git is new enough for an update.

    Raises:
        GitError: It is not.
    """
    if (found := version()) and found < OLDEST:
        numbers, oldest = (".".join(map(str, each)) for each in (found, OLDEST))
        raise GitError(
            f"git {numbers} is too old for an update, which needs git {oldest}",
            hint="Run `mlpath doctor` for the command that installs a newer one.",
        )


def version() -> tuple[int, ...] | None:
    """Return git's version as numbers, or None without git."""
    try:
        found = re.search(r"\d+(\.\d+)+", run("version"))
    except GitError:
        return None
    return tuple(map(int, found[0].split("."))) if found else None


def identity(cwd: Path | None = None) -> Identity | None:
    """Return the configured author, or None; git would make up an address from the host name."""
    try:
        line = run("-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT", cwd=cwd)
    except GitError:
        return None
    found = re.match(r"(.*) <(.*)> \d+ [+-]\d+$", line.strip())
    return Identity(found[1], found[2]) if found else None


def enclosing(path: Path) -> Path | None:
    """Return the work tree that contains `path`, if any, without running git."""
    return next((up for up in (path, *path.parents) if (up / ".git").exists()), None)
