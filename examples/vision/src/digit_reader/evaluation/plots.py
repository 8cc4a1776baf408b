"""The figures of a classification, drawn from the tables of `plot_data.py`."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..data.schema import Schema
from .figures import BLUE, GRAY, literal, new_figure
from .markdown import rounded

# With more classes, the numbers in the cells are left out; longer names are rotated or shortened.
MAX_NUMBERED_CLASSES, MAX_HORIZONTAL_NAME, MAX_NAME = 12, 3, 24


def draw_plots(
    schema: Schema, tables: dict[str, pd.DataFrame], split: str, decision: Mapping[str, Any] | None = None
) -> dict[str, Figure]:
    """Return the confusion matrix, which names the threshold of a referral, and the calibration curve of one model."""
    title = f"Confusion matrix on the {split}"
    if decision and decision["rule"] == "refer":
        title = f"{title} at the threshold of {rounded(decision['threshold'])}"
    return {
        "confusion": _draw_confusion(schema, tables["predictions"], title),
        "calibration": _draw_calibration(schema, tables["calibration"], split),
    }


def _draw_confusion(schema: Schema, table: pd.DataFrame, title: str) -> Figure:
    many = len(schema.classes) > MAX_NUMBERED_CLASSES
    figure, axes = new_figure(title, height=max(3.6, 0.16 * len(schema.classes)))
    pairs = pd.crosstab(table["actual"].astype(str), table["predicted"].astype(str))
    counts = pairs.reindex(index=schema.classes, columns=schema.classes, fill_value=0).to_numpy()
    axes.imshow(counts, cmap="Blues")
    for (row, column), count in np.ndenumerate(counts):
        color = "white" if count > counts.max() / 2 else "black"
        axes.text(column, row, "" if many else f"{count:,}", ha="center", va="center", color=color, fontsize=11)
    names = [_shorten(name) for name in schema.classes]
    rotation = 90 if many else 20 if max(map(len, names)) > MAX_HORIZONTAL_NAME else 0
    axes.set_xticks(range(len(names)), names, rotation=rotation, fontsize=6 if many else None)
    axes.set_yticks(range(len(names)), names, fontsize=6 if many else None)
    axes.set(xlabel="predicted", ylabel="actual")
    return figure


def _shorten(name: str) -> str:
    return literal(name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}…")


def _draw_calibration(schema: Schema, table: pd.DataFrame, split: str) -> Figure:
    figure, axes = new_figure(f"Calibration on the {split}")
    axes.plot([0, 1], [0, 1], color=GRAY, linestyle="--", linewidth=1, label="perfect")
    fewest, most = table["count"].min(), table["count"].max()
    count = f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"
    label = f"model ({count} predictions a point)"
    axes.plot(table["predicted"], table["observed"], color=BLUE, marker="o", label=label)
    axes.set(
        xlabel=literal(f"predicted probability of {schema.positive or 'the predicted class'}"),
        ylabel="observed frequency",
    )
    axes.legend(frameon=False)
    return figure
