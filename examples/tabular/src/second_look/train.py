"""Stage 3, train: fit one model, export it, and write it into the lab notebook.

DVC runs this once for each name under `train.models` in `params.yaml`, as `train@baseline` and so on.
"""

import argparse
import time

import onnx

from . import curves, data, models, plots, tracking
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

    candidate, measured = train(name, splits, schema, params.train)
    tracking.start(layout)
    page = describe(name, candidate, measured, splits, schema, params.train)
    run_id = tracking.log_training(page, lineage)
    candidate.save(layout.candidate(name))

    scores = ", ".join(f"{key} {measured[key]:.4g}" for key in metrics_for(schema.task))
    print(f"{name}: {scores} (validation split) · MLflow run {run_id}")


def train(
    name: str, splits: dict[str, data.Split], schema: data.Schema, params: Train
) -> tuple[Candidate, dict[str, float]]:
    """Fit, export, and check that both answer alike on the test split.

    Returns:
        The candidate, and what was measured: its scores on the validation split, the CPU seconds of the fit, and the
        largest difference between the trained and the exported model.

    Raises:
        ParityError: the export answers differently.
    """
    begun = time.process_time()
    model = models.fit(name, splits["train"], schema, params)
    seconds = time.process_time() - begun
    exported = canonical(models.export_onnx(model, schema))
    difference = models.export_difference(model, exported, splits["test"].features, schema)
    if difference > PARITY:
        raise ParityError(f"the ONNX export of {name} differs from the trained model by {difference:.2g} > {PARITY:g}")
    predictions = {
        part: models.predict_onnx(exported, splits[part].features, schema) for part in ("validation", "test")
    }
    target = data.encode_target(splits["validation"].target, schema)
    scores = {key: metric.score(target, predictions["validation"]) for key, metric in metrics_for(schema.task).items()}
    return Candidate(exported, predictions), scores | {"fit_cpu_seconds": seconds, "export_difference": difference}


def canonical(exported: bytes) -> bytes:
    """The same model as the same bytes: skl2onnx lists the operator sets in an order that differs from run to run."""
    model = onnx.load_from_string(exported)
    operators = sorted(model.opset_import, key=lambda one: one.domain)
    del model.opset_import[:]
    model.opset_import.extend(operators)
    return bytes(model.SerializeToString(deterministic=True))


def describe(
    name: str,
    candidate: Candidate,
    measured: dict[str, float],
    splits: dict[str, data.Split],
    schema: data.Schema,
    params: Train,
) -> tracking.TrainingRun:
    """The page of the lab notebook for this model."""
    rows = splits["train"]
    answers = candidate.predictions["validation"]
    target = data.encode_target(splits["validation"].target, schema)
    return tracking.TrainingRun(
        model=name,
        parameters=parameters_of(name, params),
        metrics=measured,
        exported=candidate.exported,
        table=rows.features.assign(**{schema.target.name: rows.target}),
        target=schema.target.name,
        answers=answers[:5],
        figures=plots.fit_figures(schema, curves.fit_tables(schema, target, {name: answers})),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train one model of params.yaml.")
    parser.add_argument("model", help="a name under train.models, for example: shallow")
    main(parser.parse_args().model)
