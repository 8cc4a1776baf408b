"""The points of the plots are those that the scores were counted from, and every model has its place."""

import json

import numpy as np
import pandas as pd
import pytest

from .package import Layout, curves, data, params, plots


def test_points_and_scores_are_of_the_same_answers(project: Layout, turned: params.Params, schema: data.Schema) -> None:
    scores = json.loads((project.reports / "evaluation.json").read_text(encoding="utf-8"))["scores"]
    table = pd.read_csv(project.reports / "plots" / "predictions.csv", keep_default_na=False)
    assert set(table["model"]) == set(turned.train.models)
    for name, rows in table.groupby("model"):
        if schema.classes:
            right = rows["predicted"].astype(str) == rows["actual"].astype(str)
            assert right.mean() == scores[name]["accuracy"]["value"]
        else:
            error = (rows["predicted"] - rows["actual"]).abs().mean()
            assert error == pytest.approx(scores[name]["mae"]["value"], rel=1e-4, abs=2e-6)


def test_the_roc_curve_of_a_perfect_ranking_goes_by_the_corner(schema: data.Schema) -> None:
    if not schema.classes:
        pytest.skip("numbers are not ranked")
    positive = schema.classes.index(schema.positive) if schema.positive else len(schema.classes) - 1
    target = np.where(np.arange(40) < 20, positive, 0 if positive else 1)
    answers = np.eye(len(schema.classes))[target] * 0.8 + 0.2 / len(schema.classes)
    tables = curves.fit_tables(schema, target, {"model": answers})
    points = tables["roc"][["false_positive_rate", "true_positive_rate"]].to_numpy().tolist()
    assert points[0] == [0, 0]
    assert [0, 1] in points
    assert points[-1] == [1, 1]
    assert tables["calibration"]["observed"].tolist() == [0, 1]


def test_pictures_show_the_points(schema: data.Schema) -> None:
    if schema.classes:
        answers = np.eye(len(schema.classes))[[0, 1, 1, 1]]
        tables = curves.fit_tables(schema, np.array([0, 0, 0, 1]), {"model": answers})
        (axes,) = plots.fit_figures(schema, tables)["confusion"].axes
        assert np.asarray(axes.images[0].get_array())[:2, :2].tolist() == [[1, 2], [0, 1]]
    else:
        tables = curves.fit_tables(schema, np.array([1.0, 4.0]), {"model": np.array([2.0, 3.0])})
        (axes,) = plots.fit_figures(schema, tables)["residuals"].axes
        assert np.asarray(axes.collections[0].get_offsets()).tolist() == [[2, -1], [3, 1]]
