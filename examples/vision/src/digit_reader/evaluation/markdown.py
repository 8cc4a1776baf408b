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


def _compared_header(evaluation: Record) -> str:
    return f"{_metric_label(evaluation, evaluation['metric'])}, {compared_rows(evaluation).removeprefix('the ')}"


def _compared_cell(score: Record) -> str:
    return format_score(score) + (f" ({score['rows']})" if "rows" in score else "")


def table(header: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def model_table(evaluation: Record) -> str:
    """Return compared score and costs of each model, a star at the champion, and which models a GPU trained."""
    rows = []
    for name, score in compared_scores(evaluation).items():
        model = f"**{name}** ★" if name == evaluation["champion"] else name
        cost = evaluation["costs"][name]
        costs = [cost["fit_cpu_seconds"], cost["size_bytes"] / 1000]
        cells = ["unknown" if value is None else rounded(value) for value in costs]
        rows.append([model, _compared_cell(score), *cells])
    gpus = [
        f"\n\n{name} was trained on a GPU ({escape(cost['gpu'])}); its CPU seconds exclude the GPU's work."
        for name, cost in evaluation["costs"].items()
        if cost.get("gpu")
    ]
    return table(["model", _compared_header(evaluation), "training, CPU s", "file, kB"], rows) + "".join(gpus)


def gain_table(evaluation: Record) -> str:
    """Return compared score of each model and its gain over the best simpler one, a star at the champion."""
    gains = {comparison["challenger"]: comparison for comparison in evaluation["comparisons"]}
    rows = []
    for name, score in compared_scores(evaluation).items():
        model = f"**{name}** ★" if name == evaluation["champion"] else name
        gain = f"{format_gain(**gains[name]['gain'])} over {gains[name]['simpler']}" if name in gains else ""
        rows.append([model, _compared_cell(score), gain])
    return table(["model", _compared_header(evaluation), "gain"], rows)


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
    return f"{entry['label']}{ARROWS[entry['higher_is_better']]}"


def slice_table(evaluation: Record) -> str:
    """Return the champion's score on each slice of the test split."""
    label = evaluation["labels"][evaluation["metric"]]["label"]
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
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "none"
    return f"`{value}`"


def explain_scores(evaluation: Record) -> str:
    """Return which split was used for what, and how to read the scores."""
    rows, noun, decision = evaluation["rows"], evaluation["sample_noun"], evaluation.get("decision") or {}
    level = f"{100 * evaluation['confidence']:.3g}% confidence" if "confidence" in evaluation else "confidence"
    text = (
        f"The models were trained on {rows['train']:,} {noun} and {_explain_comparison(evaluation)} "
        f"The {rows['test']:,} {noun} of the test split were used after the selection, to score the champion, marked ★"
        f"{_explain_other_scores(evaluation)}. Brackets contain {level} intervals, which show how much a score varies "
        f"with the {noun}: Wilson intervals for the shares of the decision, bootstrap percentiles for the rest. A "
        f"score has none where there are too few {noun}, or all resamples score the same."
    )
    if "threshold" in decision:
        text += (
            " Accuracy and F1 are those of the most likely class; the decision, the confusion matrix and the errors "
            f"use the threshold of {rounded(decision['threshold'])}."
            if decision["rule"] == "refer"
            else f" Accuracy and F1 include the {noun} that are left to a person."
        )
    return text


def _explain_other_scores(evaluation: Record) -> str:
    others = [name for name in evaluation["scores"] if name != evaluation["champion"]]
    return f", next to {', '.join(others)}" if others else ""


def _explain_comparison(evaluation: Record) -> str:
    """Return on what the models were compared, as the end of a sentence."""
    rows, noun, folds = evaluation["rows"], evaluation["sample_noun"], evaluation.get("folds")
    validation = f"compared on the {rows['validation']:,} {noun} of the validation split."
    if not folds:
        return validation
    pool = f"{rows['train'] + rows['validation']:,} {noun} of the training and the validation split"
    text = f"fitted {folds['count']} more times, each time without one fold of the {pool}, which they then predicted."
    if folds["rolling"]:
        text = (
            f"fitted {folds['count']} more times, each time to all {noun} before a period, which they then predicted; "
            f"the periods are the later half of the {pool}."
        )
    text = f"{text} They were compared by these predictions, for {folds['rows']:,} {noun}."
    alone = [name for name in evaluation["validation_scores"] if name not in evaluation["fold_scores"]]
    return f"{text} {', '.join(alone)} was not fitted again, and {validation}" if alone else text


def format_score(score: Record) -> str:
    """Return a score with its interval, if it has one."""
    if score["value"] is None:
        return "undefined"
    value, limits = rounded(score["value"]), [rounded(score[end]) for end in ("low", "high") if score[end] is not None]
    # An interval without a width, such as 1 [1, 1], would look like certainty.
    return f"{value} [{', '.join(limits)}]" if len(set(limits)) == 2 else value


def rounded(value: float) -> str:
    """Return a number with three significant digits, and all digits before the decimal point."""
    return f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:.3g}"


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
