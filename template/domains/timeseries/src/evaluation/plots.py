"""The pictures of a forecast, drawn from the tables of `curves.py`."""

import pandas as pd
from matplotlib.figure import Figure

from .data import Schema
from .figures import BLUE, GREY, ORANGE, blank
from .metrics import QUANTILES


def fit_figures(schema: Schema, tables: dict[str, pd.DataFrame]) -> dict[str, Figure]:
    """One model's forecasts beside the truth, and its error and coverage by step ahead; by name."""
    return {
        "ahead": _ahead(schema, tables["ahead"], len(tables["steps"])),
        "steps": _steps(schema, tables["steps"]),
        "coverage": _coverage(schema, tables["steps"]),
    }


def _ahead(schema: Schema, table: pd.DataFrame, horizon: int) -> Figure:
    figure, axes = blank(f"Forecast {horizon} {schema.step}s before, and what came")
    axes.fill_between(table["origin"], table["low"], table["high"], color=BLUE, alpha=0.2, label="80 % interval")
    axes.plot(table["origin"], table["predicted"], color=BLUE, linewidth=1.2, label="forecast")
    axes.plot(table["origin"], table["actual"], color=ORANGE, linewidth=1.2, label="measured")
    axes.set(xlabel=f"forecasts, one a {schema.step}", ylabel=_in_unit(schema, schema.target.label))
    axes.legend(frameon=False, fontsize=8)
    return figure


def _steps(schema: Schema, table: pd.DataFrame) -> Figure:
    figure, axes = blank(f"How far off, by {schema.step} ahead")
    axes.plot(table["step"], table["mae"], color=BLUE, marker="o")
    axes.set(xlabel=f"{schema.step}s ahead", ylabel=_in_unit(schema, "mean absolute error"))
    axes.set_ylim(bottom=0)
    return figure


def _coverage(schema: Schema, table: pd.DataFrame) -> Figure:
    stated = QUANTILES[-1] - QUANTILES[0]
    figure, axes = blank(f"Does the {stated:.0%} interval hold {stated:.0%}?")
    axes.axhline(stated, color=GREY, linestyle="--", linewidth=1, label="stated")
    axes.plot(table["step"], table["coverage"], color=BLUE, marker="o", label="measured")
    axes.set(xlabel=f"{schema.step}s ahead", ylabel="share of truths in the interval")
    axes.set_ylim(0, 1.02)
    axes.legend(frameon=False, fontsize=8)
    return figure


def _in_unit(schema: Schema, words: str) -> str:
    # A lone dollar sign is one, and no beginning of a formula.
    return (f"{words} ({schema.target.unit})" if schema.target.unit else words).replace("$", r"\$")
