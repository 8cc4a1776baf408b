"""The stages fit together, are reproducible, and a failing stage changes nothing."""

import ast
import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest
import yaml
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from air_ahead.config import load_params
from air_ahead.data.prepared import read_prepared
from air_ahead.data.schema import Schema
from air_ahead.data.splits import Split, encode_target
from air_ahead.errors import UserError
from air_ahead.evaluation.candidate import Candidate
from air_ahead.evaluation.metrics import METRICS
from air_ahead.paths import ProjectPaths
from air_ahead.pipeline import evaluate, train
from air_ahead.serving.champion import RECORD_FILE, load_champion
from air_ahead.tracking import runs
from air_ahead.tracking.lineage import Lineage
from air_ahead.tracking.registry import ALIAS, REGISTERED_MODEL
from air_ahead.tracking.runs import TrackingError

from ..conftest import DATA_MD5, MODELS

PACKAGE = Path(evaluate.__file__).parents[1]
PIPELINE = yaml.safe_load((ProjectPaths().root / "dvc.yaml").read_text(encoding="utf-8"))
STAGES: dict[str, dict[str, Any]] = PIPELINE["stages"]


def module_of(stage: str) -> str:
    package, module = STAGES[stage]["cmd"].split()[2].rsplit(".", 1)
    assert package == f"{PACKAGE.name}.pipeline"
    return str(module)


def test_stages_run_the_modules_of_their_names() -> None:
    for name in STAGES:
        assert name in (module_of(name), module_of(name).partition("_")[0])


def imported_modules(module: Path) -> set[Path]:
    found, waiting = set(), [module]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level:
                folder = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
                modules = [folder / f"{alias.name}.py" for alias in node.names]
                named = folder.with_suffix(".py") if folder.with_suffix(".py").exists() else folder / "__init__.py"
                waiting += [module if module.exists() else named for module in modules]
    return found


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_depends_on_the_modules_that_it_imports(name: str) -> None:
    source = ProjectPaths().root / "src"
    stage = PACKAGE / "pipeline" / f"{module_of(name)}.py"
    listed, imported = set(), set()
    for model in MODELS:
        dependencies = [path.replace("${item.model}", model) for path in STAGES[name]["deps"]]
        paths = [ProjectPaths().root / path for path in dependencies if path.startswith("src/")]
        modules = {module for path in paths for module in (path.rglob("[!_]*.py") if path.is_dir() else [path])}
        needed = imported_modules(stage)
        if name == "train":
            needed |= imported_modules(PACKAGE / "models" / f"{model}.py")
        missing = sorted(path.relative_to(source).as_posix() for path in needed - modules)
        assert not missing, f"dvc.yaml: add these to the deps of the stage {name}"
        listed |= modules
        imported |= needed
    unused = sorted(path.relative_to(source).as_posix() for path in listed - imported)
    assert not unused, f"dvc.yaml: remove these from the deps of the stage {name}, which does not import them"


def test_stages_depend_on_existing_parameters() -> None:
    params = yaml.safe_load(ProjectPaths().params.read_text(encoding="utf-8"))
    for stage in STAGES.values():
        for path in stage.get("params", []):
            for model in MODELS:
                section = params
                for key in path.replace("${item.model}", model).split("."):
                    section = section[key]


def test_metrics_json_holds_validation_scores(project: ProjectPaths, splits: dict[str, Split], schema: Schema) -> None:
    metrics = json.loads((project.reports / "metrics.json").read_text(encoding="utf-8"))
    target = encode_target(splits["validation"].target, schema)
    assert list(metrics["models"]) == list(MODELS)
    for name, scores in metrics["models"].items():
        predictions = Candidate.read(project.candidate(name)).predictions["validation"]
        for key, value in scores.items():
            assert value == pytest.approx(METRICS[key].score(target, predictions), abs=1e-5)
    record = load_champion(project.champion)[0].record
    assert metrics["champion"] == metrics["models"][record["model"]]


