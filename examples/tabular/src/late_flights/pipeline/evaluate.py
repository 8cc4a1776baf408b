"""Stage `evaluate`: compare the models, score the champion on the test split, publish it."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from mlflow.entities import Run

from ..config import Params, load_params
from ..data.folds import Folds, read_folds
from ..data.prepared import read_prepared
from ..data.sampling import Sampling, read_sampling
from ..data.schema import Schema
from ..data.splits import Split, encode_target, join
from ..errors import exit_on_user_error
from ..evaluation.bootstrap import UNIT
from ..evaluation.candidate import FOLDS, Candidate, Selected
from ..evaluation.decision import make_decision
from ..evaluation.demo_metadata import demo_metadata
from ..evaluation.error_report import HeldOut, error_report
from ..evaluation.figures import draw_comparison, draw_decision, draw_slices, with_unit, write_figures
from ..evaluation.markdown import compared_rows, compared_scores
from ..evaluation.metrics import METRICS
from ..evaluation.plot_data import plot_tables
from ..evaluation.plots import draw_plots
from ..evaluation.reference import build_reference, reference_path
from ..evaluation.scores import primary_metric, read_truth, score_models, score_slices
from ..evaluation.selection import Comparison, Evidence, gather_evidence, select_champion
from ..evaluation.shares import Outcome
from ..evaluation.slices import slice_labels
from ..paths import ProjectPaths
from ..serving import champion
from ..tracking import registry, runs
from ..tracking.lineage import Lineage
from ..tracking.promotions import LOG, describe_replacement

Cost = dict[str, Any]
Splits = dict[str, Split]


@dataclass(frozen=True)
class Evaluation:
    """The contents of `reports/evaluation.json`, which the report and the demo read.

    `fold_scores` are of the models that were fitted again on the folds, which `folds` describes; `validation_scores` of
    every model; `scores` on the test split of the champion and, beside it, of the simplest model; `slices` of the
    champion alone. `decisions` are sentences about the comparisons; `decision` is that of `params.yaml`, chosen on the
    validation split, with the results of both splits; `sampling` is None where the raw data were used whole. `units`
    has the number of independent rows, groups or forecasts of the test split.
    """

    champion: str
    metric: str
    labels: dict[str, dict[str, Any]]
    comparisons: list[Comparison]
    decisions: list[str]
    folds: dict[str, Any] | None
    fold_scores: dict[str, dict[str, dict[str, Any]]]
    validation_scores: dict[str, dict[str, dict[str, Any]]]
    scores: dict[str, dict[str, dict[str, Any]]]
    slices: list[dict[str, Any]]
    slice_limit: float | None
    confidence: float
    rows: dict[str, int]
    sample_noun: str
    costs: dict[str, Cost]
    data: dict[str, str]
    decision: dict[str, Any] | None
    sampling: Sampling | None = None
    units: dict[str, Any] | None = None


@runs.server_errors()
def main(paths: ProjectPaths | None = None) -> None:
    """Compare the candidates, write the reports, publish the champion."""
    paths = paths or ProjectPaths()
    params = load_params(paths.params)
    schema, splits = read_prepared(paths)
    folds = read_folds(paths.prepared)
    candidates = {name: Candidate.read(paths.candidate(name)) for name in params.train.models}

    runs.connect(paths)
    trainings = {name: runs.find_run(candidate.exported) for name, candidate in candidates.items()}
    costs = measure_costs(candidates, trainings, paths.reports / "evaluation.json")
    evaluation = evaluate(candidates, splits, folds, schema, params, costs)
    evaluation = replace(evaluation, sampling=read_sampling(paths.prepared))
    selected = candidates[evaluation.champion]
    record = champion_record(evaluation, selected, splits, schema, params)
    errors = describe_errors(record, selected, splits, folds, schema, params)
    figures = write_reports(paths.reports, evaluation, errors, candidates, splits, schema)
    runs.log_figures(trainings, figures)

    previous = current_record(paths)
    record = publish(paths, record, selected.exported, trainings[evaluation.champion])
    reference = build_reference(record, selected.exported, splits, selected.predictions["validation"], schema)
    write_json(reference_path(paths.champion), reference)
    registry.follow_champion(paths)
    registry.keep_files(paths)
    if note := describe_replacement(paths.root / LOG, previous, record):
        print(note)
    print(*evaluation.decisions, sep="\n")
    if evaluation.decision:
        print(evaluation.decision["sentence"], evaluation.decision["aim_outcome"])
    print(f"champion: {evaluation.champion}, version {record['lineage']['registry_version']} in the registry")


def measure_costs(
    candidates: Mapping[str, Candidate], trainings: Mapping[str, Run | None], previous: Path
) -> dict[str, Cost]:
    """Return the training time (CPU seconds) and file size (bytes) of each model.

    An unchanged model keeps the times of the previous evaluation, so that a rerun changes no file.
    """
    try:
        known = json.loads(previous.read_text(encoding="utf-8")).get("costs", {})
    except (OSError, ValueError):  # missing, or not JSON because of a merge conflict
        known = {}
    costs = {}
    for name, candidate in candidates.items():
        digest, old = champion.sha256(candidate.exported), known.get(name, {})
        if old.get("model_sha256") == digest and old.get("fit_cpu_seconds") is not None:
            costs[name] = old
        else:
            spent = runs.training_cost(trainings[name])
            costs[name] = {"model_sha256": digest, "size_bytes": len(candidate.exported), **spent}
    return costs


def evaluate(
    candidates: dict[str, Candidate],
    splits: Splits,
    folds: Folds | None,
    schema: Schema,
    params: Params,
    costs: dict[str, Cost],
) -> Evaluation:
    """Score every model on folds and validation split, select the champion by them, and score it on the test split.

    The simplest model is scored there, too, after the selection: a score of the champion means little alone.
    """
    metric = primary_metric(params.evaluate.metric)
    evidence = collect_evidence(candidates, splits, folds, schema, params)
    selected, comparisons = select_champion(list(candidates), list(evidence.values()), metric, params.evaluate)
    scores = {
        name: score_models(entry.truth, entry.predictions, params.evaluate, {params.evaluate.metric: entry.samples})
        for name, entry in evidence.items()
    }
    validation, test = evidence["validation"].truth, read_truth(splits["test"], schema)
    simplest = next(iter(candidates))
    outcomes = [
        Outcome(
            truth,
            candidates[selected].predictions[part],
            simplest=candidates[simplest].predictions[part] if simplest != selected else None,
        )
        for part, truth in (("validation", validation), ("test", test))
    ]
    tested = {name: candidates[name].predictions["test"] for name in dict.fromkeys((selected, simplest))}
    slices = slice_labels(splits, schema, params.evaluate.slices)
    return Evaluation(
        champion=selected,
        metric=params.evaluate.metric,
        labels={
            key: {
                "label": entry.label,
                "higher_is_better": entry.higher_is_better,
                "note": entry.note,
                "unit": schema.target.unit if entry.in_unit else "",
                "is_share": entry.hits is not None,
            }
            for key, entry in METRICS.items()
        },
        comparisons=comparisons,
        decisions=[comparison.describe(metric, schema.target.unit * metric.in_unit) for comparison in comparisons],
        folds=folds.describe() if folds else None,
        fold_scores=scores.get(FOLDS, {}),
        validation_scores=scores["validation"],
        scores=score_models(test, tested, params.evaluate),
        slices=score_slices(metric, test, tested[selected], slices, params.evaluate),
        slice_limit=params.evaluate.slice_limit,
        confidence=params.evaluate.confidence,
        rows={name: len(part.target) for name, part in splits.items()},
        units={"noun": UNIT, "test": len(np.unique(test.units))},
        sample_noun=schema.sample_noun,
        costs=costs,
        data={
            "name": str((params.fetch or {}).get("source", "")),
            "inputs": schema.input_summary,
            "target": schema.target.label,
            "source": schema.source,
            "license": schema.licence,
        },
        decision=make_decision(params, schema, *outcomes),
    )


def collect_evidence(
    candidates: Mapping[str, Candidate], splits: Splits, folds: Folds | None, schema: Schema, params: Params
) -> dict[str, Evidence]:
    """Return what the models predict for the folds, if there are any, and for the validation split, by these names."""
    rows = {"validation": ("the validation split", read_truth(splits["validation"], schema))}
    if folds:
        truth = read_truth(join(splits).take(folds.rows), schema)
        truth = replace(truth, folds=folds.predicted.argmax(axis=0)[folds.rows])
        rows = {FOLDS: (f"{len(folds.fitted)} folds", truth)} | rows
    metric = primary_metric(params.evaluate.metric)
    evidence = {}
    for name, (noun, truth) in rows.items():
        known = {model: entry.predictions[name] for model, entry in candidates.items() if name in entry.predictions}
        evidence[name] = gather_evidence(noun, truth, known, metric, params.evaluate)
    return evidence


def champion_record(
    evaluation: Evaluation, candidate: Candidate, splits: Splits, schema: Schema, params: Params
) -> dict[str, Any]:
    """Return the contents of `champion.json`, without the lineage."""
    described = Selected(candidate.exported, candidate.predictions, evaluation.decision)
    return {
        "model": evaluation.champion,
        "format": "onnx",
        "sha256": champion.sha256(candidate.exported),
        "size_bytes": len(candidate.exported),
        "task": schema.task,
        "target": {"name": schema.target.name, "label": schema.target.label, "unit": schema.target.unit},
        "classes": list(schema.classes),
        "positive": schema.positive,
        **demo_metadata(described, splits, schema, params),
        "metric": evaluation.metric,
        "metrics": evaluation.scores[evaluation.champion],
        "decision": {key: value for key, value in (evaluation.decision or {}).items() if key != "curve"} or None,
        "comparisons": [asdict(comparison) for comparison in evaluation.comparisons],
        "parameters": params.train.logged_params(evaluation.champion),
    }


def describe_errors(
    record: dict[str, Any],
    candidate: Candidate,
    splits: Splits,
    folds: Folds | None,
    schema: Schema,
    params: Params,
) -> tuple[str, dict[str, Figure]]:
    """Return the report of the champion's errors with its figures; the arguments are those of `champion_record`.

    Groups with large errors are searched where the champion's refits on the folds made predictions, or without them on
    the validation split.
    """
    parts = {"validation": ("validation split", splits["validation"]), "test": ("test split", splits["test"])}
    if folds and FOLDS in candidate.predictions:
        parts = {FOLDS: (f"{len(folds.fitted)} folds", join(splits).take(folds.rows))} | parts
    tested = {
        part: HeldOut(name, rows, Outcome(read_truth(rows, schema), candidate.predictions[part], record["decision"]))
        for part, (name, rows) in parts.items()
    }
    return error_report(record, schema, next(iter(tested.values())), tested["test"], params.evaluate)


def write_reports(
    reports: Path,
    evaluation: Evaluation,
    errors: tuple[str, dict[str, Figure]],
    candidates: Mapping[str, Candidate],
    splits: Splits,
    schema: Schema,
) -> dict[str, dict[str, Figure]]:
    """Write scores, plot tables, figures and the report of errors; return each model's plots on the validation split.

    What experiments are compared by, `metrics.json` and the plot tables, is of the validation split.
    """
    scores = {
        name: {key: round(score["value"], 6) for key, score in by_metric.items()}
        for name, by_metric in evaluation.validation_scores.items()
    }
    metrics = {"split": "validation", "champion": scores[evaluation.champion], "models": scores}
    write_json(reports / "metrics.json", metrics)
    write_json(reports / "evaluation.json", asdict(evaluation))

    tables = split_plot_tables("validation", candidates, splits, schema)
    (reports / "plots").mkdir(exist_ok=True)
    for name, table in tables.items():
        table.round(6).to_csv(reports / "plots" / f"{name}.csv", index=False, lineterminator="\n")

    selected = {evaluation.champion: candidates[evaluation.champion]}
    tables_of_test = split_plot_tables("test", selected, splits, schema, evaluation.decision)
    on_test = draw_plots(schema, tables_of_test, "test split", evaluation.decision)
    text, cases = errors
    (reports / "errors.md").write_text(text, encoding="utf-8", newline="\n")
    write_figures(reports / "figures", draw_overview(evaluation) | on_test | cases)
    return {
        model: draw_plots(
            schema, {name: table[table["model"] == model] for name, table in tables.items()}, "validation split"
        )
        for model in candidates
    }


def split_plot_tables(
    part: str,
    candidates: Mapping[str, Candidate],
    splits: Splits,
    schema: Schema,
    decision: Mapping[str, Any] | None = None,
) -> dict[str, pd.DataFrame]:
    """Return the plot tables of the candidates on a split; the decision's threshold is that of the champion alone."""
    predictions = {name: candidate.predictions[part] for name, candidate in candidates.items()}
    return plot_tables(schema, encode_target(splits[part].target, schema), predictions, decision)


