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


def table(header: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def score_table(evaluation: Record) -> str:
    """Return the test scores: a row per model, a column per metric; a star marks the champion."""
    labels = evaluation["labels"]
    header = ["model", *(entry["label"] + ARROWS[entry["higher_is_better"]] for entry in labels.values())]
    rows = []
    for name, scores in evaluation["scores"].items():
        model = f"**{name}** ★" if name == evaluation["champion"] else name
        rows.append([model, *(format_score(scores[key]) for key in labels)])
    return table(header, rows)


def cost_table(evaluation: Record) -> str:
    """Return the costs of each model, and which of them a GPU trained."""
    rows = []
    for name, cost in evaluation["costs"].items():
        values = [cost["fit_cpu_seconds"], cost["size_bytes"] / 1000, cost["latency_ms"]]
        rows.append([name, *("unknown" if value is None else rounded(value) for value in values)])
    gpus = [
        f"\n\n{name} was trained on a GPU ({escape(cost['gpu'])}); its CPU seconds exclude the GPU's work."
        for name, cost in evaluation["costs"].items()
        if cost.get("gpu")
    ]
    return table(["model", "training, CPU s", "file, kB", "one prediction, ms"], rows) + "".join(gpus)


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
    "mlflow_run_id": "MLflow run",
    "registry_version": "registry version",
    "evaluated_at": "evaluated at",
}


def lineage_table(lineage: Record) -> str:
    """Return the lineage of a model."""
    return table(["lineage", "value"], [[label, _format_link(lineage.get(key))] for key, label in LINEAGE.items()])


def _format_link(value: Any) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "none"
    return f"`{value}`"


def explain_scores(evaluation: Record) -> str:
    """Return which split was used for what, and how to read the scores."""
    rows, noun = evaluation["rows"], evaluation["sample_noun"]
    return (
        f"Scores on the {rows['test']:,} {noun} of the test split; the models were trained on {rows['train']:,} {noun} "
        f"and selected on {rows['validation']:,}. Brackets contain bootstrap intervals, which are left out where there "
        f"are too few {noun} or all resamples score the same. ★ marks the champion."
    )


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
