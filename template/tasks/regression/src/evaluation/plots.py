"""The figures of a regression, drawn from the tables of `plot_data.py`."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from ..data.schema import Schema
from .figures import BLUE, GRAY, new_figure, with_unit
from .markdown import lower_first


def draw_plots(schema: Schema, tables: dict[str, pd.DataFrame], split: str, _decision: Any = None) -> dict[str, Figure]:
    """Return the residual plot of one model on a split, by name."""
    table, target = tables["predictions"], schema.target
    figure, axes = new_figure(f"Residuals on the {split}, n = {len(table):,}")
    axes.axhline(0, color=GRAY, linestyle="--", linewidth=1)
    axes.scatter(table["predicted"], table["predicted"] - table["actual"], color=BLUE, s=18, alpha=0.7)
    axes.set(
        xlabel=with_unit(f"predicted {lower_first(target.label)}", target.unit),
        ylabel=with_unit("predicted minus actual", target.unit),
    )
    return {"residuals": figure}
