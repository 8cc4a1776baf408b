"""Creates a project: built in a hidden folder beside its place, moved there in one step."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpath.create import ingest as intake
from mlpath.create import staging
from mlpath.create.staging import quoted
from mlpath.errors import AnswerError, MlpathError
from mlpath.system import git, processes
from mlpath.template import store as template
from mlpath.template.answers import ANSWERS_FILE, Answers, read_answers
from mlpath.template.render import check_answers, choices, questions, render
from mlpath.template.store import Release

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mlpath.dataset import DatasetProfile

KEY_FILES = {
    "README.md": "the claim, the result table, the two commands",
    "params.yaml": "every number that you may turn",
    "schema.yaml": "what a row of data must look like",
    "dvc.yaml": "the pipeline, from the data to the report",
    "src/{package}/data.py": "loads, validates and splits the data",
    "src/{package}/models.py": "the baseline and the model that has to beat it",
    "src/{package}/metrics.py": "scores, intervals, and the rule that makes a champion",
    "src/{package}/serving.py": "loads the champion, predicts, explains",
    "src/{package}/app.py": "the page in the browser, and its API",
    "tests/": "each part of it, and the bugs that make no noise",
}
"""What the closing screen shows of a new project. `{package}` is the import name."""


@dataclass(frozen=True)
class Project:
    """A project that was just created."""

    path: Path
    answers: Mapping[str, Any]
    notes: tuple[str, ...]
    """What is not as it should be, each with its remedy."""

    def key_files(self) -> dict[str, str]:
        """Return the files to look at first, each with a line on what it is."""
        packages = sorted((self.path / "src").glob("*/__init__.py"))
        package = packages[0].parent.name if packages else "*"
        named = {name.format(package=package): text for name, text in KEY_FILES.items()}
        return {name: text for name, text in named.items() if (self.path / name).exists()}


def create(
    dest: str | None,
    answers: Mapping[str, Any],
    *,
    defaults: bool = False,
    source: str | None = None,
    ref: str | None = None,
    lock: bool = True,
    dataset: Path | None = None,
    target: str | None = None,
    say: Callable[[str], None] = lambda _line: None,
) -> Project:
    """Create a project: rendered, locked, and committed to a git repository of its own.

    Killed at any moment, it leaves the whole project or nothing (but a hidden folder, after
    SIGKILL, which the next run for the same place clears away).

    Args:
        dest: Where the project goes; its last part names the project, unless an answer does.
            None: a folder here, named after the project.
        answers: Answers that are fixed.
        defaults: Ask nothing.
        source: Another Copier template than ours.
        ref: Which version of the template.
        lock: Whether to resolve the dependencies into `uv.lock`, which needs a package index.
        dataset: The person's own data: a file, or a folder of pictures.
        target: The column of it to predict; None: the one that the data suggests.
        say: Told what is being done when it takes a while.

    Raises:
        MlpathError: Says what is in the way. Nothing was written.
    """
    git.check_installed()
    place = staging.check_free(dest) if dest is not None else None
    findings = _look(dataset, target, answers, source, say)
    notes = []
    with (
        processes.cleaning_up_on_signals(),
        staging.telling_what_the_disk_says(),
        _open(source, ref) as origin,
        staging.Workshop(place) as workshop,
    ):
        if findings:
            findings = _render_data(
                origin, workshop.project, place, answers, findings,
                target=target, defaults=defaults, ref=ref,
            )  # fmt: skip
        else:
            _render(origin, workshop.project, place, answers, defaults=defaults, ref=ref)
        found = read_answers(workshop.project / ANSWERS_FILE)
        if findings:
            say(f"Copying {findings.path.name} into data/raw/ ...")
            intake.deliver(findings, workshop.project, str(found["data_licence"]))
        if place is None:
            place = staging.check_free(_slug(workshop.project, found))
            workshop.send_to(place)
        if lock and (workshop.project / "pyproject.toml").exists():
            notes += _lock(workshop.project, place, found, say)
        notes += _commit(workshop.project, place, found)
        if isinstance(origin, Release):
            try:
                template.publish()
            except MlpathError as error:
                notes.append(f"{error}. {error.hint}")
        workshop.deliver()
    return Project(place, found, tuple(notes))


def preview(
    dest: str | None,
    answers: Mapping[str, Any],
    *,
    defaults: bool = False,
    source: str | None = None,
    ref: str | None = None,
    dataset: Path | None = None,
    target: str | None = None,
) -> tuple[Path, list[str]]:
    """Return where `create` would put a project, and the files that it would write.

    Raises:
        MlpathError: Where `create` would raise it.
    """
    place = staging.check_free(dest) if dest is not None else None
    findings = _look(dataset, target, answers, source, lambda _line: None)
    with (
        processes.cleaning_up_on_signals(),
        staging.telling_what_the_disk_says(),
        _open(source, ref) as origin,
        tempfile.TemporaryDirectory(prefix="mlpath-") as scratch,
    ):
        project = Path(scratch, "project")
        if findings:
            findings = _render_data(
                origin, project, place, answers, findings,
                target=target, defaults=defaults, ref=ref,
            )  # fmt: skip
        else:
            _render(origin, project, place, answers, defaults=defaults, ref=ref)
        files = [path.relative_to(project) for path in project.rglob("*") if not path.is_dir()]
        if findings:
            files += [Path(intake.SCHEMA), intake.RAW / intake.name_of(findings)]
        if place is None:
            place = staging.check_free(_slug(project, read_answers(project / ANSWERS_FILE)))
    return place, sorted(path.as_posix() for path in files)


@contextmanager
def _open(source: str | None, ref: str | None) -> Iterator[Release | str]:
    """Give what to render: a release of ours, or the address of another template."""
    if source is None:
        with template.release(ref) as release:
            yield release
        return
    expanded = os.path.expanduser(source)  # noqa: PTH111 - leaves an unknown user's as it is
    folder = Path(expanded)
    if folder.is_dir():
        if not any((folder / name).exists() for name in ("copier.yml", "copier.yaml")):
            raise MlpathError(
                f"{source} has no copier.yml",
                hint="Of a bare git repository, give a clone, or a name that ends in .git.",
            )
        if expanded == source:
            # Recorded as given, a relative path would mean something else to the next update.
            source = os.path.abspath(source)  # noqa: PTH100 - without `..`, links as they are
    yield source


def _look(
    dataset: Path | None,
    target: str | None,
    answers: Mapping[str, Any],
    source: str | None,
    say: Callable[[str], None],
) -> DatasetProfile | None:
    """Inspect the person's own data, if they brought any."""
    if answers.get("dataset"):
        raise AnswerError(
            "dataset", "dataset is no answer to give by hand", hint="Name the data: --dataset PATH"
        )
    if dataset is None:
        if target is not None:
            raise MlpathError("--target names a column of your data", hint="Add --dataset PATH.")
        return None
    if source is not None:
        raise MlpathError(
            "--dataset goes with the template of mlpath alone", hint="Leave out --template."
        )
    named = target or answers.get("target")
    findings = intake.look(dataset, answers, None if named is None else str(named))
    say(intake.told(findings))
    return findings


