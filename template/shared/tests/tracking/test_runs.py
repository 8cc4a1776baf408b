"""The notebook holds what a reader of a run looks for, and the registry can be restored from git alone."""

import json
import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import onnxruntime
import pytest
from mlflow.tracking import MlflowClient

from .conftest import DATA_MD5
from .package import Layout, candidate, champion, params, tracking


@pytest.fixture
def client(project: Layout) -> MlflowClient:
    tracking.start(project)
    return MlflowClient()


def run_of(client: MlflowClient, project: Layout, name: str) -> Any:
    found = tracking.find_run(candidate.Candidate.read(project.candidate(name)).exported)
    assert found, f"{name} left no run"
    return client.get_run(found)


def test_one_run_a_model(client: MlflowClient, project: Layout, turned: params.Params) -> None:
    (experiment,) = (one for one in client.search_experiments() if one.name == tracking.REGISTERED_MODEL)
    runs = client.search_runs([experiment.experiment_id])
    assert sorted(run.info.run_name for run in runs) == sorted(turned.train.models)
    assert {run.info.status for run in runs} == {"FINISHED"}


def test_run_has_parameters_and_metrics(client: MlflowClient, project: Layout, turned: params.Params) -> None:
    for name in turned.train.models:
        run = run_of(client, project, name)
        stated = candidate.parameters_of(name, turned.train)
        assert run.data.params == {"model": name} | {key: str(value) for key, value in stated.items()}
        assert turned.evaluate.metric in run.data.metrics
        assert run.data.metrics["export_difference"] < 1e-4


def test_run_has_data_set_lineage_and_plots(client: MlflowClient, project: Layout, turned: params.Params) -> None:
    run = run_of(client, project, turned.train.models[-1])
    (used,) = run.inputs.dataset_inputs
    assert used.dataset.digest == DATA_MD5
    assert run.data.tags["lineage.data_md5"] == DATA_MD5
    assert len(run.data.tags["lineage.code_sha256"]) == 64
    assert client.list_artifacts(run.info.run_id, "plots")


def test_run_of_a_network_has_its_learning_curve_and_its_first_loss(
    client: MlflowClient, project: Layout, turned: params.Params
) -> None:
    if "deep" not in turned.train.models:
        pytest.skip("this project trains no network")
    run = run_of(client, project, "deep")
    curves = {name: client.get_metric_history(run.info.run_id, f"epoch_{name}") for name in ("loss", "check_loss")}
    for points in curves.values():
        assert [point.step for point in points] == list(range(int(run.data.metrics["epochs"]) + 1))
    first = {name: points[0].value for name, points in curves.items()}
    assert run.data.metrics["initial_loss"] in first.values()
    assert run.data.metrics["initial_loss"] == pytest.approx(run.data.metrics["expected_initial_loss"], rel=0.1)


def test_a_gpu_that_trained_is_named(client: MlflowClient, project: Layout, turned: params.Params) -> None:
    if "deep" not in turned.train.models:
        pytest.skip("this project trains no network")
    gpu = import_module(f"{tracking.__package__}.fitting").gpu()
    costs = json.loads((project.reports / "evaluation.json").read_text(encoding="utf-8"))["costs"]
    for name in turned.train.models:
        expected = gpu if name == "deep" else None
        assert run_of(client, project, name).data.tags.get("gpu") == expected
        assert costs[name].get("gpu") == expected


def test_alias_names_the_model_that_serves(client: MlflowClient, project: Layout) -> None:
    record = champion.load_champion(project.champion)[0].record
    version = client.get_model_version_by_alias(tracking.REGISTERED_MODEL, tracking.ALIAS)
    assert version.run_id == record["lineage"]["mlflow_run_id"]
    assert int(version.version) == record["lineage"]["registry_version"]


@pytest.mark.usefixtures("client")
def test_registered_model_takes_what_it_states(project: Layout) -> None:
    check_registered(project)


def kind_of(one: Any) -> Any:
    """Texts are objects to NumPy, and zero would be no text."""
    return str if one.type.kind == "O" else one.type


