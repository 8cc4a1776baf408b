"""The style of all figures, and those of the scores. They are drawn without a display."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from .markdown import rounded

BLUE, ORANGE, GRAY = "#2563eb", "#ea580c", "#64748b"


def new_figure(title: str, *, height: float = 3.6) -> tuple[Figure, Any]:
    """Return an empty figure in the project's style, and its axes; `height` in inches."""
    figure = Figure(figsize=(5.4, height), dpi=144, layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold")
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def draw_comparison(title: str, scores: Mapping[str, Mapping[str, Any]], champion: str) -> Figure:
    """Draw each model's score with its interval; `scores`: model → value, low, high, and `rows` if they are others."""
    figure, axes = new_figure(title, height=1.2 + 0.5 * len(scores))
    for position, (name, score) in enumerate(scores.items()):
        color = BLUE if name == champion else GRAY
        _draw_interval(axes, score, position, color)
        text = rounded(score["value"])
        axes.annotate(text, (score["value"], position), (0, 9), textcoords="offset points", ha="center")
    labels = [f"{name} ★" if name == champion else name for name in scores]
    rows = [f"\n({score['rows']})" if "rows" in score else "" for score in scores.values()]
    axes.set_yticks(range(len(scores)), [f"{label}{other}" for label, other in zip(labels, rows, strict=True)])
    axes.set_ylim(-0.6, len(scores) - 0.2)
    axes.margins(x=0.1)
    return figure


def draw_slices(label: str, records: list[dict[str, Any]], overall: float) -> Figure:
    """Draw the champion's score on each slice with its interval, next to the score on all rows."""
    known = [record for record in reversed(records) if record["value"] is not None]
    figure, axes = new_figure(f"{label} by slice of the test split", height=1.2 + 0.45 * len(known))
    axes.axvline(overall, color=GRAY, linestyle="--", linewidth=1, label="all")
    for position, record in enumerate(known):
        _draw_interval(axes, record, position, ORANGE)
    labels = [f"{record['column']}\n{record['slice']} (n={record['rows']})" for record in known]
    axes.set_yticks(range(len(known)), labels, fontsize=8)
    axes.legend(frameon=False, fontsize=8)
    return figure


def draw_decision(curve: dict[str, Any]) -> Figure:
    """Draw what each choice of the decision gives on the validation split, and the one that was made."""
    figure, axes = new_figure("The decision and its alternatives (validation split)")
    axes.plot(curve["x"], curve["y"], color=BLUE)
    x, y = curve["chosen"]
    if y is not None:
        axes.plot(x, y, "o", color=ORANGE, markersize=9, label=f"chosen: {rounded(x)}, {rounded(y)}")
        axes.legend(frameon=False, fontsize=8)
    # Matplotlib reads text between dollar signs as a formula.
    axes.set(xlabel=curve["x_label"].replace("$", r"\$"), ylabel=curve["y_label"].replace("$", r"\$"))
    return figure


def _draw_interval(axes: Any, score: Mapping[str, Any], position: int, color: str) -> None:
    if score["low"] is not None:
        axes.plot([score["low"], score["high"]], [position, position], color=color, linewidth=3, alpha=0.5)
    axes.plot(score["value"], position, "o", color=color, markersize=9)


def write_figures(folder: Path, figures: Mapping[str, Figure]) -> None:
    """Replace the figures in a folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, figure in figures.items():
        # Without version metadata, the same figure gives the same file.
        figure.savefig(folder / f"{name}.png", metadata={"Software": None})