def _render_data(
    origin: Release | str,
    project: Path,
    place: Path | None,
    answers: Mapping[str, Any],
    findings: DatasetProfile,
    *,
    target: str | None,
    defaults: bool,
    ref: str | None,
) -> DatasetProfile:
    """Render a project of the person's own data; return what was found for the target they chose.

    The data answers what it can. Only the target is a question, unless it was named: another one
    than the data suggests makes another task of it, and the project is rendered anew.
    """
    facts = intake.answers_of(findings)
    suggestions = intake.suggestions(findings, place)
    if not (target or answers.get("target") or defaults):
        suggestions["target"] = facts.pop("target")
    elif findings.ambiguities:
        raise MlpathError(findings.ambiguities[0], hint=intake.SETTLE)
    else:
        intake.check(findings)
    context = {"columns": [column.name for column in findings.columns]}
    _render(
        origin, project, place, {**facts, **answers, **_only(facts, "target")},
        defaults=defaults, ref=ref, suggestions=suggestions, context=context,
    )  # fmt: skip
    chosen = read_answers(project / ANSWERS_FILE)
    if chosen["target"] == (findings.target or ""):
        intake.check(findings)
        return findings
    shutil.rmtree(project)
    project.mkdir()
    findings = intake.look(findings.path, answers, chosen["target"])
    intake.check(findings)
    settled = {**chosen, **intake.answers_of(findings)}
    _render(origin, project, place, settled, defaults=True, ref=ref, context=context)
    return findings