def draw_overview(evaluation: Evaluation) -> dict[str, Figure]:
    """Return figures: compared scores of all models, test scores of the champion by slice, and its decision."""
    entry, record = evaluation.labels[evaluation.metric], asdict(evaluation)
    axis, level = with_unit(entry["label"], entry["unit"]), f"{100 * evaluation.confidence:.3g}% intervals"
    title = f"{entry['label']} on {compared_rows(record)}, {level}"
    figures = {"comparison": draw_comparison(title, axis, compared_scores(record), evaluation.champion)}
    overall = evaluation.scores[evaluation.champion][evaluation.metric]["value"]
    if any(record["value"] is not None for record in evaluation.slices):
        title = f"{entry['label']} by slice of the test split, {level}"
        figures["slices"] = draw_slices(title, axis, evaluation.slices, overall)
    if evaluation.decision:
        figures["decision"] = draw_decision(evaluation.decision["curve"])
    return figures


def publish(paths: ProjectPaths, record: dict[str, Any], exported: bytes, training: Run | None) -> dict[str, Any]:
    """Register the champion, write it to `models/champion/`, and return its record with the lineage of its training.

    If model, scores, parameters, data, lock and code are unchanged, the old record stays, so that git stays clean;
    unless it names uncommitted changes, and the model was trained again with other code or parameters.
    """
    old = current_record(paths)
    lineage = Lineage()
    if training:
        lineage = Lineage.from_tags(training.data.tags)
    elif old.get("sha256") == record["sha256"]:
        lineage = Lineage.from_record(old["lineage"])
    record = record | {"lineage": asdict(lineage)}
    record["fingerprint"] = champion.fingerprint(record)
    # The old fingerprint is computed again, since the file may have been edited.
    with suppress(KeyError):
        edited = old["lineage"]["git_dirty"] and old["lineage"].get("inputs_sha256") != lineage.inputs_sha256
        if champion.fingerprint(old) == record["fingerprint"] and not edited:
            return old
    registered = registry.register(training or registry.log_restored(record, exported, lineage))
    record["lineage"] |= registered | {"evaluated_at": datetime.now(UTC).isoformat(timespec="seconds")}
    champion.publish(paths.champion, record, exported)
    return record


def current_record(paths: ProjectPaths) -> dict[str, Any]:
    """Return the record of the champion so far; empty if there is none that can be served."""
    with suppress(champion.ChampionError):
        return champion.load_champion(paths.champion)[0].record
    return {}


def write_json(path: Path, value: Any) -> None:
    """Write indented JSON, atomically: a running demo reads the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    temporary.replace(path)


if __name__ == "__main__":
    with exit_on_user_error():
        main()
