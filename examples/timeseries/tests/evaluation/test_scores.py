"""Bootstrap intervals contain the score, narrow with more data, and are left out where there is too little."""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from air_ahead.config import Evaluate
from air_ahead.evaluation import scores
from air_ahead.evaluation.base import Metric
from air_ahead.evaluation.scores import MIN_UNITS_OF_AN_INTERVAL, Truth, score_models, score_slices

MAE = Metric("Error", lambda target, prediction: float(np.abs(target - prediction).mean()), higher_is_better=False)
PARAMS = Evaluate(metric="mae", margin=0.1, confidence=0.95, resamples=200, seed=0, slices=[])


def independent(target: Any) -> Truth:
    """Rows that are independent by every method of resampling: a group each, and a horizon of one."""
    return Truth(np.asarray(target, dtype=float)[:, None], np.arange(len(target)))


def noise(rows: int, scale: float = 1.0) -> np.ndarray:
    return np.random.default_rng(1).normal(scale=scale, size=(rows, 1))


@pytest.fixture(autouse=True)
def only_mae(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scores, "METRICS", {"mae": MAE})


def test_an_interval_contains_the_score_and_narrows_with_more_rows() -> None:
    widths = []
    for rows in (40, 1000):
        score = score_models(independent(np.zeros(rows)), {"model": noise(rows)}, PARAMS)["model"]["mae"]
        assert score["low"] < score["value"] < score["high"]
        widths.append(score["high"] - score["low"])
    assert widths[1] < widths[0] / 2


def test_the_same_seed_gives_the_same_interval() -> None:
    first, second = (score_models(independent(np.zeros(50)), {"model": noise(50)}, PARAMS) for _ in range(2))
    assert first == second


def test_few_rows_have_no_interval() -> None:
    rows = MIN_UNITS_OF_AN_INTERVAL - 1
    score = score_models(independent(np.zeros(rows)), {"model": noise(rows)}, PARAMS)["model"]["mae"]
    assert (score["low"], score["high"]) == (None, None)


def test_a_metric_without_an_interval_has_its_value() -> None:
    score = score_models(independent(np.zeros(50)), {"model": noise(50)}, PARAMS, samples={})["model"]["mae"]
    assert score["value"] == pytest.approx(np.abs(noise(50)).mean())
    assert (score["low"], score["high"]) == (None, None)


def test_a_ranking_is_scored_within_each_fold() -> None:
    """Probabilities of different models are not on one scale: here the second fold's are all lower."""
    truth = Truth(np.array([0, 1, 0, 1]), np.arange(4), folds=np.array([0, 0, 1, 1]))
    probabilities = np.array([0.8, 0.9, 0.1, 0.2])[:, None]
    area = Metric("AUC", lambda target, values: float(roc_auc_score(target, values[:, 0])), True, ranking=True)
    assert scores.score(area, truth, probabilities) == 1.0
    assert scores.score(area, dataclasses.replace(truth, folds=None), probabilities) == 0.75
    assert np.isnan(scores.score(area, truth, probabilities, rows=[0, 2]))


def score_slice(rows: Any) -> dict[str, Any]:
    """Score the slice of the rows that are true."""
    truth = independent(np.zeros(200))
    slices: dict[str, Any] = {"part": pd.Categorical(np.where(rows, "in", "out"))}
    records = score_slices(MAE, truth, truth.target + noise(200), slices, PARAMS)
    return next(record for record in records if record["slice"] == "in")


def test_a_slice_has_its_own_score_and_interval() -> None:
    record = score_slice(np.arange(200) < 60)
    assert record["value"] == pytest.approx(np.abs(noise(200)[:60]).mean())
    assert record["low"] < record["value"] < record["high"]
    assert (record["column"], record["rows"]) == ("part", 60)


def test_a_small_slice_has_no_interval() -> None:
    record = score_slice(np.arange(200) < MIN_UNITS_OF_AN_INTERVAL - 1)
    assert record["value"] > 0
    assert (record["low"], record["high"]) == (None, None)


def test_a_slice_without_variation_has_no_interval() -> None:
    truth = independent(np.zeros(100))
    slices: dict[str, Any] = {"part": pd.Categorical(["all"] * 100)}
    (record,) = score_slices(MAE, truth, truth.target + 1, slices, PARAMS)
    assert (record["value"], record["low"], record["high"]) == (1.0, None, None)


def test_a_share_has_an_interval_with_a_width_although_all_are_hits() -> None:
    share = Metric("Share", lambda *_: 1.0, higher_is_better=True, hits=lambda _, prediction: prediction[:, 0] < 9)
    slices: dict[str, Any] = {"part": pd.Categorical(["all"] * 36)}
    (record,) = score_slices(share, independent(np.zeros(36)), noise(36), slices, PARAMS)
    assert (record["value"], record["low"], record["high"]) == pytest.approx((1.0, 0.9036, 1.0), abs=1e-4)


def test_a_slice_without_rows_is_left_out() -> None:
    truth = independent(np.zeros(20))
    slices: dict[str, Any] = {"part": pd.Categorical(["full"] * 20, categories=["full", "empty"])}
    records = score_slices(MAE, truth, truth.target + noise(20), slices, PARAMS)
    assert [record["slice"] for record in records] == ["full"]