def _only(answers: Mapping[str, Any], key: str) -> Answers:
    return {key: answers[key]} if key in answers else {}


def _render(
    origin: Release | str,
    project: Path,
    place: Path | None,
    answers: Mapping[str, Any],
    *,
    defaults: bool,
    ref: str | None,
    suggestions: Mapping[str, Any] | None = None,
    context: Mapping[str, Any] | None = None,
) -> None:
    given = dict(answers)
    proposed = {**_suggestions(origin, place), **(suggestions or {})}
    named_here = place is not None and "project_name" not in given
    if isinstance(origin, Release):
        if place is not None:
            given.setdefault("project_name", place.name)
        check_answers(origin, given)
    while True:
        try:
            render(
                origin, project, given, defaults=defaults, suggestions=proposed,
                ref=ref if isinstance(origin, str) else None, context=context,
            )  # fmt: skip
        except AnswerError as error:
            # Git takes names and addresses that the template does not. Then nobody is suggested.
            if error.key not in given and proposed.pop(error.key, None):
                continue
            if error.key == "project_name" and named_here and not error.hint:
                error.hint = "The folder names the project; -d project_name=NAME gives another."
            raise
        return


def _suggestions(origin: Release | str, place: Path | None) -> Answers:
    """Return better defaults than the template's: what this machine knows already."""
    found: Answers = {}
    if who := git.identity():
        found = {"author_name": who.name, "author_email": who.email}
    if not isinstance(origin, Release):
        return {**found, "project_name": place.name} if place else found
    ours = f"{sys.version_info.major}.{sys.version_info.minor}"
    if ours in choices(origin, "python_version"):
        found["python_version"] = ours
    if place is None:
        # Otherwise a second project with the default name would fail after the last question.
        usual = str(questions(origin)["project_name"]["default"])
        names = (usual, *(f"{usual} {number}" for number in range(2, 100)))
        found["project_name"] = next((n for n in names if not Path(_dashed(n)).exists()), usual)
    return found


def _lock(
    project: Path, place: Path, answers: Mapping[str, Any], say: Callable[[str], None]
) -> list[str]:
    """Resolve the dependencies; without a network that can wait, and a note says how."""
    say("Resolving the dependencies into uv.lock ...")
    python = processes.python_option(str(answers.get("python_version", "")))
    done = subprocess.run(
        [processes.find_uv(), "lock", "--no-progress", *python],
        cwd=project,
        env=processes.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        encoding="utf-8",
        errors="replace",
    )
    if not done.returncode:
        return []
    (project / "uv.lock").unlink(missing_ok=True)
    reason = next((line.strip() for line in done.stderr.splitlines() if line.strip()), "")
    note = f"There is no uv.lock yet ({reason or 'uv failed'}). With a network: cd {quoted(place)}"
    return [f"{note} && uv lock && git add uv.lock && git commit -m 'Lock the dependencies'"]


def _commit(project: Path, place: Path, answers: Mapping[str, Any]) -> list[str]:
    """Make the repository and its first commit."""
    notes = []
    if outer := git.enclosing(place.parent):
        notes.append(
            f"{quoted(place)} lies inside the git repository {quoted(outer)}. "
            "It is a repository of its own; add its name to the .gitignore of the outer one."
        )
    git.run("init", "--quiet", "--initial-branch=main", cwd=project)
    git.run("add", "--all", cwd=project)
    message = "Create the project with mlpath"
    if git.identity(project):
        git.run("commit", "--quiet", "--message", message, cwd=project)
        return notes
    name = str(answers.get("author_name") or "Your Name")
    email = str(answers.get("author_email") or "you@example.com")
    command = shlex.join(
        ["git", "-c", f"user.name={name}", "-c", f"user.email={email}", "commit", "-m", message]
    )
    note = "Git does not know your name and address, so nothing is committed. All is staged:"
    return [*notes, f"{note} cd {quoted(place)} && {command}"]


def _slug(project: Path, answers: Mapping[str, Any]) -> str:
    """Return the folder name of a project that was given none: its distribution's name."""
    with contextlib.suppress(OSError, KeyError, tomllib.TOMLDecodeError):
        metadata = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
        return str(metadata["project"]["name"])
    return _dashed(str(answers.get("project_name") or "my-project"))


def _dashed(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "my-project"
