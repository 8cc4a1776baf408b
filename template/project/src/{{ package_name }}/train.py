"""Stage 3, train: fit one model, export it, and write it into the lab notebook.

DVC runs this once for each name under `train.models` in `params.yaml`, as `train@baseline` and so on.
"""

import argparse
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import onnx

from . import curves, data, mistakes, models, plots, tracking
from .candidate import Candidate, parameters_of
from .layout import Layout
from .lineage import lineage_of
from .metrics import metrics_for
from .params import Train, load_params

# ONNX Runtime computes in float32 where scikit-learn uses float64; a larger difference is another model.
PARITY = 1e-4


class ParityError(RuntimeError):
    """The exported model does not answer like the trained one, so it must not serve."""


def main(name: str, layout: Layout | None = None) -> None:
    """Train the model called `name`, write its run, and keep what the evaluation needs."""
    layout = layout or Layout()
    lineage = lineage_of(layout)
    params = load_params(layout.params)
    schema = data.load_schema(layout.schema)
    splits = data.read_splits(layout.prepared, schema)

    fitted = train(name, splits, schema, params.train, layout.checkpoint(name))
    tracking.start(layout)
    run_id = tracking.log_training(describe(name, fitted, splits, schema, params.train), lineage)
    fitted.candidate.save(layout.candidate(name))

    scores = ", ".join(f"{key} {fitted.measured[key]:.4g}" for key in metrics_for(schema.task))
    print(f"{name}: {scores} (validation split) · MLflow run {run_id}")


@dataclass(frozen=True)
class Fitted:
    """A candidate, what was measured of it, and how its training went: one record an epoch, if it has any.

    `gpu`: what the GPU that trained it is called, if one did.
    """

    candidate: Candidate
    measured: dict[str, float]
    history: list[dict[str, float]]
    gpu: str | None


def train(
    name: str, splits: dict[str, data.Split], schema: data.Schema, params: Train, checkpoint: Path | None = None
) -> Fitted:
    """Fit, export, and check that both answer alike on the test split.

    Measured are the scores on the validation split, the CPU seconds of the fit, the milliseconds of one answer, the
    largest difference between the trained and the exported model, and what the model has to say of its training.

    Raises:
        ParityError: the export answers differently.
    """
    begun = time.process_time()
    model = models.fit(name, splits["train"], schema, params, checkpoint)
    seconds = time.process_time() - begun
    exported = canonical(models.export_onnx(model, schema))
    difference = models.export_difference(model, exported, splits["test"].features, schema)
    if not difference <= PARITY:  # nor where the export answers with what is no number
        raise ParityError(f"the ONNX export of {name} differs from the trained model by {difference:.2g} > {PARITY:g}")
    predictions = {
        part: models.predict_onnx(exported, splits[part].features, schema) for part in ("validation", "test")
    }
    target = data.encode_target(splits["validation"].target, schema)
    answers = predictions["validation"]
    measured = {key: metric.score(target, answers) for key, metric in metrics_for(schema.task).items()}
    measured |= {
        "fit_cpu_seconds": seconds,
        "latency_ms": latency(exported, splits["validation"], schema),
        "export_difference": difference,
    }
    candidate = Candidate(exported, predictions)
    facts, history = getattr(model, "facts", {}), getattr(model, "history", [])
    return Fitted(candidate, measured | facts, history, getattr(model, "gpu", None))


def latency(exported: bytes, rows: data.Split, schema: data.Schema) -> float:
    """The median milliseconds of one answer, a row at a time, once the model is loaded."""
    answer, first = models.loaded(exported, schema), rows.features[:1]
    spent = []
    for _ in range(30):
        begun = time.perf_counter()
        answer(first)
        spent.append(time.perf_counter() - begun)
    return statistics.median(spent) * 1000


def canonical(exported: bytes) -> bytes:
    """The same model as the same bytes: skl2onnx lists the operator sets in an order that differs from run to run."""
    model = onnx.load_from_string(exported)
    operators = sorted(model.opset_import, key=lambda one: one.domain)
    del model.opset_import[:]
    model.opset_import.extend(operators)
    return bytes(model.SerializeToString(deterministic=True))


def describe(
    name: str, fitted: Fitted, splits: dict[str, data.Split], schema: data.Schema, params: Train
) -> tracking.TrainingRun:
    """The page of the lab notebook for this model."""
    answers = fitted.candidate.predictions["validation"]
    target = data.encode_target(splits["validation"].target, schema)
    return tracking.TrainingRun(
        model=name,
        parameters=parameters_of(name, params),
        metrics=fitted.measured,
        history=fitted.history,
        gpu=fitted.gpu,
        exported=fitted.candidate.exported,
        table=data.table_of(splits["train"], schema),
        target=schema.target.name,
        figures=plots.fit_figures(schema, curves.fit_tables(schema, target, {name: answers})),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train one model of params.yaml.")
    parser.add_argument("model", help="a name under train.models, for example: shallow")
    with mistakes.in_words():
        main(parser.parse_args().model)
