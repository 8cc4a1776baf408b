"""A scikit-learn model predicts the same after its export, and importance measures what it uses."""

import dataclasses
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from sklearn import ensemble

from late_flights.config import Params
from late_flights.data.schema import Column, Schema
from late_flights.data.splits import Split
from late_flights.evaluation.candidate import Candidate
from late_flights.evaluation.demo_metadata import permutation_importance
from late_flights.evaluation.scores import primary_metric
from late_flights.models.base import TrainingContext, fit_model
from late_flights.models.inference import export_difference
from late_flights.models.sklearn_model import fit_sklearn
from late_flights.paths import ProjectPaths

from ..expectations import baseline_predictions, expected_target


def test_the_baseline_ignores_the_inputs(splits: dict[str, Split], schema: Schema, params: Params) -> None:
    model = fit_model("baseline", splits["train"], schema, params.train, TrainingContext(0))
    features = splits["test"].features
    expected = baseline_predictions(splits["train"], schema, len(features))
    np.testing.assert_allclose(model.predict(features), expected, rtol=1e-6)


@pytest.mark.parametrize("name", ["HistGradientBoosting", "GradientBoosting", "RandomForest", "ExtraTrees"])
def test_an_input_equal_to_a_threshold_is_predicted_the_same(
    name: str, splits: dict[str, Split], schema: Schema
) -> None:
    """Trees split halfway, for example at 1.7 between 1.6 and 1.8; 1.7 as float32 is less than 1.7 as float64."""
    schema = dataclasses.replace(schema, features=(Column("size", "Size", "number"),))
    tenths = np.arange(100, dtype=np.float32) / np.float32(10)
    lowest, highest = splits["train"].target.sort_values().iloc[[0, -1]]
    target = pd.Series([lowest, highest] * 200)  # alternates, so that trees split between all values
    train = Split(pd.DataFrame({"size": np.tile(tenths[::2], 8)}), target)
    kind = "Classifier" if schema.classes else "Regressor"
    arguments = {"min_samples_leaf": 1, "random_state": 0}
    model = fit_sklearn(getattr(ensemble, name + kind)(**arguments), train, schema)
    between = pd.DataFrame({"size": tenths[1::2]})
    assert export_difference(model, model.export_onnx(), between, schema) < 1e-5


def test_parts_of_dates_and_many_categories_are_learned_and_exported(splits: dict[str, Split], schema: Schema) -> None:
    """The target follows from the weekday, and then from one of 60 categories; the export agrees on unseen values."""
    levels = tuple(f"shop {number:02}" for number in range(60))
    features = (Column("day", "Day", "date", nullable=True), Column("shop", "Shop", "category", choices=levels))
    own = dataclasses.replace(schema, features=features)
    days = np.arange(-9000, 21000, 10, dtype=np.float32)  # from 1945 to 2027
    shops = pd.Series([levels[row % 59] for row in range(len(days))])
    rows = pd.DataFrame({"day": days, "shop": shops})
    lowest, highest = splits["train"].target.sort_values().iloc[[0, -1]]
    unseen = pd.DataFrame({"day": np.array([0, np.nan, 1], np.float32), "shop": [levels[59], levels[0], "unknown"]})
    kind = "Classifier" if schema.classes else "Regressor"
    for chosen in ((days + 3) % 7 >= 5, shops.isin(levels[::2]).to_numpy()):
        target = pd.Series(np.where(chosen, highest, lowest))
        model = fit_sklearn(getattr(ensemble, f"HistGradientBoosting{kind}")(random_state=0), Split(rows, target), own)
        predicted = expected_target(model.predict(rows))
        assert predicted[chosen].mean() - predicted[~chosen].mean() > 0.9 * (predicted.max() - predicted.min())
        assert export_difference(model, model.export_onnx(), pd.concat([rows, unseen]), own) < 1e-5


def test_an_unused_input_has_no_importance(
    project: ProjectPaths, splits: dict[str, Split], schema: Schema, params: Params
) -> None:
    exported = Candidate.read(project.candidate("baseline")).exported
    metric = primary_metric(params.evaluate.metric)
    importance = permutation_importance(exported, splits["validation"], schema, metric, seed=0)
    assert importance == pytest.approx({column.name: 0 for column in schema.features})


def test_rows_of_one_case_are_together_inside_of_training(splits: dict[str, Split], schema: Schema) -> None:
    """Neither the rows that stop the training early nor the folds of an encoder separate the rows of a case."""
    levels = tuple(f"shop {number:02}" for number in range(60))
    features = (Column("number", "Number", "number"), Column("shop", "Shop", "category", choices=levels))
    own = dataclasses.replace(schema, features=features)
    shop = np.tile(np.arange(60), 4)
    rows = pd.DataFrame({"number": shop.astype(np.float32), "shop": [levels[number] for number in shop]})
    lowest, highest = splits["train"].target.sort_values().iloc[[0, -1]]
    train = Split(rows, pd.Series(np.where(shop % 2, highest, lowest)), pd.Series(shop))
    kind = "Classifier" if schema.classes else "Regressor"
    trees = getattr(ensemble, f"HistGradientBoosting{kind}")(early_stopping=True, random_state=0)
    with mock.patch.object(type(trees), "fit", autospec=True, side_effect=type(trees).fit) as fit:
        fit_sklearn(trees, train, own)
    encoded, numbers = fit.call_args.args[1], fit.call_args.kwargs["X_val"][:, -1]
    assert len(numbers) == len(rows) - len(encoded) > 0
    assert not set(numbers) & set(encoded[:, -1])
    # A shop is not in the folds that it is encoded from, so that it gets their mean; with more classes, 0 or 1.
    assert len(set(encoded[:, 0])) <= 5
