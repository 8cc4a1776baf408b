"""Bugs that raise no error: leakage, wrong labels, a served model that differs from the trained one."""

import dataclasses
import itertools

import numpy as np
import pandas as pd
import pytest

from late_flights.config import Params
from late_flights.data.loading import read_raw
from late_flights.data.schema import Schema
from late_flights.data.splits import SPLITS, Split, encode_target, split
from late_flights.data.validation import validate
from late_flights.evaluation.metrics import METRICS
from late_flights.models.base import Model, TrainingContext, fit_model
from late_flights.paths import ProjectPaths
from late_flights.serving.predictor import Predictor

from .conftest import MODELS
from .expectations import CHANCE, METRIC, check_published, expected_target

Splits = dict[str, Split]
TRAINED = [name for name in MODELS if name != "baseline"]


def fit(name: str, train: Split, schema: Schema, params: Params) -> Model:
    return fit_model(name, train, schema, params.train, TrainingContext(params.train.seed))


def score(model: Model, split: Split, schema: Schema) -> float:
    return METRIC.score(encode_target(split.target, schema), model.predict(split.features))


def serve(predictor: Predictor, features: pd.DataFrame) -> np.ndarray:
    """Predict as the demo does, with inputs as a user enters them."""
    rows = features.to_dict("records")
    return predictor.scores([predictor.complete({str(name): row[name] for name in row}) for row in rows])


@pytest.mark.parametrize("name", TRAINED)
def test_shuffled_labels_score_at_chance(splits: Splits, schema: Schema, params: Params, name: str) -> None:
    scores = []
    for seed in range(3):
        target = splits["train"].target.sample(frac=1, random_state=seed).set_axis(splits["train"].target.index)
        model = fit(name, dataclasses.replace(splits["train"], target=target), schema, params)
        scores.append(score(model, splits["test"], schema))
    assert np.mean(scores) < CHANCE + 0.2
    assert score(fit(name, splits["train"], schema, params), splits["test"], schema) > np.mean(scores) + 0.2


@pytest.mark.parametrize("name", TRAINED)
def test_every_model_learns_the_training_data(splits: Splits, schema: Schema, params: Params, name: str) -> None:
    assert score(fit(name, splits["train"], schema, params), splits["train"], schema) > CHANCE + 0.25


def test_splits_are_disjoint(splits: Splits, schema: Schema) -> None:
    if schema.repeats:
        pytest.skip("equal rows are different samples")
    rows = {name: set(part.features.itertuples(index=False, name=None)) for name, part in splits.items()}
    for first, second in itertools.combinations(SPLITS, 2):
        common = rows[first] & rows[second]
        assert not common, f"{len(common)} rows are in {first} and in {second}"


def test_training_rows_do_not_depend_on_the_other_splits(
    prepared_project: ProjectPaths, schema: Schema, params: Params
) -> None:
    table = validate(read_raw(prepared_project.raw, schema), schema)
    if not schema.repeats:
        table = table.drop_duplicates([column.name for column in schema.features], ignore_index=True)
    train = split(table, schema, params.prepare)["train"].features
    numbers = [column.name for column in schema.features if column.kind == "number"]
    others = ~table.index.isin(train.index)
    changed = table.assign(**{name: table[name].mask(others, 3.7 * table[name] + 0.1) for name in numbers})
    pd.testing.assert_frame_equal(split(changed, schema, params.prepare)["train"].features, train)


def test_no_feature_is_the_target(splits: Splits, schema: Schema) -> None:
    target = encode_target(splits["train"].target, schema).astype(float)
    features = splits["train"].features
    assert schema.target.name not in features
    for name in features.select_dtypes("number"):
        known = features[name].notna().to_numpy()
        assert abs(np.corrcoef(features[name][known], target[known])[0, 1]) < 0.99, f"{name} leaks the target"


def test_served_predictions_equal_trained_predictions(
    predictor: Predictor, splits: Splits, schema: Schema, params: Params
) -> None:
    model = fit(predictor.champion.record["model"], splits["train"], schema, params)
    features = splits["test"].features
    expected = model.predict(features)
    # ONNX Runtime adds up trees in float32: near zero, the difference is relative to the largest prediction.
    scale = max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(serve(predictor, features), expected, rtol=1e-4, atol=1e-5 * scale)


def test_published_scores_are_those_of_the_served_model(predictor: Predictor, splits: Splits, schema: Schema) -> None:
    predictions = serve(predictor, splits["test"].features)
    target = encode_target(splits["test"].target, schema)
    for name, metric in METRICS.items():
        published = predictor.champion.record["metrics"][name]["value"]
        assert metric.score(target, predictions) == pytest.approx(published, rel=1e-4), name


def test_predictions_of_the_demo_are_as_good_as_published(predictor: Predictor, splits: Splits) -> None:
    rows = splits["test"].features.to_dict("records")
    predictions = [predictor.predict({str(name): value for name, value in row.items()}) for row in rows]
    check_published(predictions, splits["test"].target, predictor.champion.record["metrics"])


def test_the_most_important_input_has_the_right_sign(
    predictor: Predictor, splits: Splits, schema: Schema, params: Params
) -> None:
    # The coefficients of a linear model may have either sign where inputs are correlated.
    model = fit("boosting" if "boosting" in TRAINED else TRAINED[-1], splits["train"], schema, params)
    strongest = next((column["name"] for column in predictor.inputs if column["kind"] == "number"), None)
    if strongest is None:
        pytest.skip("no input is a number")
    whole = {column.name: column.whole for column in schema.features}
    train, test = splits["train"], splits["test"].features
    target = pd.Series(encode_target(train.target, schema), train.target.index)
    sign = float(np.sign(train.features[strongest].corr(target)))
    step = sign * max(train.features[strongest].std(), 1.0 if whole[strongest] else 0.0)
    moved = test.assign(**{strongest: (test[strongest] + step).astype(np.float32)})
    assert expected_target(model.predict(moved)).mean() > expected_target(model.predict(test)).mean()


def test_other_rows_do_not_change_a_prediction(predictor: Predictor, splits: Splits) -> None:
    features = splits["test"].features
    longer = pd.concat([features, features.head(2)])
    expected = serve(predictor, features)
    # The float32 products of a linear model differ in the last digit with the number of rows.
    scale = max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(serve(predictor, longer)[: len(features)], expected, rtol=1e-6, atol=1e-6 * scale)


def test_the_order_of_inputs_does_not_matter(predictor: Predictor) -> None:
    example = predictor.champion.record["examples"][0]["inputs"]
    assert predictor.predict(dict(reversed(example.items()))) == predictor.predict(example)
