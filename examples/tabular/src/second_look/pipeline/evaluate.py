"""Stage `evaluate`: select the champion on the validation split, score it on the test split, publish it."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..config import Params, load_params
from ..data.schema import Schema, load_schema
from ..data.slices import slice_labels
from ..data.splits import Split, encode_target, read_splits
from ..errors import exit_on_user_error
from ..evaluation.candidate import Candidate
from ..evaluation.demo_metadata import demo_metadata
from ..evaluation.metrics import METRICS, primary_metric
from ..evaluation.plot_data import plot_tables
from ..evaluation.scores import Truth, score_models, score_slices
from ..evaluation.selection import Comparison, select_champion
from ..paths import ProjectPaths
from ..serving import champion
from ..tracking import registry, runs
from ..tracking.lineage import current_lineage

Cost = dict[str, Any]
Splits = dict[str, Split]


@dataclass(frozen=True)
class Evaluation:
    """The contents of `reports/evaluation.json`, which the report and the demo read."""

    champion: str
    metric: str
    labels: dict[str, dict[str, Any]]
    comparisons: list[Comparison]
    decisions: list[str]
    scores: dict[str, dict[str, dict[str, Any]]]
    slices: list[dict[str, Any]]
    rows: dict[str, int]
    sample_noun: str
    costs: dict[str, Cost]


def main(paths: ProjectPaths | None = None) -> None:
    """Compare the candidates, publish the champion, write the reports."""
    paths = paths or ProjectPaths()
    params = load_params(paths.params)
    schema = load_schema(paths.schema)
    splits = read_splits(paths.prepared, schema)
    candidates = {name: Candidate.read(paths.candidate(name)) for name in params.train.models}

    runs.connect(paths)
    costs = measure_costs(candidates, paths.reports / "evaluation.json")
    evaluation = evaluate(candidates, splits, schema, params, costs)
    record = champion_record(evaluation, candidates[evaluation.champion], splits, schema, params)
    record = publish(paths, record, candidates[evaluation.champion].exported)
    write_reports(paths.reports, evaluation, candidates, splits["test"], schema)

    print(*evaluation.decisions, sep="\n")
    print(f"champion: {evaluation.champion}, version {record['lineage']['registry_version']} in the registry")


def measure_costs(candidates: dict[str, Candidate], previous: Path) -> dict[str, Cost]:
    """Return the training time (CPU seconds), file size (bytes) and latency (milliseconds) of each model.

    An unchanged model keeps the times of the previous evaluation, so that a rerun changes no file.
    """
    try:
        known = json.loads(previous.read_text(encoding="utf-8")).get("costs", {})
    except (OSError, ValueError):  # missing, or not JSON because of a merge conflict
        known = {}
    costs = {}
    for name, candidate in candidates.items():
        digest = champion.sha256(candidate.exported)
        if known.get(name, {}).get("model_sha256") == digest:
            costs[name] = known[name]
        else:
            spent = runs.training_cost(candidate.exported)
            costs[name] = {"model_sha256": digest, "size_bytes": len(candidate.exported), **spent}
    return costs


def evaluate(
    candidates: dict[str, Candidate], splits: Splits, schema: Schema, params: Params, costs: dict[str, Cost]
) -> Evaluation:
    """Select the champion on the validation split, and score every model on the test split."""
    metric = primary_metric(params.evaluate.metric)
    validation, test = (
        Truth(encode_target(splits[part].target, schema), splits[part].groups) for part in ("validation", "test")
    )
    on_validation, on_test = (
        {name: candidate.predictions[part] for name, candidate in candidates.items()} for part in ("validation", "test")
    )
    selected, comparisons = select_champion(metric, validation, on_validation, params.evaluate)
    slices = slice_labels(splits, schema, params.evaluate.slices)
    return Evaluation(
        champion=selected,
        metric=params.evaluate.metric,
        labels={
            key: {"label": entry.label, "higher_is_better": entry.higher_is_better} for key, entry in METRICS.items()
        },
        comparisons=comparisons,
        decisions=[comparison.describe(metric) for comparison in comparisons],
        scores=score_models(test, on_test, params.evaluate),
        slices=score_slices(metric, test, on_test[selected], slices, params.evaluate),
        rows={name: len(part.target) for name, part in splits.items()},
        sample_noun=schema.sample_noun,
        costs=costs,
    )


def champion_record(
    evaluation: Evaluation, candidate: Candidate, splits: Splits, schema: Schema, params: Params
) -> dict[str, Any]:
    """Return the contents of `champion.json`, without the lineage."""
    return {
        "model": evaluation.champion,
        "format": "onnx",
        "sha256": champion.sha256(candidate.exported),
        "size_bytes": len(candidate.exported),
        "task": schema.task,
        "target": {"name": schema.target.name, "label": schema.target.label, "unit": schema.target.unit},
        "classes": list(schema.classes),
        "positive": schema.positive,
        **demo_metadata(candidate.exported, candidate.predictions, splits, schema, params),
        "metric": evaluation.metric,
        "metrics": evaluation.scores[evaluation.champion],
        "comparisons": [asdict(comparison) for comparison in evaluation.comparisons],
        "parameters": params.train.logged_params(evaluation.champion),
    }


def publish(paths: ProjectPaths, record: dict[str, Any], exported: bytes) -> dict[str, Any]:
    """Register the champion, write it to `models/champion/`, and return its record with the lineage.

    If model, data, parameters and code are unchanged, the old record stays, so that git stays clean.
    """
    registered = registry.register_model(exported)
    evaluated_at = datetime.now(UTC).isoformat(timespec="seconds")
    record = record | {"lineage": asdict(current_lineage(paths)) | registered | {"evaluated_at": evaluated_at}}
    record["fingerprint"] = champion.fingerprint(record)
    # The old fingerprint is computed again, since the file may have been edited.
    with suppress(champion.ChampionError, KeyError):
        old = champion.load_champion(paths.champion)[0].record
        if champion.fingerprint(old) == record["fingerprint"]:
            return old
    champion.publish(paths.champion, record, exported)
    return record


def write_reports(
    reports: Path, evaluation: Evaluation, candidates: dict[str, Candidate], test: Split, schema: Schema
) -> None:
    """Write the scores for `dvc metrics diff`, the tables for `dvc plots`, and the evaluation for report and demo."""
    scores = {
        name: {key: round(score["value"], 6) for key, score in by_metric.items()}
        for name, by_metric in evaluation.scores.items()
    }
    write_json(reports / "metrics.json", {"champion": scores[evaluation.champion], "models": scores})
    write_json(reports / "evaluation.json", asdict(evaluation))
    predictions = {name: candidate.predictions["test"] for name, candidate in candidates.items()}
    folder = reports / "plots"
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in plot_tables(schema, encode_target(test.target, schema), predictions).items():
        table.round(6).to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")


def write_json(path: Path, value: Any) -> None:
    """Write indented JSON, atomically: a running demo reads the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    temporary.replace(path)


if __name__ == "__main__":
    with exit_on_user_error():
        main()
