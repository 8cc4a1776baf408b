"""The stages fit together, are reproducible, and a failing stage changes nothing."""

import dataclasses
import json
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
import yaml

from second_look.config import Params, load_params
from second_look.data.schema import Schema
from second_look.data.splits import Split
from second_look.evaluation.candidate import Candidate
from second_look.paths import ProjectPaths
from second_look.pipeline import evaluate
from second_look.serving.champion import RECORD_FILE, load_champion
from second_look.tracking.lineage import Lineage

from ..conftest import MODELS


@pytest.fixture(scope="module")
def stages() -> dict[str, dict[str, Any]]:
    pipeline = yaml.safe_load((ProjectPaths().root / "dvc.yaml").read_text(encoding="utf-8"))
    stages: dict[str, dict[str, Any]] = pipeline["stages"]
    return stages


def test_stages_run_existing_modules_and_depend_on_them(stages: dict[str, dict[str, Any]]) -> None:
    for name, stage in stages.items():
        module = stage["cmd"].split()[2]
        assert module.endswith(f".pipeline.{name}")
        assert find_spec(module)
        assert f"src/{module.replace('.', '/')}.py" in stage["deps"]


def test_dependencies_on_code_exist_for_every_model(stages: dict[str, dict[str, Any]]) -> None:
    for stage in stages.values():
        for path in stage["deps"]:
            for model in MODELS:
                if path.startswith("src/"):
                    assert (ProjectPaths().root / path.replace("${item.model}", model)).exists(), path


def test_stages_depend_on_existing_parameters(stages: dict[str, dict[str, Any]]) -> None:
    params = yaml.safe_load(ProjectPaths().params.read_text(encoding="utf-8"))
    for stage in stages.values():
        for path in stage.get("params", []):
            for model in MODELS:
                section = params
                for key in path.replace("${item.model}", model).split("."):
                    section = section[key]


def test_reports_are_written(project: ProjectPaths) -> None:
    for name in ("metrics.json", "evaluation.json", "model_card.md"):
        assert (project.reports / name).stat().st_size > 0
    assert list((project.reports / "plots").glob("*.csv"))


def test_metrics_json_holds_the_scores_of_the_champion(project: ProjectPaths) -> None:
    metrics = json.loads((project.reports / "metrics.json").read_text(encoding="utf-8"))
    record = load_champion(project.champion)[0].record
    assert set(metrics["models"]) == set(MODELS)
    assert metrics["champion"] == metrics["models"][record["model"]]
    for name, score in record["metrics"].items():
        assert metrics["champion"][name] == pytest.approx(score["value"], abs=1e-5)


def test_champion_json_holds_the_lineage(project: ProjectPaths) -> None:
    lineage = load_champion(project.champion)[0].lineage
    names = {field.name for field in dataclasses.fields(Lineage)}
    assert set(lineage) == names | {"mlflow_run_id", "registry_version", "evaluated_at"}


def test_evaluating_again_changes_no_file(project: ProjectPaths) -> None:
    def files() -> dict[str, bytes]:
        paths = [*project.champion.iterdir(), *project.reports.rglob("*")]
        return {str(path): path.read_bytes() for path in paths if path.is_file()}

    before = files()
    evaluate.main(project)
    assert files() == before


def test_edited_and_damaged_files_are_written_again(project: ProjectPaths) -> None:
    record_file, report = project.champion / RECORD_FILE, project.reports / "evaluation.json"
    text = record_file.read_bytes()
    record, evaluation = json.loads(text), json.loads(report.read_text(encoding="utf-8"))
    edited = {name: score | {"value": 0.999} for name, score in record["metrics"].items()}
    evaluate.write_json(record_file, record | {"metrics": edited})
    report.write_text("<<<<<<< HEAD\n{", encoding="utf-8")
    evaluate.main(project)
    rewritten = json.loads(record_file.read_bytes())
    record_file.write_bytes(text)  # the reports of the other tests belong to it
    assert rewritten | {"lineage": None} == record | {"lineage": None}
    assert json.loads(report.read_text(encoding="utf-8")) == evaluation


def test_a_failing_evaluation_keeps_the_champion(project: ProjectPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    before = load_champion(project.champion)
    params = load_params(project.params)
    wrong = dataclasses.replace(params, evaluate=dataclasses.replace(params.evaluate, metric="luck"))
    monkeypatch.setattr(evaluate, "load_params", lambda _: wrong)
    with pytest.raises(ValueError, match=r"evaluate\.metric 'luck' is unknown"):
        evaluate.main(project)
    assert load_champion(project.champion) == before


def test_the_test_split_does_not_influence_the_selection(
    project: ProjectPaths, splits: dict[str, Split], schema: Schema, params: Params
) -> None:
    candidates = {name: Candidate.read(project.candidate(name)) for name in MODELS}
    first = evaluate.evaluate(candidates, splits, schema, params, {})
    target = splits["test"].target.copy()
    target[:] = np.asarray(target)[::-1]
    changed = splits | {"test": dataclasses.replace(splits["test"], target=target)}
    second = evaluate.evaluate(candidates, changed, schema, params, {})
    assert second.comparisons == first.comparisons
    assert second.scores != first.scores
