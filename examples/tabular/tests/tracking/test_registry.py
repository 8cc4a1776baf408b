"""The alias `champion` marks the served model, and can be restored from git alone."""

import shutil
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import onnxruntime
import pytest
from mlflow.tracking import MlflowClient

from late_flights.paths import ProjectPaths
from late_flights.serving.champion import load_champion, sha256
from late_flights.tracking import registry, runs
from late_flights.tracking.lineage import Lineage
from late_flights.tracking.registry import ALIAS, REGISTERED_MODEL

from ..conftest import DATA_MD5


def champion_version() -> Any:
    return MlflowClient().get_model_version_by_alias(REGISTERED_MODEL, ALIAS)


@pytest.fixture
def clone(project: ProjectPaths, empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProjectPaths:
    """A clone of the project with an empty MLflow store."""
    clone = ProjectPaths(tmp_path / "clone")
    shutil.copytree(project.champion, clone.champion)
    shutil.copy(empty_store, clone.root)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{(clone.root / 'mlflow.db').as_posix()}")
    return clone


def check_registered_model(paths: ProjectPaths) -> None:
    """Check that the registered model has the champion's signature and predictions."""
    _, model = load_champion(paths.champion)
    registered = mlflow.pyfunc.load_model(f"models:/{REGISTERED_MODEL}@{ALIAS}")
    inputs = {}
    for spec in registered.metadata.signature.inputs:
        shape = [2, *(8 if size == -1 else size for size in spec.shape[1:])]
        values = np.zeros(shape, str if spec.type.kind == "O" else spec.type)
        inputs[spec.name] = values.astype(spec.type)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    assert registered.metadata.signature.outputs.input_names() == names
    predictions = registered.predict(inputs)
    for name, expected in zip(names, session.run(names, inputs), strict=True):
        np.testing.assert_array_equal(predictions[name], expected)


def test_the_alias_marks_the_run_of_the_champion(project: ProjectPaths) -> None:
    runs.connect(project)
    lineage, version = load_champion(project.champion)[0].lineage, champion_version()
    assert version.run_id == lineage["mlflow_run_id"]
    assert int(version.version) == lineage["registry_version"]
    check_registered_model(project)


def test_an_experiment_in_a_copy_leaves_the_alias(project: ProjectPaths, tmp_path: Path) -> None:
    runs.connect(project)
    copy = ProjectPaths(tmp_path / ".dvc" / "tmp" / "exps" / "copy")
    shutil.copytree(project.champion, copy.champion)
    MlflowClient().delete_registered_model_alias(REGISTERED_MODEL, ALIAS)
    registry.follow_champion(copy)
    assert not MlflowClient().get_registered_model(REGISTERED_MODEL).aliases
    registry.follow_champion(project)
    assert champion_version().run_id == load_champion(project.champion)[0].lineage["mlflow_run_id"]


def test_restoring_twice_registers_once(
    clone: ProjectPaths, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(registry, "ProjectPaths", lambda: clone)
    registry.main([])
    assert capsys.readouterr().out.startswith("Restored the champion")
    registry.main([])
    assert capsys.readouterr().out.startswith("The champion is registered already")
    (version,) = MlflowClient().search_model_versions(f"name = '{REGISTERED_MODEL}'")
    assert champion_version().version == version.version
    tags = MlflowClient().get_run(str(version.run_id)).data.tags
    assert tags["model_sha256"] == load_champion(clone.champion)[0].record["sha256"]
    assert tags["lineage.data_md5"] == DATA_MD5
    check_registered_model(clone)
    shutil.rmtree(clone.champion)
    with pytest.raises(SystemExit, match="uv run dvc repro"):
        registry.main([])


def test_a_restored_run_names_the_commit_of_the_training(clone: ProjectPaths) -> None:
    """Not the current one, even where the training's is unknown."""
    runs.connect(clone)
    champion, model = load_champion(clone.champion)
    registry.log_restored(champion.record, model, Lineage(code_sha256="c"))
    run = runs.find_run(model)
    assert run
    assert Lineage.from_tags(run.data.tags) == Lineage(code_sha256="c")
    assert run.data.tags["mlflow.source.git.commit"] == "unknown"
    assert run.data.params["model"] == champion.record["model"]


def test_an_unfinished_run_is_not_used(clone: ProjectPaths) -> None:
    registry.restore(clone)
    _, model = load_champion(clone.champion)
    before = runs.find_run(model)
    assert before
    MlflowClient().create_run(before.info.experiment_id, tags={"model_sha256": sha256(model)})
    found = runs.find_run(model)
    assert found
    assert found.info.run_id == before.info.run_id


def test_other_names_of_the_model_do_not_matter(clone: ProjectPaths) -> None:
    registry.restore(clone)
    version = champion_version()
    mlflow.register_model(str(version.source), "another name")
    registry.restore(clone)
    assert (champion_version().name, champion_version().version) == (REGISTERED_MODEL, version.version)
