"""The style of all figures, and those of the scores. They are drawn without a display."""

import shutil
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from .markdown import three_digits

BLUE, ORANGE, GRAY = "#2563eb", "#ea580c", "#64748b"
MAX_TITLE = 62  # characters in a line


def new_figure(title: str, *, height: float = 3.6) -> tuple[Figure, Any]:
    """Return an empty figure in the project's style, and its axes; `height` in inches."""
    figure = Figure(figsize=(5.4, height), dpi=144, layout="constrained")
    figure.suptitle(literal(textwrap.fill(title, MAX_TITLE)), x=0.01, ha="left", fontsize=11, fontweight="bold")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def literal(text: str) -> str:
    """Return text for a figure: Matplotlib reads text between dollar signs as a formula."""
    return text.replace("$", r"\$")


def with_unit(label: str, unit: str) -> str:
    """Return the label of an axis."""
    return literal(f"{label} ({unit})" if unit else label)


def draw_comparison(title: str, label: str, scores: Mapping[str, Mapping[str, Any]], champion: str) -> Figure:
    """Draw each model's score with its interval; `scores`: model → value, low, high, and `rows` if they are others."""
    figure, axes = new_figure(title, height=1.4 + 0.5 * len(scores))
    for position, (name, score) in enumerate(scores.items()):
        color = BLUE if name == champion else GRAY
        _draw_interval(axes, score, position, color)
        text = three_digits(score["value"])
        axes.annotate(text, (score["value"], position), (0, 9), textcoords="offset points", ha="center")
    labels = [f"{name} ★" if name == champion else name for name in scores]
    rows = [f"\n({score['rows']})" if "rows" in score else "" for score in scores.values()]
    axes.set_yticks(range(len(scores)), [f"{label}{other}" for label, other in zip(labels, rows, strict=True)])
    axes.set_ylim(-0.6, len(scores) - 0.2)
    axes.set_xlabel(literal(label))
    axes.margins(x=0.1)
    return figure


def draw_slices(title: str, label: str, records: list[dict[str, Any]], overall: float) -> Figure:
    """Draw the champion's score on each slice with its interval, next to the score on all rows."""
    known = [record for record in reversed(records) if record["value"] is not None]
    figure, axes = new_figure(title, height=1.4 + 0.45 * len(known))
    axes.axvline(overall, color=GRAY, linestyle="--", linewidth=1, label=f"all: {three_digits(overall)}")
    for position, record in enumerate(known):
        _draw_interval(axes, record, position, ORANGE)
    labels = [literal(f"{record['column']}\n{record['slice']} (n = {record['rows']:,})") for record in known]
    axes.set_yticks(range(len(known)), labels, fontsize=8)
    axes.set_ylim(-0.6, len(known) - 0.4)
    axes.set_xlabel(literal(label))
    figure.legend(loc="outside lower right", frameon=False, fontsize=8)
    return figure


def draw_decision(curve: dict[str, Any]) -> Figure:
    """Draw what each choice of the decision gives on the validation split, and the one that was made."""
    figure, axes = new_figure(curve["title"])
    if "low" in curve:
        limits = curve["low"], curve["high"]
        axes.fill_between(curve["x"], *limits, color=BLUE, alpha=0.15, linewidth=0, label=curve["band"])
    axes.plot(curve["x"], curve["y"], color=BLUE, label="champion")
    if baseline := curve.get("baseline"):
        axes.plot(baseline["x"], baseline["y"], color=GRAY, linestyle="--", linewidth=1, label=baseline["label"])
    x, y = curve["chosen"]
    if y is not None:
        axes.plot(x, y, "o", color=ORANGE, markersize=9, label=literal(curve["chosen_label"]))
    axes.legend(frameon=False, fontsize=8)
    axes.set(xlabel=literal(curve["x_label"]), ylabel=literal(curve["y_label"]))
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
