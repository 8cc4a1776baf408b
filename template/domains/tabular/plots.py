"""The pictures of a tabular model, and the tables that `dvc plots` draws. Figures are drawn without a screen."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.calibration import calibration_curve
from sklearn.metrics import confusion_matrix, roc_curve

from .data import Schema

Array = NDArray[Any]
BLUE, ORANGE, GREY = "#2563eb", "#ea580c", "#64748b"


def fit_figures(schema: Schema, target: Array, prediction: Array) -> dict[str, Figure]:
    """How well the predictions fit: confusion and calibration, or residuals; by name."""
    if schema.task == "classification":
        return {
            "confusion": _confusion(schema, target, prediction),
            "calibration": _calibration(schema, target, prediction),
        }
    return {"residuals": _residuals(schema, target, prediction)}


def fit_tables(schema: Schema, target: Array, predictions: dict[str, Array]) -> dict[str, pd.DataFrame]:
    """The same as tables, one row a point, for `dvc plots show` and `dvc plots diff`; by name."""
    if schema.task == "regression":
        parts = [pd.DataFrame({"predicted": p, "actual": target, "model": name}) for name, p in predictions.items()]
        return {"predictions": pd.concat(parts)}
    positive = _positive(schema)
    calibration, roc = [], []
    for name, prediction in predictions.items():
        observed, predicted = calibration_curve(
            target == positive, prediction[:, positive], n_bins=8, strategy="quantile"
        )
        calibration.append(pd.DataFrame({"predicted": predicted, "observed": observed, "model": name}))
        false_rate, true_rate, _ = roc_curve(target == positive, prediction[:, positive])
        roc.append(pd.DataFrame({"false_positive_rate": false_rate, "true_positive_rate": true_rate, "model": name}))
    return {"calibration": pd.concat(calibration), "roc": pd.concat(roc)}


def _positive(schema: Schema) -> int:
    """The index of the class that curves are about."""
    return schema.classes.index(schema.positive) if schema.positive else len(schema.classes) - 1


def _axes(title: str, *, height: float = 3.6) -> tuple[Figure, Any]:
    figure = Figure(figsize=(5.4, height), dpi=144, layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold")
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _confusion(schema: Schema, target: Array, prediction: Array) -> Figure:
    figure, axes = _axes("Predicted against actual (test rows)")
    counts = confusion_matrix(target, prediction.argmax(axis=1), labels=range(len(schema.classes)))
    axes.imshow(counts, cmap="Blues")
    for (row, column), count in np.ndenumerate(counts):
        shade = "white" if count > counts.max() / 2 else "black"
        axes.text(column, row, str(count), ha="center", va="center", color=shade, fontsize=13)
    axes.set_xticks(range(len(schema.classes)), schema.classes)
    axes.set_yticks(range(len(schema.classes)), schema.classes)
    axes.set(xlabel="predicted", ylabel="actual")
    return figure


def _calibration(schema: Schema, target: Array, prediction: Array) -> Figure:
    positive = _positive(schema)
    observed, predicted = calibration_curve(target == positive, prediction[:, positive], n_bins=8, strategy="quantile")
    figure, axes = _axes("Is 80 % sure right 80 % of the time?")
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="perfect")
    axes.plot(predicted, observed, color=BLUE, marker="o", label="model")
    axes.set(xlabel=f"predicted probability of {schema.classes[positive]}", ylabel="observed share")
    axes.legend(frameon=False)
    return figure


def _residuals(schema: Schema, target: Array, prediction: Array) -> Figure:
    figure, axes = _axes("Error against prediction")
    axes.axhline(0, color=GREY, linestyle="--", linewidth=1)
    axes.scatter(prediction, target - prediction, color=BLUE, s=18, alpha=0.7)
    unit = f" ({schema.target.unit})" if schema.target.unit else ""
    axes.set(xlabel=f"predicted {schema.target.label.lower()}{unit}", ylabel="actual minus predicted")
    return figure


def comparison_figure(label: str, scores: dict[str, dict[str, float]], champion: str) -> Figure:
    """Each model's score on the test split with its interval; `scores`: model → value, low, high."""
    figure, axes = _axes(f"{label} on the test split", height=1.2 + 0.5 * len(scores))
    for position, (name, score) in enumerate(scores.items()):
        colour = BLUE if name == champion else GREY
        axes.plot([score["low"], score["high"]], [position, position], color=colour, linewidth=3, alpha=0.5)
        axes.plot(score["value"], position, "o", color=colour, markersize=9)
        axes.annotate(
            f"{score['value']:.3g}", (score["value"], position), (0, 9), textcoords="offset points", ha="center"
        )
    axes.set_yticks(range(len(scores)), [f"{name} ★" if name == champion else name for name in scores])
    axes.set_ylim(-0.6, len(scores) - 0.2)
    axes.margins(x=0.1)
    return figure


def slices_figure(label: str, records: list[dict[str, Any]], overall: float) -> Figure:
    """The champion's score on each slice with its interval, beside the score over all rows."""
    known = [record for record in records if record["value"] is not None]
    figure, axes = _axes(f"{label} by group", height=1.2 + 0.45 * len(known))
    axes.axvline(overall, color=GREY, linestyle="--", linewidth=1, label="all rows")
    for position, record in enumerate(reversed(known)):
        axes.plot([record["low"], record["high"]], [position, position], color=ORANGE, linewidth=3, alpha=0.5)
        axes.plot(record["value"], position, "o", color=ORANGE, markersize=8)
    labels = [f"{record['column']}\n{record['slice']} (n={record['rows']})" for record in reversed(known)]
    axes.set_yticks(range(len(known)), labels, fontsize=8)
    axes.legend(frameon=False, fontsize=8)
    return figure
