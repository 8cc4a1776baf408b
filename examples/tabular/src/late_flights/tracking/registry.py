"""MLflow's model registry, in which the alias `champion` marks the served model."""

import argparse
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import mlflow
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from .. import TITLE
from ..errors import exit_on_user_error
from ..paths import ProjectPaths
from ..serving.champion import load_champion, sha256
from . import runs
from .lineage import Lineage

ALIAS = "champion"
ARTIFACTS = "champion"  # the folder with the served files among the artifacts of a run
REGISTERED_MODEL = TITLE  # may not contain "/" or ":", and TITLE never does


def register(run: Run) -> dict[str, str | int]:
    """Register the model of a run, unless it is registered already; return run id and registry version."""
    client, run_id = MlflowClient(), str(run.info.run_id)
    versions = client.search_model_versions(f"run_id = '{run_id}'")
    registered = [version for version in versions if version.name == REGISTERED_MODEL]
    model_id = client.get_run(run_id).outputs.model_outputs[0].model_id  # type: ignore[union-attr]
    version = registered[0] if registered else mlflow.register_model(f"models:/{model_id}", REGISTERED_MODEL)
    return {"mlflow_run_id": run_id, "registry_version": int(version.version)}


def set_champion(run: Run) -> dict[str, str | int]:
    """Give the model of a run the alias `champion`, registering it if needed; return run id and registry version."""
    entry = register(run)
    MlflowClient().set_registered_model_alias(REGISTERED_MODEL, ALIAS, str(entry["registry_version"]))
    return entry


def follow_champion(paths: ProjectPaths) -> None:
    """Give the alias `champion` to the model in `models/champion/`, except in an experiment's copy of the project."""
    champion, _ = load_champion(paths.champion)
    if paths.root == paths.workspace:
        with suppress(MlflowException):
            set_champion(MlflowClient().get_run(str(champion.lineage.get("mlflow_run_id"))))


def keep_files(paths: ProjectPaths) -> None:
    """Keep the files of `models/champion/` with their run, if this store has it, so that they can be served again."""
    champion, _ = load_champion(paths.champion)
    with suppress(MlflowException):
        MlflowClient().log_artifacts(str(champion.lineage.get("mlflow_run_id")), str(paths.champion), ARTIFACTS)


def log_restored(record: Mapping[str, Any], model: bytes, lineage: Lineage) -> Run:
    """Log a model whose training this MLflow store does not have, with the lineage of that training."""
    tags = {"model": record["model"], "model_sha256": sha256(model), **lineage.tags()}
    with mlflow.start_run(run_name=f"{record['model']} (restored)", tags=tags) as active:
        mlflow.log_params({"model": record["model"], **record["parameters"]})
        mlflow.log_metrics({f"test_{name}": score["value"] for name, score in record["metrics"].items()})
        runs.log_model(model)
    return MlflowClient().get_run(active.info.run_id)


def restore(paths: ProjectPaths) -> str:
    """Register the champion that git carries in the MLflow store of this machine; return a summary.

    Raises:
        ChampionError: the champion is missing or damaged.
    """
    champion, model = load_champion(paths.champion)
    runs.connect(paths)
    run = runs.find_run(model)
    entry = set_champion(run or log_restored(champion.record, model, Lineage.from_record(champion.lineage)))
    summary = "The champion is registered already" if run else "Restored the champion"
    return f"{summary}: run {entry['mlflow_run_id']}, version {entry['registry_version']} of {REGISTERED_MODEL!r}."


@exit_on_user_error()
def main(arguments: Sequence[str] | None = None) -> None:
    """Run `uv run restore-registry`."""
    argparse.ArgumentParser(
        prog="restore-registry",
        description="Register the champion that git carries in MLflow's model registry, with the alias `champion`.",
    ).parse_args(arguments)
    print(restore(ProjectPaths()))
    print("Open the registry with: uv run mlflow ui")
