"""Searches and trainings on a Ray cluster have the results of this machine, and errors that say what to do.

The cluster is a fake in this process; its nodes, networks and lost processes are Ray's.
"""

import os
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
from mlflow.tracking import MlflowClient

from project_package.config import Params
from project_package.data.schema import Schema
from project_package.data.splits import Split
from project_package.errors import UserError
from project_package.evaluation.candidate import Candidate
from project_package.models.base import Model, TrainingContext, fit_model
from project_package.paths import ProjectPaths
from project_package.pipeline import ray_cluster, search, search_on_ray, train, train_on_ray
from project_package.tracking.registry import REGISTERED_MODEL

from ..conftest import MODELS
from . import fake_ray


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """Restore the variables that the project sets for Ray, and forget the module that has imported it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in (ray_cluster.ADDRESS, *ray_cluster.SETTINGS):
            patch.delenv(name, raising=False)
        yield
        for name in ray_cluster.SETTINGS:
            os.environ.pop(name, None)
        sys.modules.pop(f"{ray_cluster.__package__}.ray_trials", None)


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> fake_ray.Ray:
    """A cluster, at an address whose port is not asked."""
    monkeypatch.setattr(ray_cluster, "find_spec", lambda _: True)
    monkeypatch.setenv(ray_cluster.ADDRESS, "auto")
    return fake_ray.install(monkeypatch)


@pytest.fixture
def copy(project: ProjectPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProjectPaths:
    """The data, parameters and MLflow store of the small project."""
    paths = ProjectPaths(tmp_path)
    shutil.copytree(project.prepared, paths.prepared)
    for file in (project.schema, project.params, project.root / "dvc.lock", project.root / "mlflow.db"):
        shutil.copy(file, paths.root)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{(paths.root / 'mlflow.db').as_posix()}")
    return paths


@pytest.fixture(scope="module")
def fitted(splits: dict[str, Split], schema: Schema, params: Params) -> Model:
    return fit_model("baseline", splits["train"], schema, params.train, TrainingContext(0))


def trials(paths: ProjectPaths) -> list[tuple[dict[str, Any], float | None]]:
    """Return the values and the score of each trial of the only study, and delete it."""
    file = paths.root / "optuna.db"
    address = f"sqlite:///{file.as_posix()}"
    study = optuna.load_study(study_name=None, storage=address)
    file.rename(file.with_suffix(".old"))
    return [(trial.params, trial.value) for trial in study.trials]


def test_a_search_gives_the_same_trials(
    ray: fake_ray.Ray, copy: ProjectPaths, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = next(iter(params.search))
    search_on_ray.main([model, "--trials", "2"], copy)
    assert not ray.connected
    there = trials(copy)
    client = MlflowClient()
    experiment = client.get_experiment_by_name(REGISTERED_MODEL)
    assert experiment
    logged = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    parent = logged[f"search {model}"].info.run_id
    scores = []
    for number in range(2):
        run = logged[f"trial {number}"]
        assert run.data.tags["mlflow.parentRunId"] == parent
        scores.append(run.data.metrics[params.evaluate.metric])

    monkeypatch.delenv(ray_cluster.ADDRESS)
    search_on_ray.main([model, "--trials", "2"], copy)
    assert trials(copy) == there
    assert scores == pytest.approx([score for _, score in there])


def test_a_training_gives_the_same_model(
    ray: fake_ray.Ray, copy: ProjectPaths, project: ProjectPaths, capsys: pytest.CaptureFixture[str]
) -> None:
    train_on_ray.main(MODELS[0], copy)
    assert "Ray cluster auto: 1 nodes, 1 CPUs" in capsys.readouterr().out
    there, here = (Candidate.read(paths.candidate(MODELS[0])) for paths in (copy, project))
    assert there.exported == here.exported
    assert not copy.cache(MODELS[0]).exists()


def test_without_an_address_a_training_runs_here(copy: ProjectPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    called = []
    monkeypatch.setattr(train, "main", lambda *arguments: called.append(arguments))
    train_on_ray.main(MODELS[0], copy)
    assert called == [(MODELS[0], copy)]


def test_failed_trials_are_reported_and_the_others_kept(
    ray: fake_ray.Ray, copy: ProjectPaths, params: Params, fitted: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = iter([fitted, None])

    def fit(*_: Any) -> Model:
        if model := next(results):
            return model
        raise MemoryError("too large")

    monkeypatch.setattr(search, "fit_model", fit)
    with pytest.raises(SystemExit, match=r"^1 of 2 trials failed on the Ray cluster: MemoryError: too large\. "):
        search_on_ray.main([next(iter(params.search)), "--trials", "2"], copy)
    scores = [score for _, score in trials(copy)]
    assert scores[0] is not None
    assert scores[1] is None


def test_a_search_whose_head_is_lost_continues_with_the_same_command(
    ray: fake_ray.Ray, copy: ProjectPaths, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    def score(_: search.Search, _splits: Any, _schema: Any, values: dict[str, Any]) -> float:
        tried.append(values)
        if len(tried) == 2:
            raise KeyboardInterrupt  # ends the search in the middle of a trial
        return len(tried) / 10

    tried: list[dict[str, Any]] = []
    monkeypatch.setattr(search, "fit_and_score", score)
    command = [next(iter(params.search)), "--trials", "3"]
    with pytest.raises(SystemExit):
        search_on_ray.main(command, copy)
    search_on_ray.main(command, copy)
    assert sorted(score for _, score in trials(copy) if score is not None) == [0.1, 0.3, 0.4]
    assert tried[1] in tried[2:], "the trial that was lost runs again, with its values"


def test_the_password_of_the_database_stays_here(
    ray: fake_ray.Ray, copy: ProjectPaths, params: Params, fitted: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    storages = []

    def score(own: search.Search, *_: Any) -> float:
        storages.append(own.storage)
        return 0.5

    monkeypatch.setattr(search, "fit_and_score", score)
    search_on_ray.main([next(iter(params.search)), "--trials", "1"], copy)
    assert storages == [""]


@pytest.mark.parametrize("error", [UserError("params.yaml: wrong"), train.ExportError("differs")])
def test_an_error_of_a_training_is_that_of_the_project(
    ray: fake_ray.Ray, copy: ProjectPaths, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(train, "train", fail)
    with pytest.raises(type(error), match=str(error)):
        train_on_ray.main(MODELS[0], copy)


def test_a_lost_training_says_what_to_do(ray: fake_ray.Ray, copy: ProjectPaths) -> None:
    ray.lost = "Task was killed due to the node running low on memory.\nMemory on the node was 16 GB."
    with pytest.raises(UserError, match=r"cluster: Task was killed .* low on memory\. Add a node with more memory"):
        train_on_ray.main(MODELS[0], copy)


def test_a_cluster_that_is_down_is_noticed_at_once(
    ray: fake_ray.Ray, copy: ProjectPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        monkeypatch.setenv(ray_cluster.ADDRESS, address)
        with pytest.raises(UserError, match=rf"RAY_ADDRESS={address} can't be used: .*refused; start one"):
            train_on_ray.main(MODELS[0], copy)


def test_a_cluster_that_refuses_or_has_no_cpus_is_an_error(ray: fake_ray.Ray, copy: ProjectPaths) -> None:
    ray.cpus = 0
    with pytest.raises(UserError, match="has no CPUs; run on another machine: uv run ray start --address=HOST:6379"):
        train_on_ray.main(MODELS[0], copy)
    ray.refuses = "Version mismatch: the cluster has\n    Python: 3.12.1"
    with pytest.raises(UserError, match=r"can't be used: Version mismatch: the cluster has Python: 3\.12\.1; "):
        train_on_ray.main(MODELS[0], copy)


def test_ray_client_and_a_missing_ray_are_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ray_cluster.ADDRESS, "ray://host:10001")
    monkeypatch.setattr(ray_cluster, "find_spec", lambda _: None)
    with pytest.raises(SystemExit, match=r"Ray is not installed; install it with: uv sync --group ray"):
        search_on_ray.main(["boosting"])
    monkeypatch.setattr(ray_cluster, "find_spec", lambda _: True)
    with pytest.raises(SystemExit, match="this machine must be a node of the cluster"):
        search_on_ray.main(["boosting"])


def test_errors_of_ray_are_one_line() -> None:
    assert ray_cluster.describe(TimeoutError()) == "TimeoutError"
    assert ray_cluster.describe(fake_ray.RayTaskError(ValueError("wrong"))) == "ValueError: wrong"
    assert ray_cluster.describe(fake_ray.RayError("The actor died.\n\tclass_name: Trial")) == "The actor died"
