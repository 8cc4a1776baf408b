"""The plots show the predictions that the scores are computed from."""

import json

import numpy as np
import pandas as pd
import pytest

from air_ahead.config import Params
from air_ahead.data.schema import Schema
from air_ahead.data.splits import Split, encode_target
from air_ahead.evaluation.plot_data import plot_tables
from air_ahead.evaluation.plots import draw_plots
from air_ahead.paths import ProjectPaths


def test_mean_over_steps_is_the_score(project: ProjectPaths, params: Params) -> None:
    scores = json.loads((project.reports / "evaluation.json").read_text(encoding="utf-8"))["validation_scores"]
    table = pd.read_csv(project.reports / "plots" / "steps.csv")
    assert set(table["model"]) == set(params.train.models)
    for name, rows in table.groupby("model"):
        assert rows["step"].tolist() == list(range(1, params.prepare.horizon + 1))
        for metric in ("mae", "coverage"):
            assert rows[metric].mean() == pytest.approx(scores[name][metric]["value"], rel=1e-4, abs=2e-6)


def test_full_horizon_has_forecast_interval_and_actual_value(
    project: ProjectPaths, splits: dict[str, Split], schema: Schema
) -> None:
    target = encode_target(splits["validation"].target, schema)
    for _, rows in pd.read_csv(project.reports / "plots" / "ahead.csv").groupby("model"):
        np.testing.assert_allclose(rows["actual"], target[:, -1], atol=1e-5)
        assert (rows["low"] <= rows["predicted"]).all()
        assert (rows["predicted"] <= rows["high"]).all()


def test_figure_shows_the_coverage_of_each_step(schema: Schema) -> None:
    target = np.array([[1.0, 2.0], [3.0, 4.0]])
    quantiles = np.stack([target - 1, target - 0.5, target - np.array([0.0, 0.25])], axis=2)
    tables = plot_tables(schema, target, {"model": quantiles})
    assert tables["steps"]["coverage"].tolist() == [1, 0]
    figures = draw_plots(schema, tables, "test split")
    assert {figure.get_suptitle().replace("\n", " ").endswith("(test split)") for figure in figures.values()} == {True}
    (axes,) = figures["coverage"].axes
    measured = [line.get_ydata() for line in axes.lines if line.get_label() == "measured"]
    assert np.asarray(measured).tolist() == [[1, 0]]
