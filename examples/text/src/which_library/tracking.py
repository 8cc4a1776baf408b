"""The lab notebook: MLflow runs, and the registry whose alias `champion` names the model that serves."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import onnx
import pandas as pd
from mlflow.entities import Metric
from mlflow.models import ModelSignature
from mlflow.tracking import MlflowClient
from mlflow.types import Schema, TensorSpec

from . import TITLE
from .champion import ChampionError, load_champion, sha256
from .layout import Layout
from .lineage import Lineage

if TYPE_CHECKING:
    # It takes longer to load than all else here, and the evaluation logs no picture.
    from matplotlib.figure import Figure

ALIAS = "champion"
# The registry's models have a name of their own; it may not hold "/" or ":", and TITLE never does.
REGISTERED_MODEL = TITLE


@dataclass(frozen=True)
class TrainingRun:
    """What one training writes into the notebook.

    `history` has one record an epoch; `gpu` is what the GPU that trained it is called, if one did; `table` is the
    training split.
    """

    model: str
    parameters: dict[str, Any]
    metrics: dict[str, float]
    history: list[dict[str, float]]
    gpu: str | None
    exported: bytes
    table: pd.DataFrame
    target: str
    figures: dict[str, Figure]


def start(layout: Layout) -> None:
    """Point MLflow at the project's store, unless `MLFLOW_TRACKING_URI` names another.

    `dvc exp run --queue` runs in a copy below `.dvc/tmp/`: its runs belong in the project's own store all the same.
    """
    # MLflow tells at length of tables it creates and of a pip that uv's environments do not have.
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.ERROR)
    parts = layout.root.parts
    root = Path(*parts[: parts.index(".dvc")]) if ".dvc" in parts else layout.root
    own = f"sqlite:///{(root / 'mlflow.db').as_posix()}"
    store = os.environ.get("MLFLOW_TRACKING_URI") or own
    mlflow.set_tracking_uri(store)
    artifacts = (root / "mlartifacts").as_uri()
    experiment = mlflow.get_experiment_by_name(TITLE)
    if experiment is None:
        mlflow.create_experiment(TITLE, artifact_location=artifacts if store.startswith("sqlite:") else None)
    elif store == own and experiment.artifact_location != artifacts:  # MLflow keeps the whole path
        print(
            f"Note: mlflow.db came from another folder, and its models go on to {experiment.artifact_location}. "
            "To begin a new notebook here, move mlflow.db and mlartifacts out of the project; "
            "`uv run restore-registry` then puts the champion into it.",
            file=sys.stderr,
        )
    mlflow.set_experiment(TITLE)


def log_training(run: TrainingRun, lineage: Lineage) -> str:
    """One run: parameters, metrics, plots, the data set with its DVC hash, and the model with its signature.

    Returns:
        The run's id.
    """
    with mlflow.start_run(run_name=run.model) as active:
        mlflow.set_tags({"model": run.model, "model_sha256": sha256(run.exported), **tags_of(vars(lineage))})
        if run.gpu:
            mlflow.set_tag("gpu", run.gpu)
        mlflow.log_params({"model": run.model, **run.parameters})
        mlflow.log_metrics(run.metrics)
        _log_history(active.info.run_id, run.history)
        dataset = mlflow.data.from_pandas(  # type: ignore[attr-defined]  # MLflow makes it at run time
            run.table, targets=run.target, name="training split of data/raw", digest=lineage.data_md5
        )
        mlflow.log_input(dataset, context="training")
        for name, figure in run.figures.items():
            mlflow.log_figure(figure, f"plots/{name}.png")
        _log_model(run.exported)
        return str(active.info.run_id)


def tags_of(lineage: Mapping[str, Any]) -> dict[str, str]:
    """The lineage as tags of a run; what is unknown is left out."""
    return {f"lineage.{name}": str(value) for name, value in lineage.items() if value is not None}


def _log_history(run_id: str, history: list[dict[str, float]]) -> None:
    """The learning curves, in as few calls as MLflow allows."""
    now = int(time.time() * 1000)
    points = [
        Metric(f"epoch_{key}", value, now, step) for step, epoch in enumerate(history) for key, value in epoch.items()
    ]
    for begin in range(0, len(points), 1000):
        MlflowClient().log_batch(run_id, metrics=points[begin : begin + 1000])


@contextmanager
def trial(name: str, parameters: Mapping[str, Any]) -> Iterator[dict[str, float]]:
    """A run of a search, below the one that is open; what the caller puts into the given dictionary is its metrics."""
    measured: dict[str, float] = {}
    with mlflow.start_run(run_name=name, nested=True):
        mlflow.log_params(dict(parameters))
        yield measured
        mlflow.log_metrics(measured)


def cost_of(model: bytes) -> dict[str, float | str | None]:
    """What the newest training of exactly this model cost; None where this store has no such run.

    `gpu` is there only if a GPU trained it.
    """
    run_id = find_run(model)
    if run_id is None:
        return {"fit_cpu_seconds": None, "latency_ms": None}
    logged = MlflowClient().get_run(run_id).data
    spent: dict[str, float | str | None] = {
        name: logged.metrics.get(name) for name in ("fit_cpu_seconds", "latency_ms")
    }
    return spent | ({"gpu": logged.tags["gpu"]} if "gpu" in logged.tags else {})


def _log_model(exported: bytes) -> Any:
    model = onnx.load_from_string(exported)
    # Stating the requirements spares MLflow a second process that imports the model to guess them.
    return mlflow.onnx.log_model(
        model,
        name="model",
        signature=ModelSignature(inputs=_tensors(model.graph.input), outputs=_tensors(model.graph.output)),
        pip_requirements=["onnxruntime", "numpy"],
        save_as_external_data=False,
    )


def _tensors(values: Iterable[onnx.ValueInfoProto]) -> Schema:
    """What goes in or comes out, as the graph says: name, type and shape, in which -1 is any length."""
    types = [(value.name, value.type.tensor_type) for value in values]
    return Schema(
        [
            TensorSpec(
                onnx.helper.tensor_dtype_to_np_dtype(one.elem_type),
                tuple(size.dim_value or -1 for size in one.shape.dim),
                name,
            )
            for name, one in types
        ]
    )


def find_run(model: bytes) -> str | None:
    """The newest run that logged exactly this model to its end; None if this store has none."""
    runs = mlflow.search_runs(
        experiment_names=[TITLE],
        filter_string=f"tags.model_sha256 = '{sha256(model)}' and attributes.status = 'FINISHED'",
        order_by=["start_time DESC"],
        max_results=1,
        output_format="list",
    )
    return str(runs[0].info.run_id) if runs else None


def run_of(model: bytes) -> str:
    """The newest run that logged exactly this model, or a new one if this store has none.

    That happens where DVC took the training from its cache and the database is new.
    """
    if run_id := find_run(model):
        return run_id
    with mlflow.start_run(run_name="from DVC's cache") as active:
        mlflow.set_tags({"model_sha256": sha256(model)})
        _log_model(model)
        return str(active.info.run_id)


def register(run_id: str) -> int:
    """Give the run's model the alias `champion`; a model that is registered already keeps its version.

    Returns:
        The registry version.
    """
    client = MlflowClient()
    every = client.search_model_versions(f"run_id = '{run_id}'")
    known = [version for version in every if version.name == REGISTERED_MODEL]  # it may have other names, too
    logged = client.get_run(run_id).outputs.model_outputs[0].model_id  # type: ignore[union-attr]  # it has one model
    version = known[0] if known else mlflow.register_model(f"models:/{logged}", REGISTERED_MODEL)
    client.set_registered_model_alias(REGISTERED_MODEL, ALIAS, str(version.version))
    return int(version.version)


def restore(layout: Layout) -> str:
    """Put the champion that git carries into this machine's store, which a clone does not have.

    Asking twice changes nothing.

    Returns:
        A sentence that says what was done.

    Raises:
        ChampionError: the clone has no intact champion.
    """
    champion, model = load_champion(layout.champion)
    start(layout)
    if run_id := find_run(model):
        version = register(run_id)
        return f"The champion was here already: run {run_id}, version {version} of {REGISTERED_MODEL!r}."
    with mlflow.start_run(run_name=f"{champion.record['model']} (restored)") as active:
        mlflow.set_tags({"model": champion.record["model"], "model_sha256": sha256(model), **tags_of(champion.lineage)})
        mlflow.log_params({"model": champion.record["model"], **champion.record["parameters"]})
        scores = champion.record["metrics"]
        mlflow.log_metrics({f"test_{name}": score["value"] for name, score in scores.items()})
        _log_model(model)
    version = register(active.info.run_id)
    return f"Restored the champion: run {active.info.run_id}, version {version} of {REGISTERED_MODEL!r}."


def main(arguments: Sequence[str] | None = None) -> None:
    """`uv run restore-registry`."""
    argparse.ArgumentParser(
        prog="restore-registry",
        description="Put the champion that git carries into MLflow's registry. Doing it again changes nothing.",
    ).parse_args(arguments)
    try:
        print(restore(Layout()))
    except ChampionError as error:
        sys.exit(str(error))
    print("Look at it: uv run mlflow ui")
