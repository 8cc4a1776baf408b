"""Whether more rows would help: `uv run learning-curve` fits the champion to growing parts of the training split.

Each part is drawn at random, contains the smaller ones, and is scored on the validation split. The whole training split
has the score of the pipeline. Intervals are of the validation split: another draw of a small part may differ by more.

It is no stage of the pipeline: it takes as long as another training, and no choice of the pipeline depends on it.
"""

import argparse
import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..config import Params, load_params
from ..data.prepared import read_prepared
from ..data.sampling import read_sampling
from ..data.schema import Schema
from ..data.splits import Split, encode_target
from ..errors import UserError, exit_on_user_error
from ..evaluation.base import Metric
from ..evaluation.candidate import Candidate
from ..evaluation.figures import BLUE, new_figure
from ..evaluation.intervals import Interval
from ..evaluation.markdown import format_gain, format_score, lower_first, rounded, table
from ..evaluation.scores import primary_metric, read_truth, score_with_interval
from ..evaluation.selection import Comparison, Evidence, compare, gather_evidence
from ..models.base import TrainingContext, fit_model
from ..paths import ProjectPaths
from ..serving.champion import load_champion
from . import report

NAME = "learning_curve"
MIN_ROWS, MIN_CLASS_ROWS = 50, 5
DOUBLINGS = 4
REPORT = """\
# Learning curve of {model}

Written by `uv run learning-curve`.

{sentence}

![{label} by the number of training {noun}](learning_curve.png)

{points}

Brackets contain intervals of the validation split. Each part of the training split was drawn once, and contains the
smaller ones.
"""


@exit_on_user_error()
def main(arguments: Sequence[str] | None = None, paths: ProjectPaths | None = None) -> None:
    """Run `uv run learning-curve`."""
    argparse.ArgumentParser(
        prog="learning-curve", description="Fit the champion to growing parts of the training split."
    ).parse_args(arguments)
    paths = paths or ProjectPaths()
    params = load_params(paths.params)
    schema, splits = read_prepared(paths)
    metric = primary_metric(params.evaluate.metric)
    model = load_champion(paths.champion)[0].record["model"]
    if not paths.candidate(model).exists():
        raise UserError(f"models/candidates/{model}/ not found; create it with: uv run dvc repro")
    whole = Candidate.read(paths.candidate(model)).predictions["validation"]
    evidence = measure(model, splits, whole, schema, params)
    *_, half, rows = evidence.predictions
    last = compare(half, rows, evidence, metric, params.evaluate)
    sentence = describe(model, last, metric, schema.sample_noun)
    write_report(paths.reports, model, sentence, score_parts(evidence, metric, params), metric, schema.sample_noun)
    print(sentence)
    sampling = read_sampling(paths.prepared)
    if sampling and last.gain.high >= last.margin:
        print(f"The raw data has {sampling.total:,} rows; raise most_rows under reading in schema.yaml to use more.")
    report.main(paths)


def part_sizes(train: Split, order: NDArray[np.int64], schema: Schema) -> list[int]:
    """Return the sizes of the parts, each twice the one before; every part has enough rows of each class.

    Raises:
        UserError: the training split is too small.
    """
    target = encode_target(train.target, schema)[order]
    sizes = [len(order) >> doubling for doubling in range(DOUBLINGS, 0, -1)]
    sizes = [size for size in sizes if size >= MIN_ROWS]
    if schema.task == "classification":
        classes = np.unique(target)
        sizes = [size for size in sizes if min(np.sum(target[:size] == name) for name in classes) >= MIN_CLASS_ROWS]
    if not sizes:
        raise UserError(
            f"the training split has {len(order)} {schema.sample_noun}, and half of it is too small for a learning "
            f"curve: it needs {MIN_ROWS}, and {MIN_CLASS_ROWS} of each class; add more data"
        )
    return sizes


