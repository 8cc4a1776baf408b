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
from ..evaluation.candidate import FOLDS, Candidate
from ..evaluation.decision import make_decision
from ..evaluation.demo_metadata import demo_metadata
from ..evaluation.error_report import HeldOut, error_report
from ..evaluation.figures import draw_comparison, draw_decision, draw_slices, with_unit, write_figures
from ..evaluation.markdown import compared_rows, compared_scores
from ..evaluation.metrics import METRICS
from ..evaluation.plot_data import plot_tables
from ..evaluation.plots import draw_plots
from ..evaluation.reference import build_reference, reference_path
from ..evaluation.scores import Outcome, primary_metric, read_truth, score_models, score_slices
from ..evaluation.selection import Evidence, gather_evidence, select_champion
from ..evaluation.slices import slice_labels
from ..paths import ProjectPaths
from ..serving import champion
from ..tracking import registry, runs
from ..tracking.lineage import Lineage
from ..tracking.promotions import LOG, describe_replacement

Costs = dict[str, dict[str, Any]]
Figures = dict[str, Figure]


@dataclass(frozen=True)
class Inputs:
    """What the earlier stages wrote: parameters, data, and a candidate per model, the simplest first."""

    params: Params
    schema: Schema
    splits: dict[str, Split]
    folds: Folds | None
    sampling: Sampling | None
    candidates: dict[str, Candidate]


@runs.server_errors()
def main(paths: ProjectPaths | None = None) -> None:
    """Compare the candidates, write the reports, publish the champion."""
    paths = paths or ProjectPaths()
    inputs = read_inputs(paths)
    runs.connect(paths)
    trainings = {name: runs.find_run(candidate.exported) for name, candidate in inputs.candidates.items()}
    costs = measure_costs(inputs.candidates, trainings, paths.reports / "evaluation.json")
    evaluation = evaluate(inputs, costs)
    selected = inputs.candidates[evaluation["champion"]]
    record = champion_record(evaluation, inputs)
    figures = write_reports(paths.reports, evaluation, describe_errors(record, inputs), inputs)
    runs.log_figures(trainings, figures)

    previous = current_record(paths)
    record = publish(paths, record, selected.exported, trainings[evaluation["champion"]])
    validation = selected.predictions["validation"]
    reference = build_reference(record, selected.exported, inputs.splits, validation, inputs.schema)
    write_json(reference_path(paths.champion), reference)
    registry.follow_champion(paths)
    registry.keep_files(paths)
    if note := describe_replacement(paths.root / LOG, previous, record):
        print(note)
    print(*evaluation["decisions"], sep="\n")
    if decision := evaluation["decision"]:
        print(decision["sentence"], decision["aim_outcome"])
    print(f"champion: {evaluation['champion']}, version {record['lineage']['registry_version']} in the registry")


def read_inputs(paths: ProjectPaths) -> Inputs:
    """Read what the earlier stages wrote."""
    params = load_params(paths.params)
    schema, splits = read_prepared(paths)
    candidates = {name: Candidate.read(paths.candidate(name)) for name in params.train.models}
    return Inputs(params, schema, splits, read_folds(paths.prepared), read_sampling(paths.prepared), candidates)


def measure_costs(candidates: Mapping[str, Candidate], trainings: Mapping[str, Run | None], previous: Path) -> Costs:
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


