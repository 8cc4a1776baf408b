"""MLflow runs: parameters, metrics, plots, the data set and the model of each training."""

from __future__ import annotations

import logging
import os
import platform
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import mlflow
from filelock import FileLock
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.tracking import MlflowClient
from mlflow.types import Schema, TensorSpec

from .. import TITLE
from ..errors import UserError
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
        metrics: scores and costs.
        exported: the model as ONNX.
        table: the training split.
        target: the column of `table` that is predicted.
        machine: where the model was trained.
    """

    model: str
    params: dict[str, Any]
    metrics: dict[str, float]
    exported: bytes
    table: pd.DataFrame
    target: str
    machine: str


class TrackingError(UserError):
    """The MLflow server can't be used; the message says why and what to do."""


@contextmanager
def server_errors(hint: str = "", retries: int = 3, timeout: int = 60) -> Iterator[None]:
    """Wait for an MLflow server for seconds, and turn its exceptions into a `TrackingError` that ends with `hint`."""
    try:
        with _fail_fast(retries, timeout):
            yield
    except MlflowException as error:
        url = urlsplit(mlflow.get_tracking_uri())
        if not url.scheme.startswith("http"):
            raise
        status = error.get_http_status_code()  # type: ignore[no-untyped-call]
        problem = f"responds with an error: {' '.join(error.message.split())[:200]}"
        fix = "Start or fix the server, or unset MLFLOW_TRACKING_URI to use mlflow.db in the project."
        if repeated := re.search(r"too many (\d+) error responses", error.message):
            problem = f"responds with status {repeated[1]} again and again"
            fix = "Its log says why, such as a database or a store of artifacts that is down or refuses."
        elif isinstance(error.__context__, OSError):  # so are all exceptions of requests
            problem = "can't be reached"
        elif status in (401, 403):
            problem = f"rejects the credentials (status {status})"
            fix = "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN."
        address = f"{url.scheme}://{url.netloc.rpartition('@')[2]}"  # without a password
        raise TrackingError(f"MLflow server {address} {problem}. {fix} {hint}".rstrip()) from error


@contextmanager
def _fail_fast(retries: int, timeout: int) -> Iterator[None]:
    """Wait seconds instead of minutes for an MLflow server, unless the environment says how long."""
    limits = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": str(retries), "MLFLOW_HTTP_REQUEST_TIMEOUT": str(timeout)}
    added = limits.keys() - os.environ.keys()
    os.environ.update({name: limits[name] for name in added})
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def connect(paths: ProjectPaths) -> None:
    """Use the project's MLflow store, or the one named by `MLFLOW_TRACKING_URI`.

    Raises:
        TrackingError: it is a server that can't be used.
    """
    for name in ("mlflow", "alembic"):  # they log database migrations and advice about pip
        logging.getLogger(name).setLevel(logging.ERROR)
    # It logs the traceback of a failing database, such as one on a full disk, before it raises.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
    store = os.environ.get("MLFLOW_TRACKING_URI") or paths.store
    mlflow.set_tracking_uri(store)
    # MLflow fails where two processes create the tables of a new store at once.
    lock = FileLock(paths.workspace / "mlflow.db.lock") if store == paths.store else nullcontext()
    with lock, server_errors(retries=1, timeout=5):
        _set_experiment(paths, store)


def _set_experiment(paths: ProjectPaths, store: str) -> None:
    """Log later runs to the project's experiment, creating it if needed."""
    artifacts = (paths.workspace / "mlartifacts").as_uri()
    experiment = mlflow.get_experiment_by_name(TITLE)
    if experiment is None:
        mlflow.create_experiment(TITLE, artifact_location=artifacts if store.startswith("sqlite:") else None)
    elif store == paths.store and experiment.artifact_location != artifacts:
        print(
            f"Note: mlflow.db was created in another folder and stores models in {experiment.artifact_location}. "
            "To start a new store here, move mlflow.db and mlartifacts out of the project and run: "
            "uv run restore-registry",
            file=sys.stderr,
        )
    mlflow.set_experiment(TITLE)


def log_training(run: TrainingRun, lineage: Lineage) -> str:
    """Log a training, whose candidate is saved, as an MLflow run and return the run's id."""
    tags = {"model": run.model, "model_sha256": sha256(run.exported), "machine": run.machine, **lineage.tags()}
    keep = f"To keep the trained model without its run: uv run dvc commit --force train@{run.model}"
    with server_errors(keep), mlflow.start_run(run_name=run.model, tags=tags) as active:
        mlflow.log_params({"model": run.model, **run.params})
        mlflow.log_metrics(run.metrics)
        dataset = mlflow.data.from_pandas(  # type: ignore[attr-defined]  # defined at run time
            run.table, targets=run.target, name="training split of data/raw", digest=lineage.data_md5
        )
        mlflow.log_input(dataset, context="training")
        log_model(run.exported)
        return str(active.info.run_id)


def describe_machine() -> str:
    """Return system, architecture and number of CPUs of this machine."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs"


@dataclass(frozen=True)
class SearchRun:
    """An MLflow run of a hyperparameter search; its metrics are logged at its end."""

    id: str
    metrics: dict[str, float]


@contextmanager
def search_run(name: str, params: Mapping[str, Any], parent: str | None = None) -> Iterator[SearchRun]:
    """Log a run of a hyperparameter search; one of a trial is nested in the run with the id `parent`."""
    with mlflow.start_run(run_name=name, nested=True, parent_run_id=parent) as active:
        mlflow.log_params(dict(params))
        run = SearchRun(active.info.run_id, {})
        yield run
        mlflow.log_metrics(run.metrics)


def training_cost(run: Run | None) -> dict[str, float | str | None]:
    """Return the CPU seconds of a training, None where unknown; those of the folds, its machine and GPU, if known."""
    metrics, tags = (run.data.metrics, run.data.tags) if run else ({}, {})
    cost: dict[str, float | str | None] = {"fit_cpu_seconds": metrics.get("fit_cpu_seconds")}
    cost |= {key: metrics[key] for key in ("folds_cpu_seconds",) if key in metrics}
    return cost | {key: tags[key] for key in ("machine", "gpu") if key in tags}


def log_figures(trainings: Mapping[str, Run | None], figures: Mapping[str, Mapping[str, Figure]]) -> None:
    """Add the plots of each model, on the validation split, to the run of its training, if this store has it."""
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
