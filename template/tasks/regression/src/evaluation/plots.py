"""The figures of a regression, drawn from the tables of `plot_data.py`."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from ..data.schema import Schema
from .figures import BLUE, GRAY, new_figure


def draw_plots(schema: Schema, tables: dict[str, pd.DataFrame], _decision: Any = None) -> dict[str, Figure]:
    """Return the residual plot of one model, by name."""
    table = tables["predictions"]
    figure, axes = new_figure("Residuals")
    axes.axhline(0, color=GRAY, linestyle="--", linewidth=1)
    axes.scatter(table["predicted"], table["actual"] - table["predicted"], color=BLUE, s=18, alpha=0.7)
    unit = f" ({schema.target.unit})" if schema.target.unit else ""
    axes.set(xlabel=f"predicted {schema.target.label.lower()}{unit}", ylabel="actual minus predicted")
    return {"residuals": figure}
