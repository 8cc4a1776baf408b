"""The points of the plots are those that the scores were counted from, and every model and step has its place."""

import json

import numpy as np
import pandas as pd
import pytest

from .package import Layout, curves, data, params, plots


def test_points_and_scores_are_of_the_same_answers(project: Layout, turned: params.Params) -> None:
    scores = json.loads((project.reports / "evaluation.json").read_text(encoding="utf-8"))["scores"]
    table = pd.read_csv(project.reports / "plots" / "steps.csv", keep_default_na=False)
    assert set(table["model"]) == set(turned.train.models)
    for name, rows in table.groupby("model"):
        assert rows["step"].tolist() == list(range(1, turned.prepare.horizon + 1))
        for metric in ("mae", "coverage"):
            assert rows[metric].mean() == pytest.approx(scores[name][metric]["value"], rel=1e-4, abs=2e-6)


def test_the_forecast_at_the_full_horizon_stands_beside_what_came(
    project: Layout, splits: dict[str, data.Split], schema: data.Schema, turned: params.Params
) -> None:
    table = pd.read_csv(project.reports / "plots" / "ahead.csv", keep_default_na=False)
    target = data.encode_target(splits["test"].target, schema)
    for _, rows in table.groupby("model"):
        np.testing.assert_allclose(rows["actual"], target[:, -1], atol=1e-5)
        assert (rows["low"] <= rows["predicted"]).all()
        assert (rows["predicted"] <= rows["high"]).all()


def test_pictures_show_the_points(schema: data.Schema) -> None:
    truth = np.array([[1.0, 2.0], [3.0, 4.0]])
    answers = np.stack([truth - 1, truth - 0.5, truth - np.array([0.0, 0.25])], axis=2)
    tables = curves.fit_tables(schema, truth, {"model": answers})
    assert tables["steps"]["coverage"].tolist() == [1, 0]
    (axes,) = plots.fit_figures(schema, tables)["coverage"].axes
    drawn = [line.get_ydata() for line in axes.lines if line.get_label() == "measured"]
    assert np.asarray(drawn).tolist() == [[1, 0]]