def test_the_champion_and_the_simplest_model_have_test_scores(
    project: ProjectPaths, splits: dict[str, Split], schema: Schema
) -> None:
    evaluation = json.loads((project.reports / "evaluation.json").read_text(encoding="utf-8"))
    record = load_champion(project.champion)[0].record
    assert list(evaluation["scores"]) == list(dict.fromkeys([record["model"], MODELS[0]]))
    assert evaluation["scores"][record["model"]] == record["metrics"]
    target = encode_target(splits["test"].target, schema)
    for name, scores in evaluation["scores"].items():
        predictions = Candidate.read(project.candidate(name)).predictions["test"]
        for key, score in scores.items():
            assert score["value"] == pytest.approx(METRICS[key].score(target, predictions))


def test_champion_json_holds_the_lineage(project: ProjectPaths) -> None:
    lineage = load_champion(project.champion)[0].lineage
    names = {field.name for field in dataclasses.fields(Lineage)}
    assert set(lineage) == names | {"mlflow_run_id", "registry_version", "evaluated_at"}


def test_evaluating_again_changes_no_file(project: ProjectPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    def files() -> dict[str, bytes]:
        paths = [*project.champion.iterdir(), *project.reports.rglob("*")]
        return {str(path): path.read_bytes() for path in paths if path.is_file()}

    monkeypatch.setattr(runs, "log_figures", lambda *_: None)  # they are in MLflow
    before = files()
    evaluate.main(project)
    assert files() == before


@pytest.fixture
def copy(copy: ProjectPaths, monkeypatch: pytest.MonkeyPatch) -> ProjectPaths:
    """A copy of the project whose evaluation draws no figures, which take most of its time."""
    for name in ("draw_overview", "draw_plots"):
        monkeypatch.setattr(evaluate, name, lambda *_: {})
    return copy


def test_edited_and_damaged_files_are_written_again(copy: ProjectPaths) -> None:
    record_file, report = copy.champion / RECORD_FILE, copy.reports / "evaluation.json"
    record, evaluation = (json.loads(path.read_text(encoding="utf-8")) for path in (record_file, report))
    edited = {name: score | {"value": 0.999} for name, score in record["metrics"].items()}
    evaluate.write_json(record_file, record | {"metrics": edited})
    report.write_text("<<<<<<< HEAD\n{", encoding="utf-8")
    evaluate.main(copy)
    assert json.loads(record_file.read_bytes()) | {"lineage": None} == record | {"lineage": None}
    assert json.loads(report.read_text(encoding="utf-8")) == evaluation


def test_the_lineage_is_that_of_the_training(copy: ProjectPaths) -> None:
    """Not that of the evaluation: its data, code or commit may be others."""
    trained = Lineage.from_record(load_champion(copy.champion)[0].lineage)
    shutil.rmtree(copy.champion)
    (copy.root / "dvc.lock").unlink()
    (copy.root / "src").mkdir()
    (copy.root / "src" / "later.py").write_text("x = 1\n", encoding="utf-8")
    evaluate.main(copy)
    assert trained.data_md5 == DATA_MD5
    assert Lineage.from_record(load_champion(copy.champion)[0].lineage) == trained


def test_without_its_run_a_champion_keeps_its_lineage(copy: ProjectPaths, empty_store: Path) -> None:
    trained = Lineage.from_record(load_champion(copy.champion)[0].lineage)
    shutil.copy(empty_store, copy.root)
    record_file = copy.champion / RECORD_FILE
    evaluate.write_json(record_file, json.loads(record_file.read_bytes()) | {"metrics": {}})
    evaluate.main(copy)
    lineage = load_champion(copy.champion)[0].lineage
    assert Lineage.from_record(lineage) == trained
    assert MlflowClient().get_run(lineage["mlflow_run_id"]).info.run_name.endswith("(restored)")


def test_training_again_with_other_inputs_is_recorded(copy: ProjectPaths) -> None:
    """Where no commit has those of the first training."""
    record_file = copy.champion / RECORD_FILE
    record = json.loads(record_file.read_bytes())
    evaluate.write_json(record_file, record | {"lineage": record["lineage"] | {"git_dirty": True}})
    run_id = record["lineage"]["mlflow_run_id"]
    runs.connect(copy)
    MlflowClient().set_tag(run_id, "lineage.git_dirty", "False")
    evaluate.main(copy)
    assert load_champion(copy.champion)[0].lineage["git_dirty"] is True
    MlflowClient().set_tag(run_id, "lineage.inputs_sha256", "0" * 64)
    evaluate.main(copy)
    lineage = load_champion(copy.champion)[0].lineage
    assert (lineage["git_dirty"], lineage["inputs_sha256"]) == (False, "0" * 64)


def test_a_server_that_fails_after_the_training_costs_no_model(
    copy: ProjectPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: bytes) -> None:
        monkeypatch.setattr(mlflow, "get_tracking_uri", lambda: "http://127.0.0.1:1")
        raise MlflowException("gone")

    name = MODELS[0]
    shutil.rmtree(copy.candidate(name))
    monkeypatch.setattr(runs, "log_model", fail)
    with pytest.raises(TrackingError, match=f"uv run dvc commit --force train@{name}"):
        train.main(name, copy)
    assert Candidate.read(copy.candidate(name)).exported


def test_an_unchanged_champion_is_registered_again(copy: ProjectPaths) -> None:
    """Git may have brought it back after another one was the champion."""
    lineage = load_champion(copy.champion)[0].lineage
    runs.connect(copy)
    MlflowClient().delete_registered_model_alias(REGISTERED_MODEL, ALIAS)
    evaluate.main(copy)
    assert load_champion(copy.champion)[0].lineage == lineage
    assert MlflowClient().get_model_version_by_alias(REGISTERED_MODEL, ALIAS).run_id == lineage["mlflow_run_id"]


def test_an_evaluation_without_slices_and_decision_has_no_figure_of_them(project: ProjectPaths) -> None:
    evaluation = json.loads((project.reports / "evaluation.json").read_text(encoding="utf-8"))
    figures = evaluate.draw_overview(evaluation | {"slices": [], "decision": None})
    assert set(figures) == {"comparison"}


def test_a_failing_evaluation_keeps_the_champion(project: ProjectPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    before = load_champion(project.champion)
    params = load_params(project.params)
    wrong = dataclasses.replace(params, evaluate=dataclasses.replace(params.evaluate, metric="luck"))
    monkeypatch.setattr(evaluate, "load_params", lambda _: wrong)
    with pytest.raises(ValueError, match=r"evaluate\.metric 'luck' is unknown"):
        evaluate.main(project)
    assert load_champion(project.champion) == before


def test_the_test_split_influences_the_test_scores_of_the_champion_only(
    project: ProjectPaths,
    copy: ProjectPaths,
    schema: Schema,
    splits: dict[str, Split],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What experiments are compared by, and the selection, are the same with a permuted target of the test split."""
    target = splits["test"].target.copy()
    target[:] = np.random.default_rng(0).permutation(np.asarray(target))
    permuted = splits | {"test": dataclasses.replace(splits["test"], target=target)}
    monkeypatch.setattr(evaluate, "read_prepared", lambda _: (schema, permuted))
    evaluate.main(copy)

    for path in (project.reports / "metrics.json", *(project.reports / "plots").iterdir()):
        assert (copy.reports / path.relative_to(project.reports)).read_bytes() == path.read_bytes()
    first, second = (
        json.loads((paths.reports / "evaluation.json").read_text(encoding="utf-8")) for paths in (project, copy)
    )
    assert list(second["scores"]) == list(first["scores"]) == list(dict.fromkeys([first["champion"], MODELS[0]]))
    assert second["scores"] != first["scores"]
    assert {key for key in first if first[key] != second[key]} <= {"scores", "slices", "decision"}
    chosen = (
        {**(evaluation["decision"] or {}), "test": None, "sentence": None, "aim_outcome": None}
        for evaluation in (first, second)
    )
    assert next(chosen) == next(chosen), "the decision was not chosen on the validation split alone"


def test_the_champion_has_the_decision_of_the_report(project: ProjectPaths) -> None:
    evaluation = json.loads((project.reports / "evaluation.json").read_text(encoding="utf-8"))
    record = load_champion(project.champion)[0].record
    if record["decision"] is None:
        pytest.skip("params.yaml has no decision")
    assert record["decision"] | {"curve": evaluation["decision"]["curve"]} == evaluation["decision"]
    assert (project.reports / "figures" / "decision.png").exists()


def test_a_project_that_never_ran_is_an_error(project: ProjectPaths, tmp_path: Path) -> None:
    shutil.copy(project.schema, tmp_path)
    with pytest.raises(UserError, match=r"data/prepared/ not found; create it with: uv run dvc repro prepare"):
        read_prepared(ProjectPaths(tmp_path))
