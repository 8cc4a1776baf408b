"""README and article show the results of the reports, and what they link exists."""

import json
import re
from typing import Any

import pytest

from project_package.evaluation import markdown
from project_package.paths import ProjectPaths
from project_package.reporting.sections import START, read_section

from ..conftest import MODELS


@pytest.fixture
def evaluation(project: ProjectPaths) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((project.reports / "evaluation.json").read_text(encoding="utf-8"))
    return found


def test_the_readme_begins_with_the_decision_and_compares_the_models(
    project: ProjectPaths, evaluation: dict[str, Any]
) -> None:
    text = (project.root / "README.md").read_text(encoding="utf-8")
    results = text.partition(START.format(name="results"))[2]
    name, metric = evaluation["champion"], evaluation["metric"]
    score = f"{evaluation['labels'][metric]['label']} of {name}"
    assert results.startswith(f"\n{[*markdown.describe_outcome(evaluation), score][0]}")
    others = [f"; {other}: {markdown.format_score(evaluation['scores'][other][metric])}" for other in MODELS[:1]]
    score = f"{markdown.format_score(evaluation['scores'][name][metric])}{''.join(others) if name != MODELS[0] else ''}"
    assert f": {score} · [all scores]" in results
    models = results.partition(START.format(name="models"))[2]
    assert models.startswith("\n| model |")
    assert f"\n| **{name}** ★ |" in models
    assert "old results" not in text
    assert "old models" not in text


def test_the_article_shows_steps_findings_and_the_largest_error(
    project: ProjectPaths, evaluation: dict[str, Any]
) -> None:
    text = (project.root / "docs/post.md").read_text(encoding="utf-8")
    for decision in evaluation["decisions"]:
        assert f"\n- {decision}\n" in text
    data, errors = ((project.reports / name).read_text(encoding="utf-8") for name in ("data.md", "errors.md"))
    assert read_section(data, "What matters most") in text
    rows = [line for line in read_section(errors, "The largest errors").splitlines() if line.startswith("| ")]
    assert f"\n{rows[0]}\n{rows[1]}\n{rows[2]}\n" in text
    assert rows[3] not in text
    assert text.partition(START.format(name="limits"))[2].startswith("\n- Few rows.\n")
    assert not re.search(r"\nold \w+\n", text)


@pytest.mark.parametrize("name", ["README.md", "docs/post.md"])
def test_linked_files_exist(project: ProjectPaths, name: str) -> None:
    file = project.root / name
    links = re.findall(r"\]\(([^)#:]+)\)", file.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (file.parent / link).exists()] == []
