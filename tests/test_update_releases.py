"""Projects of every release reach the current version with all edits of their owners."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from conftest import git
from mlpath import __version__

if TYPE_CHECKING:
    from support.e2e import Owner

pytestmark = pytest.mark.e2e

DOMAINS = ("tabular", "vision", "text", "timeseries")
RELEASES = {
    "tabular": ("v0.1.0", "v0.4.0", "v0.8.4", "v0.12.0"),
    "vision": ("v0.2.0", "v0.8.4"),
    "text": ("v0.6.0", "v0.8.4"),
    "timeseries": ("v0.2.0", "v0.8.4"),
}
CURRENT = f"v{__version__}"
PROJECTS = [(domain, version) for domain in DOMAINS for version in RELEASES[domain]]
RESULTS = "**a model** scores 0.9"
COMMENTS = {".md": "<!-- {} -->", ".json": None, ".txt": "{}"}


def create(owner: Owner, name: str, domain: str, version: str) -> Path:
    """Create an uninstalled project of a release, with a network where the release offers one."""
    options = ["--no-lock", "-d", f"domain={domain}"]
    options += ["-d", "deep=true"] if version != "v0.1.0" else []
    command = (sys.executable, "-m", "mlpath", "new-project", name, "-l", "-q", "-r", version)
    owner.run(*command, *options, cwd=owner.home)
    return owner.home / name


def update(owner: Owner, project: Path) -> dict[str, Any]:
    """Run `mlpath update --json` and return what it reports of the project."""
    done = subprocess.run(
        [sys.executable, "-m", "mlpath", "update", "--defaults", "--json", "-r", CURRENT],
        cwd=project,
        env=owner.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    reports: list[dict[str, Any]] = json.loads(done.stdout)
    (report,) = reports
    return report


def add_marker(path: Path, number: int) -> str | None:
    """Append one unique comment to a text file; return it, or None where the format has none."""
    comment = COMMENTS.get(path.suffix, "# {}")
    if comment is None or path.name in {"LICENSE", ".copier-answers.yml", "raw.dvc"}:
        return None
    marker = f"owner's edit {number}"
    text = path.read_text(encoding="utf-8").rstrip("\n")
    path.write_text(f"{text}\n{comment.format(marker)}\n", encoding="utf-8")
    return marker


def write_results(project: Path) -> None:
    """Write scores between the markers of the README, as the pipeline does, and commit them."""
    path = project / "README.md"
    text, replaced = re.subn(
        r"(<!-- results: [^\n]+\n).*?(<!-- end of results -->)",
        rf"\g<1>{RESULTS}\n\g<2>",
        path.read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )
    assert replaced == 1
    path.write_text(text, encoding="utf-8")
    git("commit", "--quiet", "--all", "--message", "Train the first champion", cwd=project)


@pytest.mark.parametrize(("domain", "version"), PROJECTS)
def test_trained_project_without_edits_updates_without_a_conflict(
    owner: Owner, domain: str, version: str
) -> None:
    project = create(owner, f"plain-{domain}-{version[1:].replace('.', '-')}", domain, version)
    write_results(project)

    report = update(owner, project)

    assert report["state"] == "updated"
    assert [file["path"] for file in report["files"] if file["outcome"] == "conflict"] == []
    assert RESULTS in (project / "README.md").read_text(encoding="utf-8")
    if domain == "tabular":  # a new project gets another table
        assert "  source: breast_cancer\n" in (project / "params.yaml").read_text(encoding="utf-8")
    fresh = owner.home / f"fresh-{project.name}"
    owner.run(
        sys.executable, "-m", "mlpath", "new-project", fresh.name, "-l", "-q", "--no-lock",
        "--data-file", str(project / ".copier-answers.yml"), cwd=owner.home,
    )  # fmt: skip
    entries = (set(git("ls-files", "--stage", cwd=path).splitlines()) for path in (project, fresh))
    assert {entry.split("\t")[1] for entry in set.symmetric_difference(*entries)} == {"README.md"}


@pytest.mark.parametrize(("domain", "version"), PROJECTS)
def test_edit_in_every_file_is_kept_or_in_a_reported_conflict(
    owner: Owner, domain: str, version: str
) -> None:
    project = create(owner, f"edited-{domain}-{version[1:].replace('.', '-')}", domain, version)
    paths = git("ls-files", cwd=project).splitlines()
    markers = {
        path: marker
        for number, path in enumerate(paths)
        if (marker := add_marker(project / path, number))
    }
    assert len(markers) > 50
    git("commit", "--quiet", "--all", "--message", "Edit every file", cwd=project)

    report = update(owner, project)

    reported = {file["path"] for file in report["files"] if file["outcome"] == "conflict"}
    unmerged = set(git("diff", "--name-only", "--diff-filter=U", cwd=project).splitlines())
    assert reported == unmerged
    texts = b"\n".join(path.read_bytes() for path in project.rglob("*") if path.is_file())
    kept = {match.decode() for match in re.findall(rb"owner's edit \d+", texts)}
    assert {path for path, marker in markers.items() if marker not in kept} == set()
    assert CURRENT in (project / ".copier-answers.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("domain", "models", "edit"),
    [
        ("vision", ["logistic_regression", "svm", "cnn"], ("svm", "C", 7.5)),
        ("text", ["naive_bayes", "tfidf", "transformer"], ("tfidf", "min_df", 3)),
        ("timeseries", ["drift", "ets", "ridge", "gru"], ("ridge", "alpha", 2.5)),
    ],
)
def test_a_model_of_the_template_joins_those_of_the_owner(
    owner: Owner, domain: str, models: list[str], edit: tuple[str, str, float]
) -> None:
    project, (name, key, value) = create(owner, f"models-{domain}", domain, "v0.15.0"), edit
    params = project / "params.yaml"
    section = re.compile(rf"(\n  {name}:\n(?:    .*\n)*?    {key}: )\S+")
    text, edits = section.subn(rf"\g<1>{value}", params.read_text(encoding="utf-8"), count=1)
    text = text.replace(f"  - {models[-1]}\n", f"  - {models[-1]}\n  - own\n", 1)
    text = text.replace("\nevaluate:", "  own:\n    size: 3\n\nevaluate:", 1)
    params.write_text(text, encoding="utf-8")
    (project / f"src/{project.name.replace('-', '_')}/models/own.py").touch()
    git("add", "--all", cwd=project)
    git("commit", "--quiet", "--message", "Add a model", cwd=project)

    report = update(owner, project)

    assert (edits, report["state"]) == (1, "updated")
    train = yaml.safe_load(params.read_text(encoding="utf-8"))["train"]
    assert train["models"] == ["baseline", *models, "own"]
    assert (train[name][key], train["own"]) == (value, {"size": 3})
    assert models[0] in train
