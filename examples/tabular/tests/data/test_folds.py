"""Folds predict each row at most once, by a model that was fitted without it."""

from pathlib import Path

import numpy as np
import pytest

from late_flights.config import Params
from late_flights.data.folds import Folds, random_folds, read_folds, rolling_folds, write_folds
from late_flights.data.schema import Schema
from late_flights.data.splits import Split, join
from late_flights.evaluation.candidate import FOLDS, Candidate
from late_flights.models.base import TrainingContext, fit_model
from late_flights.paths import ProjectPaths

CLASSES = np.array(["a", "b"] * 20)


def test_random_folds_predict_each_row_once_and_keep_the_proportions_of_the_classes() -> None:
    folds = random_folds(5, CLASSES, seed=0)
    assert folds
    assert folds.predicted.sum(axis=0).tolist() == [1] * len(CLASSES)
    assert (folds.fitted == ~folds.predicted).all()
    assert [(CLASSES[fold] == "a").sum() for fold in folds.predicted] == [4] * 5
    assert folds.describe() == {"count": 5, "rows": 40, "rolling": False}


def test_a_group_is_fitted_or_predicted_as_a_whole() -> None:
    groups = np.arange(len(CLASSES)) // 4
    folds = random_folds(5, CLASSES, seed=0, groups=groups)
    assert folds
    for fitted, predicted in zip(folds.fitted, folds.predicted, strict=True):
        assert not set(groups[fitted]) & set(groups[predicted])


def test_rare_classes_have_fewer_folds_or_none() -> None:
    rare = random_folds(5, ["a"] * 20 + ["b"] * 3, seed=0)
    assert rare
    assert len(rare.fitted) == 3
    assert random_folds(5, ["a"] * 20 + ["b"], seed=0) is None
    assert random_folds(1, CLASSES, seed=0) is None


def test_rolling_folds_fit_the_rows_before_those_that_they_predict() -> None:
    folds = rolling_folds(5, np.zeros(40))
    assert folds
    assert folds.describe() == {"count": 5, "rows": 20, "rolling": True}
    assert [int(fold.sum()) for fold in folds.fitted] == [20, 24, 28, 32, 36]
    assert np.flatnonzero(folds.rows).tolist() == list(range(20, 40))


def test_rolling_folds_without_a_class_to_fit_are_left_out() -> None:
    late = np.array(["a"] * 30 + ["b", "a"] * 5)
    folds = rolling_folds(5, late)
    assert folds
    assert [int(fold.sum()) for fold in folds.fitted] == [32, 36]
    assert rolling_folds(5, np.array(["a"] * 36 + ["b"] * 4)) is None
    assert rolling_folds(5, np.zeros(9)) is None


def test_folds_are_written_and_read(tmp_path: Path) -> None:
    assert read_folds(tmp_path) is None
    folds = rolling_folds(2, np.zeros(8))
    write_folds(folds, tmp_path)
    read = read_folds(tmp_path)
    assert read
    assert folds
    np.testing.assert_equal((read.fitted, read.predicted), (folds.fitted, folds.predicted))


@pytest.fixture
def folds(prepared_project: ProjectPaths) -> Folds:
    folds = read_folds(prepared_project.prepared)
    return folds or pytest.skip("too few rows for folds")


def test_no_fold_fits_what_it_predicts(folds: Folds) -> None:
    assert not (folds.fitted & folds.predicted).any()
    assert (folds.predicted.sum(axis=0) <= 1).all()


def test_predictions_are_those_of_the_model_that_was_fitted_without_the_row(
    project: ProjectPaths, folds: Folds, splits: dict[str, Split], schema: Schema, params: Params
) -> None:
    name, rows = params.train.models[1], join(splits)
    saved = Candidate.read(project.candidate(name)).predictions[FOLDS]
    model = fit_model(name, rows.take(folds.fitted[-1]), schema, params.train, TrainingContext(params.train.seed))
    predicted = model.predict(rows.take(folds.predicted[-1]).features)
    np.testing.assert_allclose(saved[folds.predicted[-1][folds.rows]], predicted)