def evaluate(inputs: Inputs, costs: Costs) -> dict[str, Any]:
    """Return the contents of `reports/evaluation.json`, which the reports and the demo read.

    The champion is selected by the scores on folds and validation split. Then it is scored on the test split, and
    beside it the simplest model: a score of the champion means little alone. `decision` is that of `params.yaml`,
    chosen on the validation split; `decisions` are sentences about the comparisons.
    """
    params, schema, candidates = inputs.params, inputs.schema, inputs.candidates
    metric = primary_metric(params.evaluate.metric)
    evidence = collect_evidence(inputs)
    selected, comparisons = select_champion(list(candidates), list(evidence.values()), metric, params.evaluate)
    scores = {
        name: score_models(entry.truth, entry.predictions, params.evaluate, {params.evaluate.metric: entry.samples})
        for name, entry in evidence.items()
    }
    truth = {part: read_truth(inputs.splits[part], schema) for part in ("validation", "test")}
    simplest = next(iter(candidates))
    outcomes = [
        Outcome(
            truth[part],
            candidates[selected].predictions[part],
            simplest=candidates[simplest].predictions[part] if simplest != selected else None,
        )
        for part in truth
    ]
    tested = {name: candidates[name].predictions["test"] for name in dict.fromkeys((selected, simplest))}
    slices = slice_labels(inputs.splits, schema, params.evaluate.slices)
    return {
        "champion": selected,
        "metric": params.evaluate.metric,
        "labels": {
            key: {
                "label": entry.label,
                "higher_is_better": entry.higher_is_better,
                "note": entry.note,
                "unit": schema.target.unit if entry.in_unit else "",
                "is_share": entry.hits is not None,
            }
            for key, entry in METRICS.items()
        },
        "comparisons": [asdict(comparison) for comparison in comparisons],
        "decisions": [comparison.describe(metric, schema.target.unit * metric.in_unit) for comparison in comparisons],
        "folds": inputs.folds.describe() if inputs.folds else None,
        "fold_scores": scores.get(FOLDS, {}),
        "validation_scores": scores["validation"],
        "scores": score_models(truth["test"], tested, params.evaluate),
        "slices": score_slices(metric, truth["test"], tested[selected], slices, params.evaluate),
        "slice_limit": params.evaluate.slice_limit,
        "confidence": params.evaluate.confidence,
        "rows": {name: len(part.target) for name, part in inputs.splits.items()},
        "sample_noun": schema.sample_noun,
        "costs": costs,
        "data": {
            "name": str((params.fetch or {}).get("source", "")),
            "inputs": schema.input_summary,
            "target": schema.target.label,
            "source": schema.source,
            "license": schema.licence,
        },
        "decision": make_decision(params, schema, *outcomes),
        "sampling": asdict(inputs.sampling) if inputs.sampling else None,
        "units": {"noun": UNIT, "test": len(np.unique(truth["test"].units))},
    }


def collect_evidence(inputs: Inputs) -> dict[str, Evidence]:
    """Return what the models predict for the folds, if there are any, and for the validation split, by these names."""
    splits, folds, params = inputs.splits, inputs.folds, inputs.params.evaluate
    rows = {"validation": ("the validation split", read_truth(splits["validation"], inputs.schema))}
    if folds:
        truth = read_truth(join(splits).take(folds.rows), inputs.schema)
        truth = replace(truth, folds=folds.predicted.argmax(axis=0)[folds.rows])
        rows = {FOLDS: (f"{len(folds.fitted)} folds", truth)} | rows
    evidence = {}
    for name, (noun, truth) in rows.items():
        known = {
            model: entry.predictions[name] for model, entry in inputs.candidates.items() if name in entry.predictions
        }
        evidence[name] = gather_evidence(noun, truth, known, primary_metric(params.metric), params)
    return evidence


def champion_record(evaluation: Mapping[str, Any], inputs: Inputs) -> dict[str, Any]:
    """Return the contents of `champion.json`, without the lineage."""
    name, schema, params = evaluation["champion"], inputs.schema, inputs.params
    candidate = inputs.candidates[name]
    return {
        "model": name,
        "format": "onnx",
        "sha256": champion.sha256(candidate.exported),
        "size_bytes": len(candidate.exported),
        "task": schema.task,
        "target": {"name": schema.target.name, "label": schema.target.label, "unit": schema.target.unit},
        "classes": list(schema.classes),
        "positive": schema.positive,
        **demo_metadata(candidate, evaluation["decision"], inputs.splits, schema, params),
        "metric": evaluation["metric"],
        "metrics": evaluation["scores"][name],
        "decision": {key: value for key, value in (evaluation["decision"] or {}).items() if key != "curve"} or None,
        "comparisons": evaluation["comparisons"],
        "parameters": params.train.logged_params(name),
    }


