"""Plot tables hold the evaluated predictions, and figures show them."""

import json

import numpy as np
import pandas as pd
import pytest

from project_package.data.schema import Schema
from project_package.evaluation.plot_data import plot_tables
from project_package.evaluation.plots import draw_plots
from project_package.paths import ProjectPaths

from ..conftest import MODELS


def test_predictions_have_the_error_of_the_evaluation(project: ProjectPaths) -> None:
    scores = json.loads((project.reports / "evaluation.json").read_text(encoding="utf-8"))["validation_scores"]
    table = pd.read_csv(project.reports / "plots" / "predictions.csv")
    assert set(table["model"]) == set(MODELS)
    for name, rows in table.groupby("model"):
        error = (rows["predicted"] - rows["actual"]).abs().mean()
        assert error == pytest.approx(scores[name]["mae"]["value"], rel=1e-4, abs=2e-6)


def test_residuals_are_predicted_minus_actual_as_in_the_report_of_errors(schema: Schema) -> None:
    tables = plot_tables(schema, np.array([1.0, 4.0]), {"model": np.array([2.0, 3.0])})
    figure = draw_plots(schema, tables, "test split")["residuals"]
    assert np.asarray(figure.axes[0].collections[0].get_offsets()).tolist() == [[2, 1], [3, -1]]
    assert figure.get_suptitle() == "Residuals on the test split, n = 2"
