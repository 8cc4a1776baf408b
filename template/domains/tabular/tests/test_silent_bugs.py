"""Bugs that crash nothing and ruin everything: a leak, a wrong label, a model that is not the one that was trained."""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest

from .package import data, metrics, models, params, serving

Splits = dict[str, data.Split]


def quality(schema: data.Schema) -> tuple[metrics.Metric, float]:
    """A metric of the task where more is better, and what guessing gives."""
    name, chance = ("roc_auc", 0.5) if schema.task == "classification" else ("r2", 0.0)
    return metrics.metrics_for(schema.task)[name], chance


def score(name: str, train: data.Split, test: data.Split, schema: data.Schema, turned: params.Train) -> float:
    answers = models.predict(models.fit(name, train, schema, turned), test.features)
    return quality(schema)[0].score(data.encode_target(test.target, schema), answers)


def shallow(turned: params.Params, **changed: Any) -> params.Train:
    return dataclasses.replace(turned.train, shallow=dataclasses.replace(turned.train.shallow, **changed))


def ask(predictor: serving.Predictor, features: pd.DataFrame) -> metrics.Array:
    """What the demo would answer, row by row as a person would type them."""
    rows = features.to_dict("records")
    return predictor.scores([predictor.complete({str(name): row[name] for name in row}) for row in rows])


def test_shuffled_labels_teach_nothing(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    """A model that still scores well has seen the answers by another way."""
    _, chance = quality(schema)
    scores = []
    for seed in range(5):
        target = splits["train"].target.sample(frac=1, random_state=seed).set_axis(splits["train"].target.index)
        shuffled = dataclasses.replace(splits["train"], target=target)
        scores.append(score("shallow", shuffled, splits["test"], schema, turned.train))
    honest = score("shallow", splits["train"], splits["test"], schema, turned.train)
    assert np.mean(scores) < chance + 0.15
    assert honest > np.mean(scores) + 0.2


def test_a_tiny_batch_is_learnt_by_heart(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    """A model that cannot is not connected to its inputs or its labels."""
    train = splits["train"]
    groups = train.target if schema.classes else pd.Series(0, train.target.index)
    each = 24 if not schema.classes else max(24 // len(schema.classes), 4)
    rows = [
        row for _, group in groups.groupby(groups) for row in group.sample(min(each, len(group)), random_state=0).index
    ]
    tiny = data.Split(train.features.loc[rows], train.target.loc[rows])
    eager = shallow(
        turned,
        max_iter=200,
        learning_rate=0.3,
        max_leaf_nodes=16,
        min_samples_leaf=1,
        l2_regularization=0.0,
        max_features=1.0,
    )
    assert score("shallow", tiny, tiny, schema, eager) > 0.99


def test_the_served_model_is_the_trained_one(
    predictor: serving.Predictor, splits: Splits, schema: data.Schema, turned: params.Params
) -> None:
    """Trained, exported, hashed, loaded, asked row by row as the demo asks: the same answers."""
    model = models.fit(predictor.champion.record["model"], splits["train"], schema, turned.train)
    features = splits["test"].features
    np.testing.assert_allclose(ask(predictor, features), models.predict(model, features), rtol=1e-4, atol=1e-5)


def test_scores_are_of_the_served_model(predictor: serving.Predictor, splits: Splits, schema: data.Schema) -> None:
    """What the README claims is what these bytes score."""
    answers = ask(predictor, splits["test"].features)
    target = data.encode_target(splits["test"].target, schema)
    for name, metric in metrics.metrics_for(schema.task).items():
        claimed = predictor.champion.record["metrics"][name]["value"]
        assert metric.score(target, answers) == pytest.approx(claimed, rel=1e-4), name


def test_no_row_is_in_two_splits(splits: Splits, schema: data.Schema) -> None:
    if schema.repeats:
        pytest.skip("the schema says that equal rows are different cases")
    rows = {name: set(part.features.itertuples(index=False, name=None)) for name, part in splits.items()}
    assert not rows["train"] & rows["validation"]
    assert not rows["train"] & rows["test"]
    assert not rows["validation"] & rows["test"]


def test_no_input_is_the_answer(splits: Splits, schema: data.Schema) -> None:
    target = data.encode_target(splits["train"].target, schema).astype(float)
    features = splits["train"].features
    assert schema.target.name not in features
    for name in features.select_dtypes("number"):
        known = features[name].notna().to_numpy()
        assert abs(np.corrcoef(features[name][known], target[known])[0, 1]) < 0.99, f"{name} gives the answer away"


def test_more_of_the_strongest_input_moves_the_answer_its_way(
    predictor: serving.Predictor, splits: Splits, schema: data.Schema, turned: params.Params
) -> None:
    """A sign that is flipped somewhere on the way keeps every shape and every type."""
    model = models.fit("shallow", splits["train"], schema, turned.train)
    strongest = next((column["name"] for column in predictor.inputs if column["kind"] == "number"), None)
    if strongest is None:
        pytest.skip("no input is a number")
    whole = {column.name: column.whole for column in schema.features}
    train, test = splits["train"], splits["test"].features
    target = pd.Series(data.encode_target(train.target, schema), train.target.index)
    towards = float(np.sign(train.features[strongest].corr(target)))
    step = towards * max(train.features[strongest].std(), 1.0 if whole[strongest] else 0.0)
    moved = test.assign(**{strongest: (test[strongest] + step).astype(np.float32)})
    before, after = (models.predict(model, features) for features in (test, moved))
    if schema.task == "classification":
        # The last class is the one with the highest index: the one that the correlation is with.
        before, after = before[:, -1], after[:, -1]
    assert after.mean() > before.mean()


def test_the_order_of_the_rows_is_no_input(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    model = models.fit("shallow", splits["train"], schema, turned.train)
    features = splits["test"].features
    backwards = models.predict(model, features.iloc[::-1])
    np.testing.assert_array_equal(backwards[::-1], models.predict(model, features))


def test_a_row_does_not_change_its_neighbours(predictor: serving.Predictor, splits: Splits) -> None:
    features = splits["test"].features
    longer = pd.concat([features, features.head(2)])
    np.testing.assert_array_equal(ask(predictor, longer)[: len(features)], ask(predictor, features))


def test_the_order_of_the_columns_is_no_input(predictor: serving.Predictor) -> None:
    example = predictor.champion.record["examples"][0]["inputs"]
    assert predictor.predict(dict(reversed(example.items()))) == predictor.predict(example)
