"""The pictures of a vision model, drawn from the tables of `curves.py`."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from .data import Schema
from .figures import BLUE, GREY, blank

# In the order in which the demo shows them.
FIGURES = ("confusion", "calibration")
# Of more classes than these, numbers in the cells could not be read.
MOST_NUMBERED = 12
# Names of so many characters stand side by side.
SHORT = 3


def fit_figures(schema: Schema, tables: dict[str, pd.DataFrame]) -> dict[str, Figure]:
    """How well one model's predictions fit: confusion and calibration; by name."""
    return {
        "confusion": _confusion(schema, tables["predictions"]),
        "calibration": _calibration(tables["calibration"]),
    }


def _confusion(schema: Schema, table: pd.DataFrame) -> Figure:
    many = len(schema.classes) > MOST_NUMBERED
    figure, axes = blank("Which is taken for which", height=max(4.2, 0.16 * len(schema.classes)))
    pairs = pd.crosstab(table["actual"].astype(str), table["predicted"].astype(str))
    counts = pairs.reindex(index=schema.classes, columns=schema.classes, fill_value=0).to_numpy()
    axes.imshow(counts, cmap="Blues")
    for (row, column), count in np.ndenumerate(counts):
        shade = "white" if count > counts.max() / 2 else "black"
        if not many:
            axes.text(column, row, str(count), ha="center", va="center", color=shade, fontsize=11)
    # Shortened, and without what Matplotlib takes for a formula.
    names = [(name if len(name) <= 24 else f"{name[:23]}…").replace("$", r"\$") for name in schema.classes]
    slant = 90 if many else 20 if max(map(len, names)) > SHORT else 0
    axes.set_xticks(range(len(names)), names, rotation=slant, fontsize=6 if many else None)
    axes.set_yticks(range(len(names)), names, fontsize=6 if many else None)
    axes.set(xlabel="predicted", ylabel="actual")
    return figure


def _calibration(table: pd.DataFrame) -> Figure:
    figure, axes = blank("Is 80 % sure right 80 % of the time?")
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="perfect")
    axes.plot(table["confidence"], table["accuracy"], color=BLUE, marker="o", label="model")
    axes.set(xlabel="probability of the likeliest answer", ylabel="share that is right")
    axes.legend(frameon=False)
    return figure
