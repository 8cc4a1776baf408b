"""Stage `train`: fit one model, export it to ONNX, predict each fold by a refit, and log it to MLflow.

DVC runs this once per name in `train.models` of `params.yaml`, as `train@baseline` and so on.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

from ..config import Train, load_params
from ..data.folds import Folds, read_folds
from ..data.prepared import read_prepared
from ..data.schema import Schema
from ..data.splits import Split, encode_target, join, to_table
from ..errors import exit_on_user_error
from ..evaluation.candidate import FOLDS, Candidate
from ..evaluation.metrics import METRICS
from ..models.base import Model, TrainingContext, fit_model, hyperparameters, load_model_module
from ..models.inference import export_difference, predict_onnx
from ..paths import ProjectPaths
from ..tracking import runs
from ..tracking.lineage import current_lineage

# ONNX Runtime computes in float32 where scikit-learn uses float64; a larger difference means a wrong export.
MAX_EXPORT_DIFFERENCE = 1e-4


class ExportError(RuntimeError):
    """The exported model gives other predictions than the trained one."""


@dataclass(frozen=True)
class TrainedModel:
    """A model, its exported candidate, its metrics (validation scores and costs), and where it was trained."""

    model: Model
    candidate: Candidate
    metrics: dict[str, float]
    machine: str


def main(name: str, paths: ProjectPaths | None = None, engine: Callable[..., TrainedModel] | None = None) -> None:
    """Train the model called `name`, log the run, and save the candidate for the evaluation.

    `engine` trains, given the arguments of `train`; by default that itself.
    """
    paths = paths or ProjectPaths()
    params = load_params(paths.params).train
    lineage = current_lineage(paths, name)
    schema, splits = read_prepared(paths)
    folds = read_folds(paths.prepared)
    runs.connect(paths)  # before the training, which a server that is down would waste

    context = TrainingContext(params.seed, paths.cache(name))
    trained = (engine or train)(name, splits, schema, params, context, folds)
    trained.candidate.save(paths.candidate(name))
    run = runs.TrainingRun(
        model=name,
        params=params.logged_params(name),
        metrics=trained.metrics,
        exported=trained.candidate.exported,
        table=to_table(splits["train"], schema),
        target=schema.target.name,
        machine=trained.machine,
    )
    run_id = runs.log_training(run, lineage)
    if log := getattr(trained.model, "log", None):
        log.write(run_id)

    scores = ", ".join(f"{key} {trained.metrics[key]:.4g}" for key in METRICS)
    print(f"{name}: {scores} (validation split), MLflow run {run_id}")


def train(
    name: str,
    splits: dict[str, Split],
    schema: Schema,
    params: Train,
    context: TrainingContext,
    folds: Folds | None = None,
) -> TrainedModel:
    """Fit and export a model, and check that both give the same predictions on the test split.

    The model is fitted to the training split. With folds, it is fitted again for each of them, unless its
    hyperparameters have `cross_validate: false`.

    Raises:
        ExportError: they differ.
    """
    load_model_module(name)  # the time of its imports is not that of the training
    start = time.process_time()
    model = fit_model(name, splits["train"], schema, params, context)
    seconds = time.process_time() - start
    exported = canonical_onnx(model.export_onnx())
    difference = export_difference(model, exported, splits["test"].features, schema)
    if not difference <= MAX_EXPORT_DIFFERENCE:  # also where the difference is nan
        raise ExportError(
            f"the ONNX export of {name} differs from the trained model by {difference:.2g}, "
            f"more than {MAX_EXPORT_DIFFERENCE:g}"
        )
    predictions = {part: predict_onnx(exported, splits[part].features, schema) for part in ("validation", "test")}
    target = encode_target(splits["validation"].target, schema)
    metrics = {
        **{key: metric.score(target, predictions["validation"]) for key, metric in METRICS.items()},
        "fit_cpu_seconds": seconds,
        "export_difference": difference,
    }
    if folds and getattr(hyperparameters(name, params), "cross_validate", True):
        start = time.process_time()
        predictions[FOLDS] = predict_folds(name, folds, join(splits), schema, params)
        metrics["folds_cpu_seconds"] = time.process_time() - start
    return TrainedModel(model, Candidate(exported, predictions), metrics, runs.describe_machine())


def predict_folds(name: str, folds: Folds, rows: Split, schema: Schema, params: Train) -> NDArray[np.float64]:
    """Return the predictions for the rows that a fold predicts, in their order, each by a model that did not fit it."""
    parts = []
    for fitted, predicted in zip(folds.fitted, folds.predicted, strict=True):
        model = fit_model(name, rows.take(fitted), schema, params, TrainingContext(params.seed))
        parts.append(model.predict(rows.take(predicted).features))
    order = np.concatenate([np.flatnonzero(predicted) for predicted in folds.predicted]).argsort()
    return np.asarray(np.concatenate(parts)[order])


def canonical_onnx(exported: bytes) -> bytes:
    """Return the model with its operator sets sorted; skl2onnx lists them in random order."""
    model = onnx.load_from_string(exported)
    opsets = sorted(model.opset_import, key=lambda opset: opset.domain)
    del model.opset_import[:]
    model.opset_import.extend(opsets)
    return bytes(model.SerializeToString(deterministic=True))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train one model of params.yaml.")
    parser.add_argument("model", help="a name in train.models, for example: baseline")
    with exit_on_user_error():
        main(parser.parse_args().model)
