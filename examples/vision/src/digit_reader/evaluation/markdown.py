"""The evaluation as Markdown tables, for the README, the model card and the demo. Standard library only."""

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
    """Return a label as it is within a sentence; an abbreviation such as CO₂ stays as it is."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def describe_outcome(evaluation: Record) -> list[str]:
    """Return what a reader should know first, in paragraphs: the decision, and slices on which the model is weak."""
    return [*describe_decision(evaluation), *describe_weak_slices(evaluation)]


def describe_decision(evaluation: Record) -> list[str]:
    """Return the decision of the test split as a bold paragraph and how it was made as another; none without one."""
    decision = evaluation.get("decision")
    if not decision:
        return []
    # Brackets without a link are literal.
    sentence, reason = (escape(decision[key]).replace(r"\[", "[").replace(r"\]", "]") for key in ("sentence", "reason"))
    return [f"**{sentence}**", reason]


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


def table(header: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def model_table(evaluation: Record) -> str:
    """Return validation score and costs of each model, a star at the champion, and which models a GPU trained."""
    metric = evaluation["metric"]
    score = f"{_metric_label(evaluation, metric)}, validation split"
    rows = []
    for name, scores in evaluation["validation_scores"].items():
        model = f"**{name}** ★" if name == evaluation["champion"] else name
        cost = evaluation["costs"][name]
        costs = [cost["fit_cpu_seconds"], cost["size_bytes"] / 1000]
        cells = ["unknown" if value is None else rounded(value) for value in costs]
        rows.append([model, format_score(scores[metric]), *cells])
    gpus = [
        f"\n\n{name} was trained on a GPU ({escape(cost['gpu'])}); its CPU seconds exclude the GPU's work."
        for name, cost in evaluation["costs"].items()
        if cost.get("gpu")
    ]
    return table(["model", score, "training, CPU s", "file, kB"], rows) + "".join(gpus)


def gain_table(evaluation: Record) -> str:
    """Return validation score of each model and its gain over the best simpler one, a star at the champion."""
    metric = evaluation["metric"]
    gains = {comparison["challenger"]: comparison for comparison in evaluation["comparisons"]}
    rows = []
    for name, scores in evaluation["validation_scores"].items():
        model = f"**{name}** ★" if name == evaluation["champion"] else name
        gain = f"{_format_gain(gains[name]['gain'])} over {gains[name]['simpler']}" if name in gains else ""
        rows.append([model, format_score(scores[metric]), gain])
    return table(["model", f"{_metric_label(evaluation, metric)}, validation split", "gain"], rows)


def _format_gain(gain: Record) -> str:
    return f"{signed(gain['value'])} [{signed(gain['low'])}, {signed(gain['high'])}]"


def champion_table(evaluation: Record) -> str:
    """Return the champion's scores on the test split, a row per metric."""
    name = evaluation["champion"]
    scores = evaluation["scores"][name]
    rows = [[_metric_label(evaluation, key), format_score(scores[key])] for key in evaluation["labels"]]
    return table(["metric", f"{name}, test split"], rows)


def _metric_label(evaluation: Record, key: str) -> str:
    entry = evaluation["labels"][key]
    return f"{entry['label']}{ARROWS[entry['higher_is_better']]}"


def slice_table(evaluation: Record) -> str:
    """Return the champion's score on each slice of the test split."""
    label = evaluation["labels"][evaluation["metric"]]["label"]
    rows = [
        [escape(record["column"]), escape(record["slice"]), str(record["rows"]), format_score(record)]
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
    level = f"{evaluation['confidence']:.3g} confidence" if "confidence" in evaluation else "confidence"
    text = (
        f"The models were trained on {rows['train']:,} {noun} and compared on the {rows['validation']:,} {noun} of the "
        f"validation split. Only the champion, marked ★, was scored and plotted on the {rows['test']:,} {noun} of the "
        f"test split. Brackets contain {level} intervals, Wilson's for the shares of a decision and percentiles of "
        f"bootstrap resamples for the others: how much the scores vary with the {noun} of a split, not with the "
        f"training. They are left out where there are too few {noun} or all resamples score the same."
    )
    if "threshold" in decision:
        text += f" Metrics of classes use the most likely class, not the threshold of {rounded(decision['threshold'])}."
    return text


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
