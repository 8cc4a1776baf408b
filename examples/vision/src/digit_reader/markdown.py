"""What was measured, as Markdown tables: for the README, the model card and the demo. Standard library only."""

from collections.abc import Mapping
from typing import Any

Record = Mapping[str, Any]


def score_table(evaluation: Record) -> str:
    """A row a model, a column a metric; the champion has a star."""
    labels = evaluation["labels"]
    header = [f"{label['label']} {'↑' if label['higher_is_better'] else '↓'}" for label in labels.values()]
    lines = ["| model | " + " | ".join(header) + " |", "|---|" + "---|" * len(header)]
    for name, scores in evaluation["scores"].items():
        shown = f"**{name}** ★" if name == evaluation["champion"] else name
        lines.append(f"| {shown} | " + " | ".join(in_brackets(scores[key]) for key in labels) + " |")
    return "\n".join(lines)


def cost_table(evaluation: Record) -> str:
    """A row a model: what its training, its file and an answer cost."""
    lines = ["| model | training, CPU s | file, kB | one answer, ms |", "|---|---|---|---|"]
    for name, cost in evaluation["costs"].items():
        spent = [cost["fit_cpu_seconds"], cost["size_bytes"] / 1000, cost["latency_ms"]]
        shown = ["not known" if value is None else rounded(value) for value in spent]
        lines.append(f"| {name} | {' | '.join(shown)} |")
    return "\n".join(lines)


def slice_table(evaluation: Record) -> str:
    """The champion's score on each slice of the test rows."""
    label = evaluation["labels"][evaluation["metric"]]["label"]
    lines = [f"| group | slice | rows | {label} |", "|---|---|---|---|"]
    lines += [
        f"| {record['column']} | {record['slice']} | {record['rows']} | {in_brackets(record)} |"
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
    """Which rows were used for what."""
    rows = evaluation["rows"]
    return (
        f"Measured on {rows['test']} test rows that no choice was made on; trained on {rows['train']}, chosen on "
        f"{rows['validation']}. Brackets hold bootstrap intervals; ★ serves."
    )


def in_brackets(score: Record) -> str:
    """A score with its interval, or why there is none."""
    if score["value"] is None:
        return "not defined here"
    return f"{rounded(score['value'])} [{rounded(score['low'])}, {rounded(score['high'])}]"


def rounded(value: float) -> str:
    """Three digits, and all that stand before the point."""
    return f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:.3g}"


def signed(value: float) -> str:
    """A difference: `rounded`, with its sign."""
    return rounded(value) if value < 0 else f"+{rounded(value)}"
