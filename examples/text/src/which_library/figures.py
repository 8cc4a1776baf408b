"""What every picture has in common, and those of the scores. Figures are drawn without a screen."""

from typing import Any

from matplotlib.figure import Figure

from .markdown import rounded

BLUE, ORANGE, GREY = "#2563eb", "#ea580c", "#64748b"


def blank(title: str, *, height: float = 3.6) -> tuple[Figure, Any]:
    """An empty figure of the project's style, and its axes; `height` in inches."""
    figure = Figure(figsize=(5.4, height), dpi=144, layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold")
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def comparison_figure(label: str, scores: dict[str, dict[str, Any]], champion: str) -> Figure:
    """Each model's score on the test split with its interval, if any; `scores`: model → value, low, high."""
    figure, axes = blank(f"{label} on the test split", height=1.2 + 0.5 * len(scores))
    for position, (name, score) in enumerate(scores.items()):
        colour = BLUE if name == champion else GREY
        if score["low"] is not None:
            axes.plot([score["low"], score["high"]], [position, position], color=colour, linewidth=3, alpha=0.5)
        axes.plot(score["value"], position, "o", color=colour, markersize=9)
        shown = rounded(score["value"])
        axes.annotate(shown, (score["value"], position), (0, 9), textcoords="offset points", ha="center")
    axes.set_yticks(range(len(scores)), [f"{name} ★" if name == champion else name for name in scores])
    axes.set_ylim(-0.6, len(scores) - 0.2)
    axes.margins(x=0.1)
    return figure


def slices_figure(label: str, records: list[dict[str, Any]], overall: float) -> Figure:
    """The champion's score on each slice with its interval, beside the score over all rows."""
    known = [record for record in records if record["value"] is not None]
    figure, axes = blank(f"{label} by group", height=1.2 + 0.45 * len(known))
    axes.axvline(overall, color=GREY, linestyle="--", linewidth=1, label="all rows")
    for position, record in enumerate(reversed(known)):
        if record["low"] is not None:
            axes.plot([record["low"], record["high"]], [position, position], color=ORANGE, linewidth=3, alpha=0.5)
        axes.plot(record["value"], position, "o", color=ORANGE, markersize=8)
    labels = [f"{record['column']}\n{record['slice']} (n={record['rows']})" for record in reversed(known)]
    axes.set_yticks(range(len(known)), labels, fontsize=8)
    axes.legend(frameon=False, fontsize=8)
    return figure
