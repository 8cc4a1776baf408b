"""Learning curves and the GPU are logged to MLflow; a hopeless trial of a search is pruned."""

import shutil
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
from mlflow.tracking import MlflowClient

from project_package.config import Params
from project_package.data.schema import Schema
from project_package.data.splits import Split
from project_package.evaluation.candidate import Candidate
from project_package.models.base import Model, TrainingContext, fit_model
from project_package.models.training_log import TrainingLog, report_epoch
from project_package.paths import ProjectPaths
from project_package.pipeline import search
from project_package.tracking import runs
from project_package.tracking.lineage import current_lineage

from ..conftest import MODELS


@pytest.fixture
def store(empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    """An MLflow store of its own."""
    shutil.copy(empty_store, tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{(tmp_path / 'mlflow.db').as_posix()}")
    runs.connect(ProjectPaths(tmp_path))
    return MlflowClient()


@pytest.fixture(scope="module")
def fitted(splits: dict[str, Split], schema: Schema, params: Params) -> Model:
    return fit_model("baseline", splits["train"], schema, params.train, TrainingContext(0))


def test_the_train_stage_logs_the_learning_curve(project: ProjectPaths) -> None:
    runs.connect(project)
    run = runs.find_run(Candidate.read(project.candidate(MODELS[-1])).exported)
    assert run
    curve = MlflowClient().get_metric_history(run.info.run_id, "epoch_check_loss")
    assert [point.step for point in curve] == list(range(int(run.data.metrics["epochs"]) + 1))
    assert run.data.metrics["weights"] > 0


def test_long_logs_are_complete(store: MlflowClient) -> None:
    with mlflow.start_run() as run:
        history = [{"loss": 1 / (step + 1), "learning_rate": 0.1} for step in range(600)]
        TrainingLog(history, {"epochs": 599.0}).write(run.info.run_id)
    curve = store.get_metric_history(run.info.run_id, "epoch_loss")
    assert [(point.step, point.value) for point in curve] == [(step, 1 / (step + 1)) for step in range(600)]
    logged = store.get_run(run.info.run_id).data
    assert logged.metrics["epochs"] == 599
    assert "gpu" not in logged.tags


def test_the_gpu_is_logged(project: ProjectPaths, store: MlflowClient) -> None:
    exported = Candidate.read(project.candidate("baseline")).exported
    table = pd.DataFrame({"x": [1.0], "y": [2.0]})
    run = runs.TrainingRun("net", {}, {"fit_cpu_seconds": 1.0}, exported, table, "y", runs.describe_machine())
    TrainingLog([], {}, "GPU 1").write(runs.log_training(run, current_lineage(project)))
    cost = {"fit_cpu_seconds": 1.0, "machine": runs.describe_machine(), "gpu": "GPU 1"}
    assert runs.training_cost(runs.find_run(exported)) == cost


@pytest.mark.usefixtures("store")
def test_a_trial_worse_than_the_median_is_pruned(
    project: ProjectPaths, params: Params, fitted: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([1.0] * 7 + [9.0])
    epochs: list[int] = []

    def fit(*arguments: Any) -> Model:
        loss = next(losses)
        epochs.clear()
        for epoch in range(1, 11):
            epochs.append(epoch)
            report_epoch(arguments[-1].trial, epoch, loss)
        return fitted

    monkeypatch.setattr(search, "fit_model", fit)
    own = search.Search(next(iter(params.search)), params, project, f"sqlite:///{(tmp_path / 'optuna.db').as_posix()}")
    study = search.run_trials(own, 8)
    assert [trial.state.name for trial in study.trials] == ["COMPLETE"] * 7 + ["PRUNED"]
    assert epochs == [1, 2, 3, 4, 5]
    logged = mlflow.search_runs(search_all_experiments=True, output_format="list")
    assert {run.info.status for run in logged} == {"FINISHED"}
    assert [run.info.run_name for run in logged if "pruned" in run.data.metrics] == ["trial 7"]
