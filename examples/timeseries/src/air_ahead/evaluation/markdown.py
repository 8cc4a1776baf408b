"""The evaluation as Markdown tables, for the README, the model card and the demo. Standard library only."""

import math
import re
from collections.abc import Mapping
from typing import Any

Record = Mapping[str, Any]
ARROWS = {True: " ↑", False: " ↓", None: ""}


def escape(text: str) -> str:
    """Return text that Markdown shows literally, in a paragraph or in a table cell."""
    anywhere = re.sub(r"([\\`*_{}\[\]<>|~$&])", r"\\\1", text)
    at_start = re.sub(r"^([#+=-])", r"\\\1", anywhere)
    return re.sub(r"^([0-9]+)(?=[.)](\s|$))", r"\1\\", at_start)


def lower_first(text: str) -> str:
    """Return a label as it is within a sentence; an abbreviation such as CO₂ or F1 stays as it is."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def describe_outcome(evaluation: Record) -> list[str]:
    """Return what a reader should know first, in paragraphs: the decision, weak slices, splits that disagree."""
    return [*describe_decision(evaluation), *describe_weak_slices(evaluation), *describe_disagreement(evaluation)]


def describe_decision(evaluation: Record) -> list[str]:
    """Return the decision of the test split as a bold paragraph and how it was made as another; none without one."""
    decision = evaluation.get("decision")
    if not decision:
        return []
    texts = (decision.get(key, "") for key in ("sentence", "aim_outcome", "reason"))
    # Brackets without a link are literal.
    sentence, outcome, reason = (escape(text).replace(r"\[", "[").replace(r"\]", "]") for text in texts)
    return [f"**{sentence}**", f"{outcome} {reason}".strip()]


def describe_weak_slices(evaluation: Record) -> list[str]:
    """Return as a paragraph which slices of the test split score worse than `evaluate.slice_limit`; none without any.

    A slice without an interval has too few samples to say so.
    """
    limit, metric = evaluation.get("slice_limit"), evaluation["labels"][evaluation["metric"]]
    sign = 1 if metric["higher_is_better"] else -1
    weak = [
        f"{format_score(record)} where {escape(lower_first(record['column']))} is {escape(record['slice'])} "
        f"({record['rows']:,} {evaluation['sample_noun']})"
        for record in evaluation["slices"]
        if limit is not None and record["low"] is not None and sign * record["value"] < sign * limit
    ]
    return [f"**{metric['label']} is worse than the limit of {limit:g}: {'; '.join(weak)}.**"] if weak else []


def describe_disagreement(evaluation: Record) -> list[str]:
    """Return as a paragraph that the champion's test score is outside of its validation interval; none if it is not."""
    name, metric = evaluation["champion"], evaluation["metric"]
    test, validation = (evaluation[scores][name][metric] for scores in ("scores", "validation_scores"))
    if validation["low"] is None or validation["low"] <= test["value"] <= validation["high"]:
        return []
    label = evaluation["labels"][metric]["label"]
    return [
        f"{label} is {format_score(test)} on the test split, outside of the interval on the validation split, "
        f"{format_score(validation)}: rely on the test split, by which the pipeline makes no choice."
    ]


def describe_sampling(sampling: Record) -> str:
    """Return how the raw data were sampled, from the attributes of `data.sampling.Sampling`."""
    text = (
        f"Of the {sampling['total']:,} rows of the raw data, a sample of {sampling['rows']:,} is used, drawn by a hash "
        f"of the row number with seed {sampling['seed']}."
    )
    if not sampling["rare"]:
        return text
    kept = ", ".join(f"{rounded(100 * share)} % of {escape(name)}" for name, share in sampling["rare"].items())
    return (
        f"{text} Of rare classes more rows are kept ({kept}), so probabilities and shares of classes are those of the "
        "sample, not of the raw data."
    )


def compared_rows(evaluation: Record) -> str:
    """Return the rows on which most models were compared, as within a sentence."""
    folds = evaluation.get("folds")
    return f"{folds['count']} folds" if folds else "the validation split"


def compared_scores(evaluation: Record) -> dict[str, Record]:
    """Return the score by which each model was compared: value, low, high, and its rows if they are others."""
    folds, metric = evaluation.get("fold_scores") or {}, evaluation["metric"]
    other = {"rows": "validation split"} if folds else {}
    return {
        name: folds[name][metric] if name in folds else scores[metric] | other
        for name, scores in evaluation["validation_scores"].items()
    }


