"""MLflow runs hold parameters, metrics, data set, lineage, plots and model."""

import json
import shutil
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
from mlflow.tracking import MlflowClient

from project_package.config import Params
from project_package.evaluation.candidate import Candidate
from project_package.paths import ProjectPaths
from project_package.tracking import runs
from project_package.tracking.lineage import current_lineage
from project_package.tracking.registry import REGISTERED_MODEL

from ..conftest import DATA_MD5, MODELS


@pytest.fixture
def client(project: ProjectPaths) -> MlflowClient:
    runs.connect(project)
    return MlflowClient()


def get_run(project: ProjectPaths, name: str) -> Any:
    run = runs.find_run(Candidate.read(project.candidate(name)).exported)
    assert run
    return run


def test_each_model_has_one_finished_run(client: MlflowClient, project: ProjectPaths) -> None:
    (experiment,) = (entry for entry in client.search_experiments() if entry.name == REGISTERED_MODEL)
    logged = client.search_runs([experiment.experiment_id])
    assert sorted(run.info.run_name for run in logged) == sorted(MODELS)
    assert {run.info.status for run in logged} == {"FINISHED"}


@pytest.mark.parametrize("name", MODELS)
def test_a_run_has_parameters_and_metrics(
    client: MlflowClient, project: ProjectPaths, params: Params, name: str
) -> None:
    run = get_run(project, name)
    logged = {key: str(value) for key, value in params.train.logged_params(name).items()}
    assert run.data.params == {"model": name, **logged}
    assert params.evaluate.metric in run.data.metrics
    assert run.data.metrics["export_difference"] < 1e-4


def test_a_run_has_data_set_lineage_and_plots(client: MlflowClient, project: ProjectPaths) -> None:
    run = get_run(project, MODELS[-1])
    (data_input,) = run.inputs.dataset_inputs
    assert data_input.dataset.digest == DATA_MD5
    assert run.data.tags["lineage.data_md5"] == DATA_MD5
    assert len(run.data.tags["lineage.code_sha256"]) == 64
    assert client.list_artifacts(run.info.run_id, "plots")


def test_costs_of_the_evaluation_are_those_of_the_run(client: MlflowClient, project: ProjectPaths) -> None:
    costs = json.loads((project.reports / "evaluation.json").read_text(encoding="utf-8"))["costs"]
    for name in MODELS:
        run = get_run(project, name)
        assert costs[name]["fit_cpu_seconds"] == run.data.metrics["fit_cpu_seconds"]
        assert costs[name].get("gpu") == run.data.tags.get("gpu")


def test_the_history_of_a_training_is_logged(client: MlflowClient) -> None:
    with runs.search_run("history", {}) as metrics:
        active = mlflow.active_run()
        assert active is not None
        runs._log_history(active.info.run_id, [{"loss": 1.0}, {"loss": 0.5}])
        metrics["score"] = 1.0
    points = client.get_metric_history(active.info.run_id, "epoch_loss")
    assert [(point.step, point.value) for point in points] == [(0, 1.0), (1, 0.5)]
    assert client.get_run(active.info.run_id).data.metrics["score"] == 1.0
    client.delete_run(active.info.run_id)


def test_the_gpu_is_logged(project: ProjectPaths, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{(tmp_path / 'mlflow.db').as_posix()}")
    runs.connect(ProjectPaths(tmp_path))
    exported = Candidate.read(project.candidate("baseline")).exported
    table = pd.DataFrame({"x": [1.0], "y": [2.0]})
    run = runs.TrainingRun("net", {}, {"latency_ms": 1.0}, [], "GPU 1", exported, table, "y")
    runs.log_training(run, current_lineage(project))
    cost = {"fit_cpu_seconds": None, "latency_ms": 1.0, "gpu": "GPU 1"}
    assert runs.training_cost(runs.find_run(exported)) == cost


def test_an_unknown_model_has_unknown_costs(client: MlflowClient) -> None:
    assert runs.find_run(b"another model") is None
    assert runs.training_cost(None) == {"fit_cpu_seconds": None, "latency_ms": None}


def test_a_store_of_another_folder_is_reported(
    project: ProjectPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runs.connect(project)
    assert capsys.readouterr().err == ""
    copy = ProjectPaths(tmp_path)
    shutil.copy(project.root / "mlflow.db", copy.root / "mlflow.db")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    runs.connect(copy)
    message = capsys.readouterr().err
    assert (project.root / "mlartifacts").as_uri() in message
    assert "uv run restore-registry" in message


def test_queued_experiments_use_the_store_of_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)  # MLflow sets it itself
    runs.connect(ProjectPaths(tmp_path / ".dvc" / "tmp" / "exps" / "copy"))
    assert (tmp_path / "mlflow.db").exists()
