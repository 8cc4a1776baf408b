"""MLflow runs hold parameters, metrics, data set, lineage, plots and model."""

import json
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import mlflow
import pytest
from filelock import FileLock
from mlflow.tracking import MlflowClient

from digit_reader.config import Params
from digit_reader.evaluation.candidate import Candidate
from digit_reader.paths import ProjectPaths
from digit_reader.tracking import runs
from digit_reader.tracking.registry import REGISTERED_MODEL
from digit_reader.tracking.runs import TrackingError

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
    assert runs.find_run(b"another model") is None
    assert runs.training_cost(None) == {"fit_cpu_seconds": None}


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


def test_queued_experiments_use_the_store_of_the_project(
    empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)  # MLflow sets it itself
    store = Path(shutil.copy(empty_store, tmp_path))
    runs.connect(ProjectPaths(tmp_path / ".dvc" / "tmp" / "exps" / "copy"))
    assert mlflow.get_tracking_uri() == f"sqlite:///{store.as_posix()}"


@pytest.fixture
def use_server(project: ProjectPaths, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Return a function that sets the address of the MLflow server for this test."""
    store = mlflow.get_tracking_uri()
    yield lambda address: monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    monkeypatch.undo()
    mlflow.set_tracking_uri(store)


def test_a_server_that_is_down_is_reported_at_once(tmp_path: Path, use_server: Callable[[str], None]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    use_server(f"http://user:secret@{address}")
    before = dict(os.environ)
    with pytest.raises(TrackingError, match=f"MLflow server http://{address} can't be reached") as error:
        runs.connect(ProjectPaths(tmp_path))
    assert "secret" not in str(error.value)
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    ("status", "message"),
    [(401, "rejects the credentials"), (404, "responds with an error"), (500, r"status 500 again and again\. Its log")],
)
def test_a_server_that_refuses_is_reported(
    tmp_path: Path, use_server: Callable[[str], None], status: int, message: str
) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(status)

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        use_server(f"http://127.0.0.1:{server.server_port}")
        with pytest.raises(TrackingError, match=message):
            runs.connect(ProjectPaths(tmp_path))
        server.shutdown()


def test_errors_of_a_database_are_shown_as_they_are(project: ProjectPaths) -> None:
    runs.connect(project)
    with pytest.raises(mlflow.MlflowException, match="no such run"), runs.server_errors():
        raise mlflow.MlflowException("no such run")


def test_a_new_store_is_created_by_one_process_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    created = threading.Event()
    monkeypatch.setattr(runs, "_set_experiment", lambda *_: created.set())
    thread = threading.Thread(target=runs.connect, args=(ProjectPaths(tmp_path),))
    with FileLock(tmp_path / "mlflow.db.lock"):
        thread.start()
        assert not created.wait(0.3)
    assert created.wait(10)
    thread.join()
