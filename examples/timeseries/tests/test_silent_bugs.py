"""Bugs that crash nothing and ruin everything: a look ahead, a wrong step, a model that is not the one trained."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from .package import Layout, data, metrics, models, params, serving

Splits = dict[str, data.Split]
MAE = metrics.FORECAST["mae"]


def error(name: str, train: data.Split, test: data.Split, schema: data.Schema, turned: params.Train) -> float:
    answers = models.predict(models.fit(name, train, schema, turned), test.features)
    return MAE.score(data.encode_target(test.target, schema), answers)


def ask(predictor: serving.Predictor, part: data.Split) -> metrics.Array:
    """What the demo would answer at each origin of a split, asked by date as a person would."""
    days = [str(data.day_of(origin + 1)) for origin in pd.PeriodIndex(part.features.index)]
    answers = [predictor.predict({"today": day}) for day in days]
    return np.array([np.column_stack([answer.low, answer.median, answer.high]) for answer in answers])


def test_shuffled_targets_teach_nothing(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    """What comes after a history, given to another one: a model that still forecasts well sees it by another way."""
    train = splits["train"]
    level = train.features["ago_0"].to_numpy()[:, None]
    change = train.target.to_numpy() - level
    honest = error("shallow", train, splits["test"], schema, turned.train)
    errors = []
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(len(change))
        shuffled = dataclasses.replace(train, target=(train.target * 0 + level + change[order]).astype(np.float32))
        errors.append(error("shallow", shuffled, splits["test"], schema, turned.train))
    naive = error("baseline", train, splits["test"], schema, turned.train)
    assert np.mean(errors) > 0.75 * naive, "no skill over what was a season before"
    assert np.mean(errors) > 2 * honest


def test_a_tiny_batch_is_learnt_by_heart(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    """A model that cannot is not connected to its inputs or its targets."""
    rows = splits["train"]
    count = max(rows.features.shape[1] // 2, rows.target.shape[1] + data.FOLDS)
    few = slice(0, None, max(1, len(rows.target) // count))
    tiny = data.Split(rows.features.iloc[few][:count], rows.target.iloc[few][:count])
    eager = dataclasses.replace(turned.train, shallow=params.Shallow(alpha=1e-6))
    assert error("shallow", tiny, tiny, schema, eager) < 0.02 * error("baseline", tiny, tiny, schema, eager)


def test_the_served_model_is_the_trained_one(
    predictor: serving.Predictor, splits: Splits, schema: data.Schema, turned: params.Params
) -> None:
    """Trained, exported, hashed, loaded, asked by date over the whole test split: the same answers."""
    model = models.fit(predictor.champion.record["model"], splits["train"], schema, turned.train)
    np.testing.assert_allclose(
        ask(predictor, splits["test"]), models.predict(model, splits["test"].features), rtol=1e-5, atol=1e-3
    )


def test_scores_are_of_the_served_model(predictor: serving.Predictor, splits: Splits, schema: data.Schema) -> None:
    """What the README claims is what these bytes score."""
    answers = ask(predictor, splits["test"])
    target = data.encode_target(splits["test"].target, schema)
    for name, metric in metrics.FORECAST.items():
        claimed = predictor.champion.record["metrics"][name]["value"]
        assert metric.score(target, answers) == pytest.approx(claimed, rel=1e-4), name


def test_no_step_is_forecast_in_two_splits(splits: Splits) -> None:
    forecast = {
        name: {
            origin + step for origin in pd.PeriodIndex(part.target.index) for step in range(1, 1 + len(part.target.T))
        }
        for name, part in splits.items()
    }
    assert not forecast["train"] & forecast["validation"]
    assert not forecast["train"] & forecast["test"]
    assert not forecast["validation"] & forecast["test"]


def test_no_target_is_among_its_own_features(splits: Splits) -> None:
    """The history ends at the origin; the value of the step after it first shows up one row later."""
    for part in splits.values():
        steps = np.diff(pd.PeriodIndex(part.features.index).asi8)
        follows = np.flatnonzero(steps == 1)
        np.testing.assert_array_equal(
            part.target["ahead_1"].to_numpy()[follows], part.features["ago_0"].to_numpy()[follows + 1]
        )
        assert not np.array_equal(part.target["ahead_1"], part.features["ago_0"])


def test_another_future_changes_nothing_that_is_learnt_from(
    splits: Splits, schema: data.Schema, turned: params.Params, project: Layout
) -> None:
    """The raw series changed after the training split: not one feature or target of that may move."""
    table = data.validate(data.read_raw(project.raw, schema), schema)
    border = data.day_of(splits["train"].target.index[-1] + turned.prepare.horizon + 1)
    later = table["date"] >= np.datetime64(border)
    changed = table.assign(value=table["value"].where(~later, table["value"].max()))
    train = data.split(changed, schema, turned.prepare)["train"]
    pd.testing.assert_frame_equal(train.features, splits["train"].features)
    pd.testing.assert_frame_equal(train.target, splits["train"].target)
    assert later.any()


def test_raising_the_series_raises_the_forecast(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    """A model that has learnt the level by heart would fail in the first season that is higher than all before."""
    features = splits["test"].features
    for name in turned.train.models:
        model = models.fit(name, splits["train"], schema, turned.train)
        before, after = models.predict(model, features), models.predict(model, features + np.float32(50))
        np.testing.assert_allclose(after - before, 50, atol=0.01, err_msg=name)


def test_steps_in_another_order_are_another_history(
    predictor: serving.Predictor, splits: Splits, schema: data.Schema
) -> None:
    features, target = splits["test"].features, data.encode_target(splits["test"].target, schema)
    right, reversed_ = (
        MAE.score(target, predictor.forecast(one)) for one in (features.to_numpy(), features.to_numpy()[:, ::-1].copy())
    )
    assert reversed_ > 1.5 * right


def test_a_season_is_continued(predictor: serving.Predictor, splits: Splits) -> None:
    """A step that is off by one, or a sign that is flipped, keeps every shape and every type."""
    history, horizon = splits["test"].features.shape[1], splits["test"].target.shape[1]
    season = predictor.season if predictor.season > 1 else 10  # as `raw.py` draws years
    wave = 5 * np.sin(2 * np.pi * np.arange(history + horizon) / season)
    features = splits["test"].features.to_numpy()
    before, after = (predictor.forecast(one)[:, :, 1] for one in (features, features + np.float32(wave[:history])))
    assert np.corrcoef((after - before).mean(axis=0), wave[history:])[0, 1] > 0.7 or horizon < 3


def test_the_order_of_the_origins_is_no_input(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    model = models.fit("shallow", splits["train"], schema, turned.train)
    features = splits["test"].features
    backwards = models.predict(model, features.iloc[::-1])
    np.testing.assert_allclose(backwards[::-1], models.predict(model, features), rtol=1e-12)