def measure(
    model: str, splits: dict[str, Split], whole: NDArray[np.float64], schema: Schema, params: Params
) -> Evidence:
    """Return what the model predicts for the validation split, by the number of rows that it was fitted to.

    `whole` has the predictions of the model that was fitted to the whole training split.
    """
    train, validation = splits["train"], splits["validation"]
    order = draw_order(len(train.target), train.groups, params.train.seed)
    predictions = {}
    for size in part_sizes(train, order, schema):
        rows = np.zeros(len(order), dtype=np.bool_)
        rows[order[:size]] = True
        fitted = fit_model(model, train.take(rows), schema, params.train, TrainingContext(params.train.seed))
        predictions[str(size)] = fitted.predict(validation.features)
        print(f"fitted {model} to {size:,} of {len(order):,} {schema.sample_noun}", flush=True)
    predictions[str(len(order))] = whole
    truth, metric = read_truth(validation, schema), primary_metric(params.evaluate.metric)
    return gather_evidence("the validation split", truth, predictions, metric, params.evaluate)


def draw_order(count: int, groups: NDArray[np.int64] | None, seed: int) -> NDArray[np.int64]:
    """Return the rows in random order, those of a group one after the other."""
    numbers = np.unique(np.arange(count) if groups is None else groups, return_inverse=True)[1]
    return np.argsort(np.random.default_rng(seed).permutation(numbers.max() + 1)[numbers], kind="stable")


def score_parts(evidence: Evidence, metric: Metric, params: Params) -> dict[int, Interval]:
    """Return the score of the model with its interval, by the number of rows that it was fitted to."""
    return {
        int(size): score_with_interval(
            metric, evidence.truth, prediction, evidence.samples[size], params.evaluate.confidence
        )
        for size, prediction in evidence.predictions.items()
    }


def describe(model: str, last: Comparison, metric: Metric, noun: str) -> str:
    """Return what the last doubling of the rows gained, and whether more would help, as a sentence."""
    gain, before, after = last.gain, int(last.simpler), int(last.challenger)
    text = (
        f"Fitted to {after:,} {noun} instead of {before:,}, {model} improves {lower_first(metric.label)} by "
        f"{format_gain(**asdict(gain))} on the validation split"
    )
    if gain.high < last.margin:
        return f"{text}: twice as many would probably gain less than the margin of {last.margin:g}."
    if gain.low > 0:
        return f"{text}: more {noun} would probably help."
    return f"{text}: whether more {noun} would help is not certain, the interval includes zero."


def write_report(
    reports: Path, model: str, sentence: str, points: Mapping[int, Interval], metric: Metric, noun: str
) -> None:
    """Write the curve as Markdown, CSV and figure, and the sentence for the README as JSON."""
    cells = [[f"{size:,}", format_score(asdict(point))] for size, point in points.items()]
    shown = table([f"training {noun}", metric.label], cells)
    text = REPORT.format(model=model, sentence=sentence, label=metric.label, noun=noun, points=shown)
    (reports / f"{NAME}.md").write_text(text, encoding="utf-8", newline="\n")
    with (reports / f"{NAME}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["rows", "score", "low", "high"])
        writer.writerows([size, *asdict(point).values()] for size, point in points.items())
    rows = max(points)
    record = {"model": model, "rows": rows, "score": points[rows].value, "sentence": sentence}
    (reports / f"{NAME}.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8", newline="\n")
    draw(points, model, metric, noun).savefig(reports / f"{NAME}.png", metadata={"Software": None})


def draw(points: Mapping[int, Interval], model: str, metric: Metric, noun: str) -> Figure:
    """Draw the score with its interval against the number of rows, on a logarithmic scale."""
    figure, axes = new_figure(f"{metric.label} of {model} by training {noun} (validation split)")
    sizes, scores = list(points), list(points.values())
    axes.fill_between(sizes, [point.low for point in scores], [point.high for point in scores], color=BLUE, alpha=0.2)
    axes.plot(sizes, [point.value for point in scores], "o-", color=BLUE)
    axes.set_xscale("log", base=2)
    axes.set_xticks(sizes, [rounded(size) for size in sizes])
    axes.minorticks_off()
    axes.set(xlabel=f"training {noun}", ylabel=metric.label)
    return figure


if __name__ == "__main__":
    main()
