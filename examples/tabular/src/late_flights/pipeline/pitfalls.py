"""Stage `pitfalls`: the scores that a random split and an input from after the departure would have shown.

They are of the validation split, since the test split is for the champion alone. Nothing else uses them.
"""

from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from ..config import Params, load_params
from ..data.excluded import ExcludedColumn
from ..data.loading import read_raw
from ..data.schema import Column, Schema, load_schema
from ..data.splits import encode_target, split
from ..data.validation import validate
from ..errors import exit_on_user_error
from ..evaluation.markdown import rounded, signed_alike, table
from ..evaluation.scores import primary_metric
from ..models import boosting, logistic_regression
from ..models.base import Model, TrainingContext, hyperparameters
from ..paths import ProjectPaths

FIT: dict[str, Callable[..., Model]] = {"logistic_regression": logistic_regression.fit, "boosting": boosting.fit}
DATE = ExcludedColumn("date", "a random split ignores it")
LEAK = Column("departure_delay", "Departure delay", "number", unit="minutes")


def main(paths: ProjectPaths | None = None) -> None:
    """Train the models with each pitfall, and write their scores to `reports/pitfalls.md`."""
    paths = paths or ProjectPaths()
    params, schema = load_params(paths.params), load_schema(paths.schema)
    leaking = replace(
        schema,
        features=(*schema.features, LEAK),
        left_out=tuple(entry for entry in schema.left_out if entry.column != LEAK.name),
    )
    variants = {
        "split by time, as published": schema,
        "split at random": replace(schema, split="random", group=(), left_out=(*schema.left_out, DATE)),
        "with the departure delay": leaking,
    }
    scores = {}
    for name, variant in variants.items():
        scores[name] = score_models(validate(read_raw(paths.raw, variant), variant), variant, params)
    paths.reports.mkdir(exist_ok=True)
    text = describe(pd.DataFrame.from_dict(scores, orient="index"), primary_metric(params.evaluate.metric).label)
    (paths.reports / "pitfalls.md").write_text(text, encoding="utf-8", newline="\n")
    print("wrote reports/pitfalls.md")


def score_models(rows: pd.DataFrame, schema: Schema, params: Params) -> dict[str, float]:
    """Return the score of each model on the validation split."""
    splits, metric = split(rows, schema, params.prepare), primary_metric(params.evaluate.metric)
    target = encode_target(splits["validation"].target, schema)
    context = TrainingContext(params.train.seed)
    scores = {}
    for name, fit in FIT.items():
        model = fit(splits["train"], schema, hyperparameters(name, params.train), context)
        scores[name] = metric.score(target, model.predict(splits["validation"].features))
    return scores


def describe(scores: pd.DataFrame, metric: str) -> str:
    """Return the report: a row per variant, a column per model."""
    rows = [[str(name), *map(rounded, row)] for name, row in zip(scores.index, scores.to_numpy(), strict=True)]
    by_time, at_random, _ = signed_alike(*(scores["boosting"] - scores["logistic_regression"]))
    parts = [
        "# Two pitfalls",
        f"{metric} on the validation split. Each row but the first is a mistake that raises no error:",
        table(["", *map(str, scores.columns)], rows),
        "**A random split** puts flights of one day into training and validation, which share weather and congestion, "
        "and all seasons into both. Tomorrow's flights have not happened yet: this score is of an easier task. "
        f"Boosting scores {by_time} over logistic regression with the split by time, and {at_random} at random. "
        "The models are compared on several periods instead of this split alone: see the table of models.",
        "**The departure delay** is known only once the flight has left, when a warning comes too late. `schema.yaml` "
        "lists it under `left_out`. A score that is too good is the first sign of such an input.",
    ]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    with exit_on_user_error():
        main()
