"""The pictures of a tabular model, drawn from the tables of `curves.py`."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from .data import Schema
from .figures import BLUE, GREY, blank


def fit_figures(schema: Schema, tables: dict[str, pd.DataFrame]) -> dict[str, Figure]:
    """How well one model's predictions fit: confusion and calibration, or residuals; by name."""
    if schema.task == "classification":
        return {
            "confusion": _confusion(schema, tables["predictions"]),
            "calibration": _calibration(schema, tables["calibration"]),
        }
    return {"residuals": _residuals(schema, tables["predictions"])}


def _confusion(schema: Schema, table: pd.DataFrame) -> Figure:
    figure, axes = blank("Predicted against actual")
    pairs = pd.crosstab(table["actual"].astype(str), table["predicted"].astype(str))
    counts = pairs.reindex(index=schema.classes, columns=schema.classes, fill_value=0).to_numpy()
    axes.imshow(counts, cmap="Blues")
    for (row, column), count in np.ndenumerate(counts):
        shade = "white" if count > counts.max() / 2 else "black"
        axes.text(column, row, str(count), ha="center", va="center", color=shade, fontsize=13)
    axes.set_xticks(range(len(schema.classes)), schema.classes)
    axes.set_yticks(range(len(schema.classes)), schema.classes)
    axes.set(xlabel="predicted", ylabel="actual")
    return figure


def _calibration(schema: Schema, table: pd.DataFrame) -> Figure:
    figure, axes = blank("Is 80 % sure right 80 % of the time?")
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="perfect")
    axes.plot(table["predicted"], table["observed"], color=BLUE, marker="o", label="model")
    positive = schema.positive or schema.classes[-1]
    axes.set(xlabel=f"predicted probability of {positive}", ylabel="observed share")
    axes.legend(frameon=False)
    return figure


def _residuals(schema: Schema, table: pd.DataFrame) -> Figure:
    figure, axes = blank("Error against prediction")
    axes.axhline(0, color=GREY, linestyle="--", linewidth=1)
    axes.scatter(table["predicted"], table["actual"] - table["predicted"], color=BLUE, s=18, alpha=0.7)
    unit = f" ({schema.target.unit})" if schema.target.unit else ""
    axes.set(xlabel=f"predicted {schema.target.label.lower()}{unit}", ylabel="actual minus predicted")
    return figure
