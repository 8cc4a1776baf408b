"""Bugs that raise no error and spoil the result: leakage, an offset by one step, a served model that is another one."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from air_ahead.config import Params
from air_ahead.data.loading import read_raw
from air_ahead.data.schema import Schema
from air_ahead.data.series import first_day
from air_ahead.data.splits import FOLDS, Split, encode_target, split
from air_ahead.data.validation import validate
from air_ahead.evaluation.metrics import METRICS
from air_ahead.models.base import TrainingContext, fit_model
from air_ahead.paths import ProjectPaths
from air_ahead.serving.predictor import Predictor

Splits = dict[str, Split]


def mae(name: str, train: Split, test: Split, schema: Schema, params: Params) -> float:
    model = fit_model(name, train, schema, params.train, TrainingContext(params.train.seed))
    return METRICS["mae"].score(encode_target(test.target, schema), model.predict(test.features))


def served_predictions(predictor: Predictor, part: Split) -> NDArray[np.float64]:
    """Return what the demo predicts for the origins of a split, by date."""
    days = [str(first_day(origin + 1)) for origin in pd.PeriodIndex(part.features.index)]
    predictions = [predictor.predict({"today": day}) for day in days]
    return np.array([np.column_stack([entry.low, entry.median, entry.high]) for entry in predictions])


def test_shuffled_targets_teach_nothing(splits: Splits, schema: Schema, params: Params) -> None:
    """A model that forecasts well after a training on the futures of other histories sees the target elsewhere."""
    train, test = splits["train"], splits["test"]
    level = train.features["ago_0"].to_numpy()[:, None]
    change = train.target.to_numpy() - level
    errors = []
    for seed in range(5):
        shuffled = level + np.random.default_rng(seed).permutation(change)
        target = pd.DataFrame(shuffled, train.target.index, train.target.columns)
        errors.append(mae("ridge", dataclasses.replace(train, target=target), test, schema, params))
    assert np.mean(errors) > 0.75 * mae("baseline", train, test, schema, params)
    assert np.mean(errors) > 2 * mae("ridge", train, test, schema, params)


def test_overfits_a_small_batch(splits: Splits, schema: Schema, params: Params) -> None:
    """A model that cannot is not connected to its inputs or its target."""
    train = splits["train"]
    count = max(train.features.shape[1] // 2, train.target.shape[1] + FOLDS)
    rows = slice(0, None, max(1, len(train.target) // count))
    batch = Split(train.features.iloc[rows][:count], train.target.iloc[rows][:count])
    hyperparameters = {**params.train.hyperparameters, "ridge": {"alpha": 1e-6}}
    flexible = dataclasses.replace(params, train=dataclasses.replace(params.train, hyperparameters=hyperparameters))
    assert mae("ridge", batch, batch, schema, flexible) < 0.02 * mae("baseline", batch, batch, schema, params)


def test_served_predictions_equal_trained_predictions(
    predictor: Predictor, splits: Splits, schema: Schema, params: Params
) -> None:
    """Export, hash, load and lookup by date change nothing."""
    context = TrainingContext(params.train.seed)
    model = fit_model(predictor.champion.record["model"], splits["train"], schema, params.train, context)
    trained = model.predict(splits["test"].features)
    np.testing.assert_allclose(served_predictions(predictor, splits["test"]), trained, rtol=1e-5, atol=1e-3)


def test_reported_scores_are_those_of_the_served_model(predictor: Predictor, splits: Splits, schema: Schema) -> None:
    predictions, target = served_predictions(predictor, splits["test"]), encode_target(splits["test"].target, schema)
    for name, metric in METRICS.items():
        reported = predictor.champion.record["metrics"][name]["value"]
        assert metric.score(target, predictions) == pytest.approx(reported, rel=1e-4), name


def test_target_is_not_among_the_features(splits: Splits) -> None:
    """The value of the first step ahead becomes the last value of the history one row later."""
    for part in splits.values():
        consecutive = np.flatnonzero(np.diff(pd.PeriodIndex(part.features.index).asi8) == 1)
        ahead, last = part.target["ahead_1"].to_numpy(), part.features["ago_0"].to_numpy()
        np.testing.assert_array_equal(ahead[consecutive], last[consecutive + 1])
        assert not np.array_equal(ahead, last)


def test_later_values_do_not_change_the_training_split(
    splits: Splits, schema: Schema, params: Params, prepared_project: ProjectPaths
) -> None:
    table = validate(read_raw(prepared_project.raw, schema), schema)
    end = first_day(splits["train"].target.index[-1] + params.prepare.horizon + 1)
    later = table["date"] >= np.datetime64(end)
    changed = table.assign(value=table["value"].where(~later, 2 * table["value"].abs().max() + 1))
    train = split(changed, schema, params.prepare)["train"]
    assert later.any()
    pd.testing.assert_frame_equal(train.features, splits["train"].features)
    pd.testing.assert_frame_equal(train.target, splits["train"].target)


def test_reversed_history_gives_a_worse_forecast(predictor: Predictor, splits: Splits, schema: Schema) -> None:
    features, target = splits["test"].features.to_numpy(), encode_target(splits["test"].target, schema)
    error, reversed_error = (
        METRICS["mae"].score(target, predictor.forecast(history)) for history in (features, features[:, ::-1].copy())
    )
    assert reversed_error > 1.5 * error


def test_added_season_is_continued(predictor: Predictor, splits: Splits) -> None:
    """An offset by one step or a wrong sign would shift the season."""
    features, horizon = splits["test"].features.to_numpy(), splits["test"].target.shape[1]
    history = features.shape[1]
    cycle = predictor.season if predictor.season > 1 else 10  # the cycle of the synthetic yearly series
    wave = 5 * np.sin(2 * np.pi * np.arange(history + horizon) / cycle)
    raised = features + wave[:history].astype(np.float32)
    change = (predictor.forecast(raised) - predictor.forecast(features))[:, :, 1].mean(axis=0)
    assert horizon < 3 or np.corrcoef(change, wave[history:])[0, 1] > 0.7


def test_forecast_does_not_depend_on_other_rows(predictor: Predictor, splits: Splits) -> None:
    histories = splits["test"].features.to_numpy()[:20]
    together = predictor.forecast(histories)
    for history, expected in zip(histories, together, strict=True):
        np.testing.assert_allclose(predictor.forecast(history[None])[0], expected, rtol=1e-6)
