"""The points of the plots are those that the scores were counted from, and every model and class has its place."""

import json

import numpy as np
import pandas as pd

from .package import Layout, curves, data, params, plots


def test_points_and_scores_are_of_the_same_answers(project: Layout, turned: params.Params) -> None:
    scores = json.loads((project.reports / "evaluation.json").read_text(encoding="utf-8"))["scores"]
    table = pd.read_csv(project.reports / "plots" / "predictions.csv", dtype=str, keep_default_na=False)
    assert set(table["model"]) == set(turned.train.models)
    for name, rows in table.groupby("model"):
        assert (rows["predicted"] == rows["actual"]).mean() == scores[name]["accuracy"]["value"]


def test_calibration_compares_the_stated_with_the_true_share(schema: data.Schema) -> None:
    """Sure of every answer by 90 %, and right four times of five."""
    classes = len(schema.classes)
    target = np.zeros(100, dtype=int)
    answers = np.full((100, classes), 0.1 / (classes - 1))
    answers[np.arange(100), (np.arange(100) % 5 == 0).astype(int)] = 0.9
    table = curves.fit_tables(schema, target, {"model": answers})["calibration"]
    assert np.isclose(table["confidence"].mean(), 0.9)
    assert np.isclose(table["accuracy"].mean(), 0.8)


def test_the_confusion_shows_who_is_taken_for_whom(schema: data.Schema) -> None:
    first, second = schema.classes[:2]
    answers = np.eye(len(schema.classes))[[0, 1, 1, 1]]
    tables = curves.fit_tables(schema, np.array([0, 0, 0, 1]), {"model": answers})
    (axes,) = plots.fit_figures(schema, tables)["confusion"].axes
    shown = np.asarray(axes.images[0].get_array())
    assert shown.shape == (len(schema.classes),) * 2
    assert shown[:2, :2].tolist() == [[1, 2], [0, 1]], f"{first} is taken for {second} twice"
    assert [label.get_text() for label in axes.get_yticklabels()] == list(schema.classes)
