"""`mlpath new-project`: inspect the data, render, ingest, lock, commit, move into place."""

from __future__ import annotations

import shlex
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpath.create import ingest, own_data
from mlpath.create.draft import render_draft
from mlpath.create.staging import StagingDir, check_destination
from mlpath.system import git, processes
from mlpath.system.shell import quote_path
from mlpath.template import store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlpath.create.draft import Draft
    from mlpath.create.request import ProjectRequest

    Log = Callable[[str], None]

KEY_FILES = {
    "README.md": "overview, results, commands",
    "params.yaml": "hyperparameters",
    "schema.yaml": "columns, types and ranges of the data",
    "dvc.yaml": "the pipeline, from the data to the report",
    "src/{package}/data/": "loading, validation, splits",
    "src/{package}/models/": "one file per model, the baseline first",
    "src/{package}/evaluation/": "metrics, confidence intervals, champion selection",
    "src/{package}/pipeline/": "one module per stage",
    "src/{package}/serving/": "champion, predictions, explanations, web page and API",
    "tests/": "unit tests, and tests for silent bugs",
}
"""Files of a new project that are listed at the end. `{package}` is the import name."""


@dataclass(frozen=True)
class Project:
    """A project that was created."""

    path: Path
    answers: Mapping[str, Any]
    notes: tuple[str, ...]
    """What did not work, each with its fix."""

    def key_files(self) -> dict[str, str]:
        """Return the most important files, each with a short description."""
        packages = sorted((self.path / "src").glob("*/__init__.py"))
        package = packages[0].parent.name if packages else "*"
        files = {name.format(package=package): text for name, text in KEY_FILES.items()}
        return {name: text for name, text in files.items() if (self.path / name).exists()}


def create(request: ProjectRequest, log: Log = lambda _line: None) -> Project:
    """Create a project and commit it to a git repository of its own.

    Killed at any point, it leaves the complete project or nothing. After SIGKILL, a hidden folder
    remains, which the next run for the same destination removes.

    Raises:
        MlpathError: The project can't be created; nothing was written.
    """
    git.check_installed()
    destination = None if request.dest is None else check_destination(request.dest)
    request, profile = own_data.load(request, log)
    notes = []
    with (
        processes.cleaning_up_on_signals(),
        StagingDir(destination) as staging,
    ):
        draft = render_draft(request, destination, profile, staging.project)
        if draft.profile:
            log(f"Copying {draft.profile.path.name} to {ingest.RAW.as_posix()}/ ...")
            license_text = str(draft.answers["data_licence"])
            ingest.write_dataset(draft.profile, draft.folder, license_text, request.provenance)
        if request.lock and (draft.folder / "pyproject.toml").exists():
            log("Resolving the dependencies to uv.lock ...")
            notes += _lock(draft)
        notes += _commit(draft)
        if request.template is None:
            notes += store.try_publish()
        staging.move_into_place(draft.destination)
    return Project(draft.destination, draft.answers, tuple(notes))


def preview(request: ProjectRequest) -> list[Path]:
    """Return the paths of all files that `create` would write.

    Raises:
        MlpathError: `create` would raise it.
    """
    destination = None if request.dest is None else check_destination(request.dest)
    request, profile = own_data.load(request, lambda _line: None)
    with (
        processes.cleaning_up_on_signals(),
        tempfile.TemporaryDirectory(prefix="mlpath-") as scratch,
    ):
        draft = render_draft(request, destination, profile, Path(scratch, "project"))
        files = [path.relative_to(draft.folder) for path in draft.folder.rglob("*")
                 if not path.is_dir()]  # fmt: skip
    if draft.profile:
        files += [Path(ingest.SCHEMA), ingest.RAW / ingest.data_name(draft.profile)]
    return [draft.destination / file for file in sorted(files, key=Path.as_posix)]


def _lock(draft: Draft) -> list[str]:
    """Resolve the dependencies; return a note if that fails, as without a network."""
    python = processes.python_option(str(draft.answers.get("python_version", "")))
    done = processes.run([processes.find_uv(), "lock", "--no-progress", *python], draft.folder)
    if not done.returncode:
        return []
    (draft.folder / "uv.lock").unlink(missing_ok=True)
    reason = next((line.strip() for line in done.stderr.splitlines() if line.strip()), "uv failed")
    command = f"cd {quote_path(draft.destination)} && uv lock && git add uv.lock"
    note = f"uv.lock was not created ({reason}). With a network: {command}"
    return [f"{note} && git commit -m 'Lock the dependencies'"]


def _shared_store(draft: Draft) -> list[str]:
    """Return a note if another project of the same name has stored data in the DVC remote."""
    store_name = draft.answers.get("dvc_store")
    if not store_name or draft.answers.get("dvc_remote") != "local":
        return []
    folder = Path.home() / ".local/share/dvc" / str(store_name)
    if not folder.exists():
        return []
    separate = f"uv run dvc remote modify store url '~/.local/share/dvc/{store_name}-2'"
    note = f"{quote_path(folder)} exists: another project of this name has the same DVC remote."
    return [f"{note} To separate them: {separate}"]


def _commit(draft: Draft) -> list[str]:
    notes = []
    place = quote_path(draft.destination)
    if outer := git.enclosing(draft.destination.parent):
        notes.append(
            f"{place} is inside the git repository {quote_path(outer)}, and is a repository of "
            "its own. Add its name to the .gitignore of the outer one, or make it a part of that: "
            f"rm -rf {place}/.git && git -C {quote_path(outer)} add {place}"
        )
    notes += _shared_store(draft)
    git.run("init", "--quiet", "--initial-branch=main", cwd=draft.folder)
    git.run("add", "--all", cwd=draft.folder)
    message = "Create the project with mlpath"
    if git.identity(draft.folder):
        git.run("commit", "--quiet", "--message", message, cwd=draft.folder)
        return notes
    name = str(draft.answers.get("author_name") or "Your Name")
    email = str(draft.answers.get("author_email") or "you@example.com")
    command = shlex.join(
        ["git", "-c", f"user.name={name}", "-c", f"user.email={email}", "commit", "-m", message]
    )
    note = "git has no user.name and user.email, so the files are staged but not committed."
    return [*notes, f"{note} To commit: cd {place} && {command}"]
