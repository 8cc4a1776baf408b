"""What was measured, as Markdown tables: for the README, the model card and the demo. Standard library only."""

import re
from collections.abc import Mapping
from typing import Any

Record = Mapping[str, Any]
ARROWS = {True: " ↑", False: " ↓", None: ""}


def escape(text: str) -> str:
    """Text that Markdown shows as it is, in a paragraph or a cell of a table; plain prose stays as it is."""
    anywhere = re.sub(r"([\\`*_{}\[\]<>|~$&])", r"\\\1", text)
    return re.sub(r"^([#+=-]|[0-9]+(?=[.)](\s|$)))", lambda found: _at_start(found[0]), anywhere)


def _at_start(mark: str) -> str:
    """What begins a heading or an item of a list, so that it doesn't; of a number, the point after it would."""
    return f"{mark}\\" if mark.isdigit() else f"\\{mark}"


def score_table(evaluation: Record) -> str:
    """A row a model, a column a metric, with an arrow where one direction is better; the champion has a star."""
    labels = evaluation["labels"]
    header = [label["label"] + ARROWS[label["higher_is_better"]] for label in labels.values()]
    lines = ["| model | " + " | ".join(header) + " |", "|---|" + "---|" * len(header)]
    for name, scores in evaluation["scores"].items():
        shown = f"**{name}** ★" if name == evaluation["champion"] else name
        lines.append(f"| {shown} | " + " | ".join(in_brackets(scores[key]) for key in labels) + " |")
    return "\n".join(lines)


def cost_table(evaluation: Record) -> str:
    """A row a model: what its training, its file and an answer cost; and below, which a GPU trained."""
    lines = ["| model | training, CPU s | file, kB | one answer, ms |", "|---|---|---|---|"]
    for name, cost in evaluation["costs"].items():
        spent = [cost["fit_cpu_seconds"], cost["size_bytes"] / 1000, cost["latency_ms"]]
        shown = ["not known" if value is None else rounded(value) for value in spent]
        lines.append(f"| {name} | {' | '.join(shown)} |")
    lines += [
        f"\nA GPU ({escape(cost['gpu'])}) trained {name}; the seconds are the CPU's alone."
        for name, cost in evaluation["costs"].items()
        if cost.get("gpu")
    ]
    return "\n".join(lines)


def slice_table(evaluation: Record) -> str:
    """The champion's score on each slice of the test rows."""
    label = evaluation["labels"][evaluation["metric"]]["label"]
    lines = [f"| group | slice | {cases_of(evaluation)} | {label} |", "|---|---|---|---|"]
    lines += [
        f"| {escape(record['column'])} | {escape(record['slice'])} | {record['rows']} | {in_brackets(record)} |"
        for record in evaluation["slices"]
    ]
    return "\n".join(lines)


def lineage_table(lineage: Record) -> str:
    """The chain from the code to the model that answers."""
    links = {
        "git_commit": "git commit",
        "git_dirty": "uncommitted changes",
        "lock_sha256": "lock (SHA-256 of uv.lock)",
        "data_md5": "data (DVC's hash of data/raw)",
        "code_sha256": "code (SHA-256 over src/)",
        "mlflow_run_id": "MLflow run",
        "registry_version": "registry version",
        "evaluated_at": "evaluated at",
    }
    lines = ["| link | value |", "|---|---|"]
    for key, label in links.items():
        lines.append(f"| {label} | {_link(lineage.get(key))} |")
    return "\n".join(lines)


def _link(value: Any) -> str:
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "none"
    return f"`{value}`"


def measured_on(evaluation: Record) -> str:
    """Which rows were used for what, and how to read the scores."""
    rows, cases = evaluation["rows"], cases_of(evaluation)
    return (
        f"Measured on {rows['test']:,} {cases} of the test split, on which no choice was made; the models learnt from "
        f"{rows['train']:,}, and {rows['validation']:,} others told which serves. Brackets hold bootstrap intervals; "
        f"where there are none, the {cases} are too few for one, or every resample of them scores alike. ★ serves."
    )


def cases_of(evaluation: Record) -> str:
    """What was counted; reports from before mlpath 0.8 don't say it."""
    return str(evaluation.get("cases", "rows"))


def in_brackets(score: Record) -> str:
    """A score, with its interval where there is one."""
    if score["value"] is None:
        return "not defined here"
    value, limits = rounded(score["value"]), [rounded(score[end]) for end in ("low", "high") if score[end] is not None]
    # Where every resample scores alike, the bootstrap knows nothing of the precision: "1 [1, 1]" would be a promise.
    return f"{value} [{', '.join(limits)}]" if len(set(limits)) == 2 else value


def rounded(value: float) -> str:
    """Three digits, and all that stand before the point."""
    return f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:.3g}"


def signed(value: float) -> str:
    """A difference: `rounded`, with its sign."""
    return rounded(value) if value < 0 else f"+{rounded(value)}"
