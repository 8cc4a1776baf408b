"""Figures of a forecasting model, drawn from the tables of `plot_data.py`."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from ..data.schema import Schema
from .figures import BLUE, GRAY, ORANGE, new_figure, with_unit
from .metrics import QUANTILES

COVERAGE = QUANTILES[-1] - QUANTILES[0]


def draw_plots(schema: Schema, tables: dict[str, pd.DataFrame], split: str, _decision: Any = None) -> dict[str, Figure]:
    """Return the figures of one model by name: forecasts and actual values, error and coverage by step ahead."""
    return {
        "ahead": _ahead(schema, tables["ahead"], len(tables["steps"]), split),
        "steps": _error(schema, tables["steps"], split),
        "coverage": _coverage(schema, tables["steps"], split),
    }


def _ahead(schema: Schema, table: pd.DataFrame, horizon: int, split: str) -> Figure:
    figure, axes = new_figure(f"Forecasts {horizon} {schema.step}s ahead and actual values ({split})")
    band = f"{COVERAGE:.0%} interval"
    axes.fill_between(table["origin"], table["low"], table["high"], color=BLUE, alpha=0.2, label=band)
    axes.plot(table["origin"], table["predicted"], color=BLUE, linewidth=1.2, label="forecast")
    axes.plot(table["origin"], table["actual"], color=ORANGE, linewidth=1.2, label="actual")
    axes.set(
        xlabel=f"forecasts, one per {schema.step}, in the order of time",
        ylabel=with_unit(schema.target.label, schema.target.unit),
    )
    axes.legend(frameon=False, fontsize=8)
    return figure


def _error(schema: Schema, table: pd.DataFrame, split: str) -> Figure:
    figure, axes = new_figure(f"Error by {schema.step}s ahead ({split})")
    axes.plot(table["step"], table["mae"], color=BLUE, marker="o")
    axes.set(xlabel=f"{schema.step}s ahead", ylabel=with_unit("mean absolute error", schema.target.unit))
    axes.set_ylim(bottom=0)
    return figure


def _coverage(schema: Schema, table: pd.DataFrame, split: str) -> Figure:
    figure, axes = new_figure(f"Coverage of the {COVERAGE:.0%} interval ({split})")
    axes.axhline(COVERAGE, color=GRAY, linestyle="--", linewidth=1, label="nominal")
    axes.plot(table["step"], table["coverage"], color=BLUE, marker="o", label="measured")
    axes.set(xlabel=f"{schema.step}s ahead", ylabel="share of actual values in the interval")
    axes.set_ylim(0, 1.02)
    axes.legend(frameon=False, fontsize=8)
    return figure
