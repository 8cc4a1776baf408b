"""The git repository that holds a project, and whether the project is committed."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlpath.errors import MlpathError
from mlpath.system import git
from mlpath.template.answers import ANSWERS_FILE
from mlpath.update import undo_log

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN_PATHS = 5


@dataclass(frozen=True)
class Repository:
    """A repository with a project at its top or in one of its folders."""

    top: Path
    prefix: str
    """The project's folder below `top`: empty, or ending in a slash."""
    git_dir: Path
    common_dir: Path

    @classmethod
    def around(cls, project: Path) -> Repository:
        """Return the repository that a project is in.

        Raises:
            MlpathError: There is none, or git refuses to use it.
        """
        options = ("--show-toplevel", "--show-prefix", "--absolute-git-dir", "--git-common-dir")
        command = ("rev-parse", *options)
        done = git.attempt(*command, cwd=project)
        lines = done.stdout.split("\n")
        if done.returncode or len(lines) != len(options) + 1:
            if "not a git repository" not in done.stderr:
                raise git.failure(command, done)
            raise MlpathError(
                f"{project} is not in a git repository",
                hint="An update is a merge by git. Create one: git init && git add --all "
                "&& git commit -m 'Before the update'",
            )
        top, prefix, git_dir, common_dir = lines[:4]
        return cls(Path(top), prefix, Path(git_dir), Path(project, common_dir).resolve())

    @property
    def project(self) -> Path:
        """The project's folder."""
        return self.top / self.prefix

    def relative(self, path: str) -> str:
        """Return a path of the repository relative to the project."""
        return posixpath.relpath(path, self.prefix or ".")

    def format_paths(self, paths: Sequence[str]) -> str:
        """Return the first few of some paths for a message."""
        more = len(paths) - _SHOWN_PATHS
        names = ", ".join(map(self.relative, paths[:_SHOWN_PATHS]))
        return f"{names} and {more} more" if more > 0 else names


def clean_head(repository: Repository) -> str:
    """Return the commit that is checked out, if the project has no uncommitted changes.

    Raises:
        MlpathError: There is no commit, or there are uncommitted changes.
    """
    unmerged, changed = _changes(repository)
    head = git.attempt(
        "rev-parse", "--verify", "--quiet", "HEAD", cwd=repository.top
    ).stdout.strip()
    project = repository.project
    if unmerged:
        raise MlpathError(
            f"there are unresolved conflicts in {project}: {repository.format_paths(unmerged)}",
            hint="Resolve and commit them, or undo the last update: mlpath update --abort",
        )
    if changed and undo_log.is_uncommitted(repository, head):
        raise MlpathError(
            f"the last update of {project} is not committed yet",
            hint="Commit it (git commit), or undo it: mlpath update --abort",
        )
    if not head:
        raise MlpathError(
            f"{project} has no commit yet",
            hint="Make one first: git add --all && git commit -m 'Before the update'",
        )
    if f"{repository.prefix}{ANSWERS_FILE}" in changed:
        raise MlpathError(
            f"{ANSWERS_FILE} was edited by hand, which does not change the other files",
            hint=f"Restore it (git checkout HEAD -- {ANSWERS_FILE}), then change the answer with: "
            "mlpath update -d KEY=VALUE",
        )
    if changed:
        raise MlpathError(
            f"there are uncommitted changes in {project}: {repository.format_paths(changed)}",
            hint="Commit them (git commit --all) or stash them (git stash), then update.",
        )
    return head


def _changes(repository: Repository) -> tuple[list[str], list[str]]:
    listed = git.run(
        "status", "--porcelain", "-z", "--no-renames", "--untracked-files=no",
        "--ignore-submodules=dirty", "--", f":(top,literal){repository.prefix}",
        cwd=repository.top, env={"GIT_OPTIONAL_LOCKS": "0"},
    )  # fmt: skip
    states = {line[3:]: line[:2] for line in listed.split("\0") if line}
    unmerged = [path for path, state in states.items() if "U" in state or state in {"AA", "DD"}]
    return unmerged, [path for path in states if path not in unmerged]
