"""The pictures of a text model, drawn from the tables of `curves.py`."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from .data import Schema
from .figures import BLUE, GREY, blank

# In the order in which the demo shows them.
FIGURES = ("confusion", "calibration")


def fit_figures(schema: Schema, tables: dict[str, pd.DataFrame]) -> dict[str, Figure]:
    """How well one model's predictions fit: confusion and calibration; by name."""
    return {
        "confusion": _confusion(schema, tables["predictions"]),
        "calibration": _calibration(tables["calibration"]),
    }


def _confusion(schema: Schema, table: pd.DataFrame) -> Figure:
    figure, axes = blank("Which library is taken for which", height=4.2)
    pairs = pd.crosstab(table["actual"].astype(str), table["predicted"].astype(str))
    counts = pairs.reindex(index=schema.classes, columns=schema.classes, fill_value=0).to_numpy()
    axes.imshow(counts, cmap="Blues")
    for (row, column), count in np.ndenumerate(counts):
        shade = "white" if count > counts.max() / 2 else "black"
        axes.text(column, row, str(count), ha="center", va="center", color=shade, fontsize=11)
    axes.set_xticks(range(len(schema.classes)), schema.classes, rotation=20)
    axes.set_yticks(range(len(schema.classes)), schema.classes)
    axes.set(xlabel="predicted", ylabel="actual")
    return figure


def _calibration(table: pd.DataFrame) -> Figure:
    figure, axes = blank("Is 80 % sure right 80 % of the time?")
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="perfect")
    axes.plot(table["confidence"], table["accuracy"], color=BLUE, marker="o", label="model")
    axes.set(xlabel="probability of the likeliest library", ylabel="share that is right")
    axes.legend(frameon=False)
    return figure