def table(header: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def model_table(evaluation: Record) -> str:
    """Return compared score and costs of each model, a star at the champion, and which models a GPU trained."""
    cells = {}
    for name, cost in evaluation["costs"].items():
        seconds = cost["fit_cpu_seconds"]
        cells[name] = ["unknown" if seconds is None else rounded(seconds), rounded(cost["size_bytes"] / 1000)]
    gpus = [
        f"\n\n{name} was trained on a GPU ({escape(cost['gpu'])}); its CPU seconds exclude the GPU's work."
        for name, cost in evaluation["costs"].items()
        if cost.get("gpu")
    ]
    return _table_of_models(evaluation, ["training, CPU s", "file, kB"], cells) + "".join(gpus)


def gain_table(evaluation: Record) -> str:
    """Return compared score of each model and its gain over the best simpler one, a star at the champion."""
    cells = {name: [""] for name in evaluation["validation_scores"]}
    for comparison in evaluation["comparisons"]:
        cells[comparison["challenger"]] = [f"{format_gain(**comparison['gain'])} over {comparison['simpler']}"]
    return _table_of_models(evaluation, ["gain"], cells)


def _table_of_models(evaluation: Record, header: list[str], cells: Mapping[str, list[str]]) -> str:
    label, compared = _metric_label(evaluation, evaluation["metric"]), compared_rows(evaluation).removeprefix("the ")
    rows = []
    for name, score in compared_scores(evaluation).items():
        model = f"**{name}** ★" if name == evaluation["champion"] else name
        others = f" ({score['rows']})" if "rows" in score else ""
        rows.append([model, format_score(score) + others, *cells[name]])
    return table(["model", f"{label}, {compared}", *header], rows)


def champion_table(evaluation: Record) -> str:
    """Return the scores on the test split, of the champion and the simplest model, a row per metric."""
    scores = evaluation["scores"]
    rows = [
        [_metric_label(evaluation, key), *(format_score(by_metric[key]) for by_metric in scores.values())]
        for key in evaluation["labels"]
    ]
    return table(["metric", *(f"{name}, test split" for name in scores)], rows)


def _metric_label(evaluation: Record, key: str) -> str:
    entry = evaluation["labels"][key]
    return f"{label_with_unit(entry)}{ARROWS[entry['higher_is_better']]}"


def label_with_unit(entry: Record) -> str:
    """Return the label of a metric with the unit of its values, if they have one."""
    return f"{entry['label']} ({escape(entry['unit'])})" if entry.get("unit") else str(entry["label"])


def slice_table(evaluation: Record) -> str:
    """Return the champion's score on each slice of the test split."""
    label = label_with_unit(evaluation["labels"][evaluation["metric"]])
    rows = [
        [escape(record["column"]), escape(record["slice"]), f"{record['rows']:,}", format_score(record)]
        for record in evaluation["slices"]
    ]
    return table(["sliced by", "slice", evaluation["sample_noun"], label], rows)


LINEAGE = {
    "git_commit": "git commit",
    "git_dirty": "uncommitted changes",
    "lock_sha256": "lock (SHA-256 of uv.lock)",
    "data_md5": "data (DVC's hash of data/raw)",
    "code_sha256": "code (SHA-256 over src/)",
    "inputs_sha256": "code and parameters of the training (SHA-256)",
    "mlflow_run_id": "MLflow run",
    "registry_version": "registry version",
    "evaluated_at": "evaluated at",
}


def lineage_table(lineage: Record) -> str:
    """Return the lineage of a model."""
    cells = {key: _format_value(lineage.get(key)) for key in LINEAGE}
    if lineage.get("git_dirty") and lineage.get("inputs_sha256"):  # trained before its inputs were committed
        cells["git_commit"] = f"after {cells['git_commit']}; `uv run champion-commit` prints it"
        del cells["git_dirty"]
    return table(["lineage", "value"], [[LINEAGE[key], cell] for key, cell in cells.items()])


def _format_value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "none"
    return "unknown" if value is None else f"`{value}`"


def explain_comparison(evaluation: Record) -> str:
    """Return on what the models were compared, for what the test split was used, and what intervals are."""
    return _explain(evaluation, [evaluation["metric"]], [])


def explain_scores(evaluation: Record) -> str:
    """Return the same for all metrics and slices, and which threshold the scores use."""
    noun, decision = evaluation["sample_noun"], evaluation.get("decision") or {}
    text = _explain(evaluation, list(evaluation["labels"]), evaluation.get("slices", []))
    if "threshold" not in decision:
        return text
    if decision["rule"] == "refer":
        return (
            f"{text} Accuracy and F1 are those of the most likely class; the decision, the confusion matrix and the "
            f"errors use the threshold of {rounded(decision['threshold'])}."
        )
    return f"{text} Accuracy and F1 include the {noun} that are left to a person."


def _explain(evaluation: Record, metrics: list[str], slices: list[Record]) -> str:
    rows, noun, scores = evaluation["rows"], evaluation["sample_noun"], evaluation["scores"]
    tested = [by_metric[metric] for by_metric in scores.values() for metric in metrics if metric in by_metric]
    names = ", ".join(name for name in scores if name != evaluation["champion"])
    return " ".join(
        [
            _explain_folds(evaluation),
            f"The {rows['test']:,} {noun} of the test split were used after the selection, to score the champion, "
            f"marked ★{f', next to {names}' if names else ''}.",
            *_explain_intervals(evaluation, metrics),
            *_explain_missing_intervals([*compared_scores(evaluation).values(), *tested, *slices], noun),
        ]
    )


def _explain_intervals(evaluation: Record, metrics: list[str]) -> list[str]:
    labels, level = evaluation["labels"], f"{100 * evaluation.get('confidence', 0.95):.3g}%"
    shares = bool(evaluation.get("decision")) or any(labels[metric].get("is_share") for metric in metrics)
    others = any(not labels[metric].get("is_share") for metric in metrics)
    method = "bootstrap percentiles"
    if shares:
        method = f"Wilson's for shares, {method} for gains{' and other scores' if others else ''}"
    sentences = [f"Brackets contain {level} confidence intervals: {method}."]
    units, rows, noun = evaluation.get("units"), evaluation["rows"]["test"], evaluation["sample_noun"]
    if units and units["test"] < rows:
        count = f"{units['test']:,} {units['noun']}"
        sentences.append(f"The {rows:,} {noun} of the test split are not independent: they count as {count}.")
    return sentences


def _explain_missing_intervals(shown: list[Record], noun: str) -> list[str]:
    without = [score for score in shown if score["value"] is not None and "[" not in format_score(score)]
    reasons = [f"too few {noun}"] * any(score["low"] is None for score in without)
    reasons += ["the same digits on all resamples"] * any(score["low"] is not None for score in without)
    return [f"Without brackets: {' or '.join(reasons)}."] if reasons else []


def _explain_folds(evaluation: Record) -> str:
    rows, noun, folds = evaluation["rows"], evaluation["sample_noun"], evaluation.get("folds")
    if not folds:
        return f"The models were compared on the {rows['validation']:,} {noun} of the validation split."
    if folds["rolling"]:
        text = (
            f"Each model was fitted {folds['count']} more times, to all {noun} before a period, and compared by its "
            f"predictions for the {folds['rows']:,} {noun} of these periods."
        )
    else:
        text = (
            f"Each model was fitted {folds['count']} more times, without one fold of the {folds['rows']:,} {noun} of "
            "training and validation split, and compared by its predictions for these folds."
        )
    alone = [name for name in evaluation["validation_scores"] if name not in evaluation["fold_scores"]]
    others = f" {', '.join(alone)} was not fitted again, and compared on the {rows['validation']:,} {noun} of the "
    return f"{text}{others}validation split." if alone else text


def format_score(score: Record) -> str:
    """Return a score with its interval, if it has one."""
    if score["value"] is None:
        return "undefined"
    known = [score[key] for key in ("value", "low", "high") if score[key] is not None]
    largest = max(map(abs, known))
    # Next to -0.06, -0.0000133 is zero.
    value, *limits = (three_digits(number if abs(number) > largest / 1000 else 0.0) for number in known)
    # An interval without a width, such as 1 [1, 1], would look like certainty.
    return f"{value} [{', '.join(limits)}]" if len(set(limits)) == 2 else value


def rounded(value: float) -> str:
    """Return a number with three significant digits, and all digits before the decimal point."""
    return f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:.3g}"


def three_digits(value: float) -> str:
    """Return a number as `rounded` does, but with zeros at the end, such as 0.860: a score is known that precisely."""
    return rounded(value) if abs(value) >= 999.5 or value == 0 else f"{value:#.3g}".removesuffix(".")


def signed(value: float) -> str:
    """Return a rounded number with its sign."""
    return rounded(value) if value < 0 else f"+{rounded(value)}"


def format_gain(value: float, low: float, high: float) -> str:
    """Return a gain with its interval, all with as many decimals as the largest of them needs."""
    shown, lowest, highest = signed_alike(value, low, high)
    return f"{shown} [{lowest}, {highest}]"


def signed_alike(*values: float) -> list[str]:
    """Return numbers with their signs and the same number of decimals: three significant digits of the largest."""
    largest = max(map(abs, values))
    decimals = max(0, 2 - math.floor(math.log10(largest))) if 0 < largest < math.inf else 0
    # Adding zero makes a rounded -0.0 positive.
    return [f"{round(value, decimals) + 0.0:+,.{decimals}f}" for value in values]
