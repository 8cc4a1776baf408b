"""Plot tables hold the evaluated predictions, and figures show them."""

import json
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from late_flights.evaluation.plot_data import plot_tables
from late_flights.evaluation.plots import draw_plots
from late_flights.paths import ProjectPaths

from ..conftest import MODELS


def test_predictions_have_the_accuracy_of_the_evaluation(project: ProjectPaths) -> None:
    scores = json.loads((project.reports / "evaluation.json").read_text(encoding="utf-8"))["validation_scores"]
    table = pd.read_csv(project.reports / "plots" / "predictions.csv", keep_default_na=False)
    assert set(table["model"]) == set(MODELS)
    for name, rows in table.groupby("model"):
        correct = rows["predicted"].astype(str) == rows["actual"].astype(str)
        assert correct.mean() == pytest.approx(scores[name]["accuracy"]["value"])


def make_schema(classes: str, positive: str | None) -> Any:
    return SimpleNamespace(classes=tuple(classes), positive=positive)


@pytest.mark.parametrize("schema", [make_schema("no", "o"), make_schema("abc", None)])
def test_a_perfect_ranking_has_a_roc_curve_through_the_corner(schema: Any) -> None:
    last = len(schema.classes) - 1
    target = np.where(np.arange(40) < 20, last, 0)
    probabilities = np.eye(last + 1)[target] * 0.8 + 0.2 / (last + 1)
    table = plot_tables(schema, target, {"model": probabilities})["roc"]
    points = table[["false_positive_rate", "true_positive_rate"]].to_numpy().tolist()
    assert points[0] == [0, 0]
    assert [0, 1] in points
    assert points[-1] == [1, 1]


@pytest.mark.parametrize(("positive", "observed"), [(None, 0.8), ("b", 0.2)])
def test_calibration_is_of_the_positive_or_the_predicted_class(positive: str | None, observed: float) -> None:
    target, probabilities = np.array([0] * 8 + [1] * 2), np.tile([0.7, 0.3], (10, 1))
    table = plot_tables(make_schema("ab", positive), target, {"model": probabilities})["calibration"]
    assert table["predicted"].tolist() == pytest.approx([0.3 if positive else 0.7])
    assert table["observed"].tolist() == pytest.approx([observed])
    assert table["count"].tolist() == [10]


def test_calibration_has_about_as_many_rows_in_each_bin() -> None:
    probabilities = np.linspace(0.01, 0.99, 100)
    target = (probabilities > 0.5).astype(int)
    tables = plot_tables(make_schema("ab", "b"), target, {"model": np.column_stack([1 - probabilities, probabilities])})
    table = tables["calibration"]
    assert table["count"].tolist() == [13, 12, 13, 12, 12, 13, 12, 13]
    assert table["observed"].tolist() == [0] * 4 + [1] * 4
    figure = draw_plots(make_schema("ab", "b"), tables, "test split")["calibration"]
    assert figure.get_suptitle() == "Calibration on the test split"
    assert "model (12 to 13 predictions a point)" in figure.axes[0].get_legend_handles_labels()[1]


def test_the_confusion_matrix_counts_predictions() -> None:
    schema = make_schema("ab", "b")
    tables = plot_tables(schema, np.array([0, 0, 0, 1]), {"model": np.eye(2)[[0, 1, 1, 1]]})
    (axes,) = draw_plots(schema, tables, "test split")["confusion"].axes
    assert np.asarray(axes.images[0].get_array()).tolist() == [[1, 2], [0, 1]]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a", "b"]


def test_the_confusion_matrix_of_a_referral_is_at_its_threshold() -> None:
    schema, referral = make_schema("ab", "b"), {"rule": "refer", "positive": "b", "threshold": 0.25}
    probabilities = np.array([[0.9, 0.1], [0.7, 0.3], [0.6, 0.4]])
    tables = plot_tables(schema, np.array([0, 0, 1]), {"model": probabilities}, referral)
    figure = draw_plots(schema, tables, "test split", referral)["confusion"]
    assert np.asarray(figure.axes[0].images[0].get_array()).tolist() == [[1, 1], [0, 1]]
    assert figure.get_suptitle() == "Confusion matrix on the test split at the threshold of 0.25"


def test_many_and_long_class_names_are_shortened_and_rotated() -> None:
    schema = SimpleNamespace(classes=tuple(f"class number {number} with a long name, $" for number in range(13)))
    schema.positive = None
    table = plot_tables(cast(Any, schema), np.arange(13), {"model": np.eye(13)})
    (axes,) = draw_plots(cast(Any, schema), table, "test split")["confusion"].axes
    assert axes.get_xticklabels()[0].get_text() == "class number 0 with a l…"
    assert axes.get_xticklabels()[0].get_rotation() == 90
