"""Stage 4, evaluate: choose the champion on the validation split, measure it on the test split, publish it."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import brief, champion, curves, data, metrics, mistakes, tracking
from .candidate import Candidate, parameters_of
from .layout import Layout
from .lineage import Lineage, lineage_of
from .params import Params, load_params

Cost = dict[str, Any]


@dataclass(frozen=True)
class Evaluation:
    """Everything that was measured; `reports/evaluation.json` holds it for the report and the demo."""

    champion: str
    metric: str
    labels: dict[str, dict[str, Any]]
    duels: list[metrics.Duel]
    verdicts: list[str]
    scores: dict[str, dict[str, dict[str, Any]]]
    slices: list[dict[str, Any]]
    rows: dict[str, int]
    cases: str
    costs: dict[str, Cost]


def main(layout: Layout | None = None) -> None:
    """Compare the candidates, publish the champion, write the reports."""
    layout = layout or Layout()
    lineage = lineage_of(layout)
    params = load_params(layout.params)
    schema = data.load_schema(layout.schema)
    splits = data.read_splits(layout.prepared, schema)
    candidates = {name: Candidate.read(layout.candidate(name)) for name in params.train.models}

    tracking.start(layout)
    costs = costs_of(candidates, layout.reports / "evaluation.json")
    evaluation = evaluate(candidates, splits, schema, params, costs)
    record = publish(layout, evaluation, candidates[evaluation.champion], splits, schema, params, lineage)
    write_reports(layout, evaluation, candidates, splits["test"], schema)

    print(*evaluation.verdicts, sep="\n")
    print(f"champion: {evaluation.champion}, version {record['lineage']['registry_version']} in the registry")


def costs_of(candidates: dict[str, Candidate], previous: Path) -> dict[str, Cost]:
    """What each model costs: its training (CPU seconds), its file (bytes), one answer (milliseconds).

    A model that is byte for byte the one in the `previous` evaluation keeps the times measured then: no two
    measurements agree, and a rerun that changes nothing should change no file.
    """
    try:
        # The first projects had reports without costs.
        known = json.loads(previous.read_text(encoding="utf-8")).get("costs", {})
    except (OSError, ValueError):  # not there, or not whole: a merge has left its marks in it
        known = {}
    costs = {}
    for name, candidate in candidates.items():
        digest = champion.sha256(candidate.exported)
        if known.get(name, {}).get("model_sha256") == digest:
            costs[name] = known[name]
        else:
            spent = tracking.cost_of(candidate.exported)
            costs[name] = {"model_sha256": digest, "size_bytes": len(candidate.exported), **spent}
    return costs


def evaluate(
    candidates: dict[str, Candidate],
    splits: dict[str, data.Split],
    schema: data.Schema,
    params: Params,
    costs: dict[str, Cost],
) -> Evaluation:
    """The champion by the rule of `metrics.choose_champion`, and how good every model is on the test split.

    The choice looks at the validation split alone, so that the test scores are of rows that nothing was chosen on.
    """
    turned = params.evaluate
    available, decides = metrics.metrics_for(schema.task), metrics.deciding(schema.task, turned.metric)
    bootstrap: dict[str, Any] = {"confidence": turned.confidence, "resamples": turned.resamples, "seed": turned.seed}
    target = {name: data.encode_target(part.target, schema) for name, part in splits.items()}
    answers = {
        part: {name: candidate.predictions[part] for name, candidate in candidates.items()}
        for part in ("validation", "test")
    }
    chosen, duels = metrics.choose_champion(
        decides,
        target["validation"],
        answers["validation"],
        margin=turned.margin,
        groups=splits["validation"].groups,
        **bootstrap,
    )
    bootstrap["groups"] = splits["test"].groups
    slices = data.slices_of(splits, schema, turned)
    return Evaluation(
        champion=chosen,
        metric=turned.metric,
        labels={
            key: {"label": metric.label, "higher_is_better": metric.higher_is_better}
            for key, metric in available.items()
        },
        duels=duels,
        verdicts=[duel.in_words(decides) for duel in duels],
        scores=metrics.score_all(schema.task, target["test"], answers["test"], **bootstrap),
        slices=metrics.score_slices(decides, target["test"], answers["test"][chosen], slices, **bootstrap),
        rows={name: len(part.target) for name, part in splits.items()},
        cases=schema.cases,
        costs=costs,
    )


def publish(
    layout: Layout,
    evaluation: Evaluation,
    candidate: Candidate,
    splits: dict[str, data.Split],
    schema: data.Schema,
    params: Params,
    lineage: Lineage,
) -> dict[str, Any]:
    """Put the champion where the demo finds it and give its run the registry's alias; returns the record.

    Where model, data, parameters and code are what they were, the old record stays as it is: only the run that made
    the model again would differ, and git stays clean.
    """
    run_id = tracking.run_of(candidate.exported)
    registered = {"mlflow_run_id": run_id, "registry_version": tracking.register(run_id)}
    record = {
        "model": evaluation.champion,
        "format": "onnx",
        "sha256": champion.sha256(candidate.exported),
        "size_bytes": len(candidate.exported),
        "task": schema.task,
        "target": {"name": schema.target.name, "label": schema.target.label, "unit": schema.target.unit},
        "classes": list(schema.classes),
        "positive": schema.positive,
        **brief.brief_of(candidate.exported, candidate.predictions, splits, schema, params),
        "metric": evaluation.metric,
        "metrics": evaluation.scores[evaluation.champion],
        "duels": [asdict(duel) for duel in evaluation.duels],
        "parameters": parameters_of(evaluation.champion, params.train),
        "lineage": asdict(lineage) | registered | {"evaluated_at": datetime.now(UTC).isoformat(timespec="seconds")},
    }
    record["fingerprint"] = champion.fingerprint(record)
    # Computed anew: the old record may have been edited, and states what it was before.
    with suppress(champion.ChampionError, KeyError):
        old = champion.load_champion(layout.champion)[0].record
        if champion.fingerprint(old) == record["fingerprint"]:
            return old
    champion.publish(layout.champion, record, candidate.exported)
    return record


def write_reports(
    layout: Layout, evaluation: Evaluation, candidates: dict[str, Candidate], test: data.Split, schema: data.Schema
) -> None:
    """Numbers for `dvc metrics diff`, tables for `dvc plots`, and everything together for the report and the demo."""
    plain = {
        name: {key: round(score["value"], 6) for key, score in scores.items()}
        for name, scores in evaluation.scores.items()
    }
    write_json(layout.reports / "metrics.json", {"champion": plain[evaluation.champion], "models": plain})
    write_json(layout.reports / "evaluation.json", asdict(evaluation))
    target = data.encode_target(test.target, schema)
    predictions = {name: candidate.predictions["test"] for name, candidate in candidates.items()}
    folder = layout.reports / "plots"
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in curves.fit_tables(schema, target, predictions).items():
        table.round(6).to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")


def write_json(path: Path, value: Any) -> None:
    """Indented, in UTF-8, with a final newline: a file that git shows well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = path.with_suffix(".tmp")  # so that who reads while this is interrupted reads the old one
    whole.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    whole.replace(path)


if __name__ == "__main__":
    with mistakes.in_words():
        main()