def describe_errors(record: dict[str, Any], inputs: Inputs) -> tuple[str, Figures]:
    """Return the report of the champion's errors with its figures.

    Groups with large errors are searched where the champion's refits on the folds made predictions, or without them on
    the validation split.
    """
    splits, folds, predictions = inputs.splits, inputs.folds, inputs.candidates[record["model"]].predictions
    parts = {"validation": ("validation split", splits["validation"]), "test": ("test split", splits["test"])}
    if folds and FOLDS in predictions:
        parts = {FOLDS: (f"{len(folds.fitted)} folds", join(splits).take(folds.rows))} | parts
    searched, *_, test = (
        HeldOut(name, rows, Outcome(read_truth(rows, inputs.schema), predictions[part], record["decision"]))
        for part, (name, rows) in parts.items()
    )
    return error_report(record, inputs.schema, searched, test, inputs.params.evaluate)


def write_reports(
    reports: Path, evaluation: Mapping[str, Any], errors: tuple[str, Figures], inputs: Inputs
) -> dict[str, Figures]:
    """Write scores, plot tables, figures and the report of errors; return each model's plots on the validation split.

    What experiments are compared by, `metrics.json` and the plot tables, is of the validation split.
    """
    name, schema, decision = evaluation["champion"], inputs.schema, evaluation["decision"]
    scores = {
        model: {key: round(score["value"], 6) for key, score in by_metric.items()}
        for model, by_metric in evaluation["validation_scores"].items()
    }
    write_json(reports / "metrics.json", {"split": "validation", "champion": scores[name], "models": scores})
    write_json(reports / "evaluation.json", evaluation)

    tables = tables_of_split("validation", inputs.candidates, inputs)
    (reports / "plots").mkdir(exist_ok=True)
    for file, table in tables.items():
        table.round(6).to_csv(reports / "plots" / f"{file}.csv", index=False, lineterminator="\n")

    tables_of_test = tables_of_split("test", {name: inputs.candidates[name]}, inputs, decision)
    on_test = draw_plots(schema, tables_of_test, "test split", decision)
    text, cases = errors
    (reports / "errors.md").write_text(text, encoding="utf-8", newline="\n")
    write_figures(reports / "figures", draw_overview(evaluation) | on_test | cases)
    return {
        model: draw_plots(
            schema, {name: table[table["model"] == model] for name, table in tables.items()}, "validation split"
        )
        for model in inputs.candidates
    }


def tables_of_split(
    part: str, candidates: Mapping[str, Candidate], inputs: Inputs, decision: Mapping[str, Any] | None = None
) -> dict[str, pd.DataFrame]:
    """Return the plot tables of the candidates; the decision's threshold is that of the champion alone."""
    predictions = {name: candidate.predictions[part] for name, candidate in candidates.items()}
    target = encode_target(inputs.splits[part].target, inputs.schema)
    return plot_tables(inputs.schema, target, predictions, decision)


def draw_overview(evaluation: Mapping[str, Any]) -> Figures:
    """Return figures: compared scores of all models, test scores of the champion by slice, and its decision."""
    name, metric = evaluation["champion"], evaluation["metric"]
    entry, level = evaluation["labels"][metric], f"{100 * evaluation['confidence']:.3g}% intervals"
    axis = with_unit(entry["label"], entry["unit"])
    title = f"{entry['label']} on {compared_rows(evaluation)}, {level}"
    figures = {"comparison": draw_comparison(title, axis, compared_scores(evaluation), name)}
    if any(record["value"] is not None for record in evaluation["slices"]):
        title = f"{entry['label']} by slice of the test split, {level}"
        overall = evaluation["scores"][name][metric]["value"]
        figures["slices"] = draw_slices(title, axis, evaluation["slices"], overall)
    if evaluation["decision"]:
        figures["decision"] = draw_decision(evaluation["decision"]["curve"])
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
