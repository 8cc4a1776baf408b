"""MLflow runs: parameters, metrics, plots, the data set and the model of each training."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
from mlflow.entities import Metric, Run
from mlflow.models import ModelSignature
from mlflow.tracking import MlflowClient
from mlflow.types import Schema, TensorSpec

from .. import TITLE
from ..paths import ProjectPaths
from ..serving.champion import sha256
from .lineage import Lineage

if TYPE_CHECKING:  # slow to import
    import onnx
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class TrainingRun:
    """What is logged of one training.

    Attributes:
        model: its name.
        params: its seed and hyperparameters.
        metrics: scores, costs, and what the model measured itself.
        history: the metrics of each epoch.
        gpu: the name of the GPU, if one was used.
        exported: the model as ONNX.
        table: the training split.
        target: the column of `table` that is predicted.
    """

    model: str
    params: dict[str, Any]
    metrics: dict[str, float]
    history: list[dict[str, float]]
    gpu: str | None
    exported: bytes
    table: pd.DataFrame
    target: str


def connect(paths: ProjectPaths) -> None:
    """Use the project's MLflow store, or the one named by `MLFLOW_TRACKING_URI`."""
    for name in ("mlflow", "alembic"):  # they log database migrations and advice about pip
        logging.getLogger(name).setLevel(logging.ERROR)
    # `dvc exp run --queue` runs in a copy below .dvc/tmp; its runs belong in the store of the project itself.
    parts = paths.root.parts
    root = Path(*parts[: parts.index(".dvc")]) if ".dvc" in parts else paths.root
    own_store = f"sqlite:///{(root / 'mlflow.db').as_posix()}"
    store = os.environ.get("MLFLOW_TRACKING_URI") or own_store
    mlflow.set_tracking_uri(store)
    artifacts = (root / "mlartifacts").as_uri()
    experiment = mlflow.get_experiment_by_name(TITLE)
    if experiment is None:
        mlflow.create_experiment(TITLE, artifact_location=artifacts if store.startswith("sqlite:") else None)
    elif store == own_store and experiment.artifact_location != artifacts:
        print(
            f"Note: mlflow.db was created in another folder and stores models in {experiment.artifact_location}. "
            "To start a new store here, move mlflow.db and mlartifacts out of the project and run: "
            "uv run restore-registry",
            file=sys.stderr,
        )
    mlflow.set_experiment(TITLE)


def log_training(run: TrainingRun, lineage: Lineage) -> str:
    """Log a training as an MLflow run and return the run's id."""
    tags = {"model": run.model, "model_sha256": sha256(run.exported), **lineage.tags()}
    with mlflow.start_run(run_name=run.model, tags=tags | ({"gpu": run.gpu} if run.gpu else {})) as active:
        mlflow.log_params({"model": run.model, **run.params})
        mlflow.log_metrics(run.metrics)
        _log_history(active.info.run_id, run.history)
        dataset = mlflow.data.from_pandas(  # type: ignore[attr-defined]  # defined at run time
            run.table, targets=run.target, name="training split of data/raw", digest=lineage.data_md5
        )
        mlflow.log_input(dataset, context="training")
        log_model(run.exported)
        return str(active.info.run_id)


def _log_history(run_id: str, history: list[dict[str, float]]) -> None:
    """Log the metrics of each epoch, in batches of 1,000, MLflow's limit."""
    now = int(time.time() * 1000)
    points = [
        Metric(f"epoch_{key}", value, now, step) for step, epoch in enumerate(history) for key, value in epoch.items()
    ]
    for start in range(0, len(points), 1000):
        MlflowClient().log_batch(run_id, metrics=points[start : start + 1000])


@contextmanager
def search_run(name: str, params: Mapping[str, Any]) -> Iterator[dict[str, float]]:
    """Log a nested run of a hyperparameter search; the caller puts its metrics into the yielded dictionary."""
    metrics: dict[str, float] = {}
    with mlflow.start_run(run_name=name, nested=True):
        mlflow.log_params(dict(params))
        yield metrics
        mlflow.log_metrics(metrics)


def training_cost(run: Run | None) -> dict[str, float | str | None]:
    """Return the CPU seconds, the latency and the GPU (if any) of a training; None where unknown."""
    metrics, tags = (run.data.metrics, run.data.tags) if run else ({}, {})
    cost: dict[str, float | str | None] = {name: metrics.get(name) for name in ("fit_cpu_seconds", "latency_ms")}
    return cost | ({"gpu": tags["gpu"]} if "gpu" in tags else {})


def log_figures(trainings: Mapping[str, Run | None], figures: Mapping[str, Mapping[str, Figure]]) -> None:
    """Add the plots of each model to the run of its training, if this store has it."""
    logged = {model: run for model, run in trainings.items() if run}
    for model, run in logged.items():
        for name, figure in figures[model].items():
            MlflowClient().log_figure(run.info.run_id, figure, f"plots/{name}.png")


def log_model(exported: bytes) -> None:
    """Log an ONNX model to the active run, with its signature."""
    import onnx  # half a second, which the evaluation does not need

    model = onnx.load_from_string(exported)
    mlflow.onnx.log_model(
        model,
        name="model",
        signature=ModelSignature(inputs=_tensors(model.graph.input), outputs=_tensors(model.graph.output)),
        # Without them, MLflow imports the model in another process to find them out.
        pip_requirements=["onnxruntime", "numpy"],
        save_as_external_data=False,
    )


def _tensors(values: Iterable[onnx.ValueInfoProto]) -> Schema:
    """Return name, type and shape of a graph's inputs or outputs; -1 stands for any length."""
    import onnx

    return Schema(
        [
            TensorSpec(
                onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type),
                tuple(size.dim_value or -1 for size in value.type.tensor_type.shape.dim),
                value.name,
            )
            for value in values
        ]
    )


def find_run(model: bytes) -> Run | None:
    """Return the newest finished run that logged exactly this model, or None."""
    runs = mlflow.search_runs(
        experiment_names=[TITLE],
        filter_string=f"tags.model_sha256 = '{sha256(model)}' and attributes.status = 'FINISHED'",
        order_by=["start_time DESC"],
        max_results=1,
        output_format="list",
    )
    return runs[0] if runs else None
