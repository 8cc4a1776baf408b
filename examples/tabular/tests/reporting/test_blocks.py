"""README and article show the results of the reports, and what they link exists."""

import json
import re
from typing import Any

import pytest

from late_flights.evaluation import markdown
from late_flights.paths import ProjectPaths
from late_flights.reporting.blocks import render_blocks
from late_flights.reporting.model_card import model_card
from late_flights.reporting.sections import START, read_section
from late_flights.serving.champion import load_champion

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


def test_readme_card_and_article_state_a_sample(project: ProjectPaths, evaluation: dict[str, Any]) -> None:
    sampling = {"rows": 1_000, "total": 50_000, "seed": 3, "rare": {"yes": 0.25}}
    text = markdown.describe_sampling(sampling)
    assert text.startswith("Of the 50,000 rows of the raw data, a sample of 1,000 is used, drawn by a hash of the row")
    assert "with seed 3. Of rare classes more rows are kept (25 % of yes)" in text
    champion, sampled = load_champion(project.champion)[0], evaluation | {"sampling": sampling}
    blocks = render_blocks(sampled, project.reports, "")
    assert text in blocks["results"]
    assert text in blocks["data"]
    assert f"may not generalize to others. {text}\n" in model_card(sampled, champion, [], "")
    assert "a sample of" not in model_card(evaluation, champion, [], "")


def test_the_article_shows_steps_findings_and_the_largest_error(
    project: ProjectPaths, evaluation: dict[str, Any]
) -> None:
    text = (project.root / "docs/post.md").read_text(encoding="utf-8")
    for decision in evaluation["decisions"]:
        assert f"\n- {decision}\n" in text
    data, errors = ((project.reports / name).read_text(encoding="utf-8") for name in ("data.md", "errors.md"))
    assert read_section(data, "What matters most") in text
    rows = [line for line in read_section(errors, "The hardest cases").splitlines() if line.startswith("| ")]
    assert f"\n{rows[0]}\n{rows[1]}\n{rows[2]}\n" in text
    assert rows[3] not in text
    assert text.partition(START.format(name="limits"))[2].startswith("\n- Few rows.\n")
    assert not re.search(r"\nold \w+\n", text)
    assert markdown.explain_comparison(evaluation) in text
    assert "\n| model |" not in text, "the table repeats the steps"


@pytest.mark.parametrize("name", ["README.md", "docs/post.md"])
def test_linked_files_exist(project: ProjectPaths, name: str) -> None:
    file = project.root / name
    links = re.findall(r"\]\(([^)#:]+)\)", file.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (file.parent / link).exists()] == []
