"""MLflow's model registry, in which the alias `champion` marks the served model."""

import argparse
import sys
from collections.abc import Sequence

import mlflow
from mlflow.tracking import MlflowClient

from .. import TITLE
from ..paths import ProjectPaths
from ..serving.champion import ChampionError, load_champion, sha256
from . import runs
from .lineage import lineage_tags

ALIAS = "champion"
REGISTERED_MODEL = TITLE  # may not contain "/" or ":", and TITLE never does


def register_model(model: bytes) -> dict[str, str | int]:
    """Give the run that logged this model the alias `champion`; return the run's id and the registry version.

    If DVC restored the training from its cache and this store has no run of it, a new run logs the model.
    """
    run_id = runs.find_run(model)
    if run_id is None:
        with mlflow.start_run(run_name="restored from the DVC cache") as active:
            mlflow.set_tags({"model_sha256": sha256(model)})
            runs.log_model(model)
            run_id = str(active.info.run_id)
    return {"mlflow_run_id": run_id, "registry_version": set_champion(run_id)}


def set_champion(run_id: str) -> int:
    """Give the model of a run the alias `champion`, registering it if needed; return the registry version."""
    client = MlflowClient()
    versions = client.search_model_versions(f"run_id = '{run_id}'")
    registered = [version for version in versions if version.name == REGISTERED_MODEL]
    model_id = client.get_run(run_id).outputs.model_outputs[0].model_id  # type: ignore[union-attr]
    version = registered[0] if registered else mlflow.register_model(f"models:/{model_id}", REGISTERED_MODEL)
    client.set_registered_model_alias(REGISTERED_MODEL, ALIAS, str(version.version))
    return int(version.version)


def restore(paths: ProjectPaths) -> str:
    """Register the champion that git carries in the MLflow store of this machine; return a summary.

    Raises:
        ChampionError: the champion is missing or damaged.
    """
    champion, model = load_champion(paths.champion)
    runs.connect(paths)
    if run_id := runs.find_run(model):
        version = set_champion(run_id)
        return f"The champion is registered already: run {run_id}, version {version} of {REGISTERED_MODEL!r}."
    record = champion.record
    with mlflow.start_run(run_name=f"{record['model']} (restored)") as active:
        mlflow.set_tags({"model": record["model"], "model_sha256": sha256(model), **lineage_tags(champion.lineage)})
        mlflow.log_params({"model": record["model"], **record["parameters"]})
        mlflow.log_metrics({f"test_{name}": score["value"] for name, score in record["metrics"].items()})
        runs.log_model(model)
    version = set_champion(active.info.run_id)
    return f"Restored the champion: run {active.info.run_id}, version {version} of {REGISTERED_MODEL!r}."


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `uv run restore-registry`."""
    argparse.ArgumentParser(
        prog="restore-registry",
        description="Register the champion that git carries in MLflow's model registry. Repeating it changes nothing.",
    ).parse_args(arguments)
    try:
        print(restore(ProjectPaths()))
    except ChampionError as error:
        sys.exit(str(error))
    print("Open the registry with: uv run mlflow ui")
