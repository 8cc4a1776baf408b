"""The report replaces the lines between the README's markers, and the same results give the same files."""

import json
import shutil
from pathlib import Path

import pytest

from project_package.data.schema import Schema
from project_package.errors import exit_on_user_error
from project_package.evaluation import markdown
from project_package.paths import ProjectPaths
from project_package.pipeline import report
from project_package.pipeline.report import END, START, replace_results
from project_package.serving.champion import load_champion

BEFORE, AFTER = "# Title\r\n\nsome *text*\n", "\nmore text\n"


def test_only_the_lines_between_the_markers_change() -> None:
    once = replace_results(f"{BEFORE}{START}\nold\n{END}{AFTER}", "new")
    assert once == f"{BEFORE}{START}\nnew\n{END}{AFTER}"
    assert replace_results(once, "new") == once


def test_without_both_markers_nothing_changes() -> None:
    for text in (BEFORE, f"{BEFORE}{START}{AFTER}", f"{BEFORE}{END}{AFTER}"):
        assert replace_results(text, "new") == text


def test_the_readme_shows_champion_decisions_test_scores_and_figure(project: ProjectPaths) -> None:
    text = (project.root / "README.md").read_text(encoding="utf-8")
    evaluation = json.loads((project.reports / "evaluation.json").read_text(encoding="utf-8"))
    assert f"\n| **{evaluation['champion']}** ★ |" in text
    assert f"| {evaluation['champion']}, test split |" in text
    assert "old results" not in text
    first = [*markdown.describe_outcome(evaluation), markdown.model_table(evaluation)][0]
    assert text.partition(report.START)[2].startswith(f"\n{first}\n"), "the decision comes first"
    for decision in evaluation["decisions"]:
        assert f"\n- {decision}\n" in text
    assert "reports/figures/comparison.png" in text
    assert (project.reports / "figures" / "comparison.png").read_bytes().startswith(b"\x89PNG")


def test_the_readme_and_the_model_card_in_git_show_the_numbers_of_the_reports() -> None:
    paths = ProjectPaths()
    if not (paths.reports / "evaluation.json").exists():
        pytest.skip("there are no results yet: run `uv run dvc repro`")
    readme, card = report.render(paths)
    message = "a number was edited by hand or merged: run `uv run dvc repro -sf report`"
    assert (paths.root / "README.md").read_text(encoding="utf-8") == readme, message
    assert (paths.reports / "model_card.md").read_text(encoding="utf-8") == card, message


def test_the_model_card_has_every_section(project: ProjectPaths, schema: Schema) -> None:
    card = (project.reports / "model_card.md").read_text(encoding="utf-8")
    for heading in ("Intended use", "Data", "Evaluation", "Limitations", "Lineage"):
        assert f"## {heading}\n" in card
    assert f"\n{schema.source} License: {schema.licence}\n" in card
    assert str(load_champion(project.champion)[0].lineage["mlflow_run_id"]) in card


def test_without_a_champion_the_message_says_what_to_run(tmp_path: Path, project: ProjectPaths) -> None:
    shutil.copytree(project.reports, tmp_path / "reports")
    with pytest.raises(SystemExit, match="uv run dvc repro"), exit_on_user_error():
        report.main(ProjectPaths(tmp_path))


def test_reporting_again_changes_no_file(project: ProjectPaths) -> None:
    def files() -> dict[str, bytes]:
        paths = [project.root / "README.md", *project.reports.rglob("*")]
        return {str(path): path.read_bytes() for path in paths if path.is_file()}

    before = files()
    report.main(project)
    assert files() == before