def check_registered(project: Layout) -> None:
    """What MLflow answers to inputs of the stated names, types and shapes is what the champion answers to them."""
    _, model = champion.load_champion(project.champion)
    registered = mlflow.pyfunc.load_model(f"models:/{tracking.REGISTERED_MODEL}@{tracking.ALIAS}")
    inputs = {
        one.name: np.zeros([2, *(8 if size == -1 else size for size in one.shape[1:])], kind_of(one)).astype(one.type)
        for one in registered.metadata.signature.inputs
    }
    answered = registered.predict(inputs)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    assert {one.name for one in session.get_inputs()} == set(inputs)
    names = [one.name for one in session.get_outputs()]
    assert registered.metadata.signature.outputs.input_names() == names
    for name, expected in zip(names, session.run(names, inputs), strict=True):
        np.testing.assert_array_equal(answered[name], expected)


def test_restore_into_an_empty_store_twice(project: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = Layout(tmp_path)
    shutil.copytree(project.champion, clone.champion)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{(tmp_path / 'mlflow.db').as_posix()}")
    said = [tracking.restore(clone) for _ in range(2)]
    assert said[0].startswith("Restored the champion")
    assert said[1].startswith("The champion was here already")
    client = MlflowClient()
    versions = client.search_model_versions(f"name = '{tracking.REGISTERED_MODEL}'")
    assert len(versions) == 1
    alias = client.get_model_version_by_alias(tracking.REGISTERED_MODEL, tracking.ALIAS)
    assert alias.version == versions[0].version
    record = champion.load_champion(clone.champion)[0].record
    run = client.get_run(str(versions[0].run_id))
    assert run.data.tags["model_sha256"] == record["sha256"]
    assert run.data.tags["lineage.data_md5"] == DATA_MD5
    check_registered(clone)


@pytest.fixture
def restored(project: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """A clone, with the champion in a store of its own."""
    clone = Layout(tmp_path / "clone")
    shutil.copytree(project.champion, clone.champion)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{(clone.root / 'mlflow.db').as_posix()}")
    tracking.restore(clone)
    return clone


def test_a_run_that_was_interrupted_is_no_run_of_the_model(restored: Layout) -> None:
    """It may have its tags, and not yet the model."""
    _, model = champion.load_champion(restored.champion)
    whole = tracking.find_run(model)
    client = MlflowClient()
    (experiment,) = (one for one in client.search_experiments() if one.name == tracking.REGISTERED_MODEL)
    client.create_run(experiment.experiment_id, tags={"model_sha256": champion.sha256(model)})
    assert tracking.find_run(model) == whole
    assert tracking.restore(restored).startswith("The champion was here already")


def test_a_model_that_has_another_name_too_keeps_its_version(restored: Layout) -> None:
    client = MlflowClient()
    version = client.get_model_version_by_alias(tracking.REGISTERED_MODEL, tracking.ALIAS)
    for _ in range(2):
        favourite = mlflow.register_model(str(version.source), "my favourites")
    assert (favourite.run_id, int(favourite.version)) == (version.run_id, int(version.version) + 1)
    client.delete_model_version("my favourites", str(version.version))
    tracking.restore(restored)
    alias = client.get_model_version_by_alias(tracking.REGISTERED_MODEL, tracking.ALIAS)
    assert (alias.name, alias.version) == (tracking.REGISTERED_MODEL, version.version)


def test_where_the_models_of_a_store_from_another_folder_go_is_told(
    restored: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They go on landing where the project was."""
    tracking.start(restored)
    assert capsys.readouterr().err == ""
    copy = Layout(tmp_path / "copy")
    shutil.copytree(restored.root, copy.root)
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    tracking.start(copy)
    said = capsys.readouterr().err
    assert (restored.root / "mlartifacts").as_uri() in said
    assert "uv run restore-registry" in said


def test_help_restores_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "restore", lambda _: pytest.fail("restored"))
    with pytest.raises(SystemExit) as ended:
        tracking.main(["--help"])
    assert ended.value.code == 0


def test_restore_without_a_champion_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(champion.ChampionError, match="uv run dvc repro"):
        tracking.restore(Layout(tmp_path))
