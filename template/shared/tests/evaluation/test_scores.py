"""Scores have the values that a textbook gives, and a model becomes champion only by the rule."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from .package import metrics

TRUTH = np.array([0, 1, 1, 0])
PROBABILITIES = np.array([[0.8, 0.2], [0.4, 0.6], [0.7, 0.3], [0.9, 0.1]])
BOOTSTRAP: dict[str, Any] = {"confidence": 0.95, "resamples": 200, "seed": 0}
MAE = metrics.REGRESSION["mae"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("accuracy", 0.75),
        ("f1", (2 / 3 + 4 / 5) / 2),
        ("roc_auc", 1.0),
        ("average_precision", 1.0),
        ("brier", (0.04 + 0.16 + 0.49 + 0.01) / 4),
        ("log_loss", -(math.log(0.8) + math.log(0.6) + math.log(0.3) + math.log(0.9)) / 4),
    ],
)
def test_classification_scores_by_hand(name: str, expected: float) -> None:
    assert metrics.CLASSIFICATION[name].score(TRUTH, PROBABILITIES) == pytest.approx(expected)


def test_average_precision_sees_what_roc_auc_forgives() -> None:
    truth = np.array([0] * 98 + [1] * 2)
    scores = np.concatenate([np.linspace(0, 0.9, 98), [0.89, 0.88]])
    probabilities = np.column_stack([1 - scores, scores])
    # Of the rare class the precision is 1/2 where one is found, and 2/4 where both are; of the other it is nearly 1.
    assert metrics.CLASSIFICATION["roc_auc"].score(truth, probabilities) > 0.97
    assert metrics.CLASSIFICATION["average_precision"].score(truth, probabilities) < 0.8


def test_a_class_that_does_not_occur_takes_no_part_in_a_ranking() -> None:
    probabilities = np.array([[0.8, 0.1, 0.1], [0.7, 0.1, 0.2], [0.1, 0.8, 0.1], [0.2, 0.6, 0.2]])
    for name in ("roc_auc", "average_precision"):
        assert metrics.CLASSIFICATION[name].score(np.array([0, 0, 1, 1]), probabilities) == 1.0


@pytest.mark.parametrize(("name", "expected"), [("mae", 1.0), ("rmse", math.sqrt(1.5)), ("r2", 1 - 6 / 20)])
def test_regression_scores_by_hand(name: str, expected: float) -> None:
    truth, prediction = np.array([0.0, 2.0, 4.0, 6.0]), np.array([1.0, 2.0, 3.0, 8.0])
    assert metrics.REGRESSION[name].score(truth, prediction) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "expected"), [("mae", 1.0), ("rmse", math.sqrt(1.5)), ("pinball", 3.8 / 12), ("coverage", 0.75)]
)
def test_forecast_scores_by_hand(name: str, expected: float) -> None:
    truth = np.array([[0.0, 2.0], [4.0, 6.0]])
    median = np.array([[0.0, 3.0], [3.0, 8.0]])
    quantiles = np.stack([median - 1, median, median + 1], axis=-1)
    # The three quantiles of each lose 0.1 + 0 + 0.1, 0 + 0.5 + 0.2, 0.2 + 0.5 + 0 and 0.9 + 1 + 0.3.
    assert metrics.FORECAST[name].score(truth, quantiles) == pytest.approx(expected)


def test_a_class_that_is_only_answered_has_no_f1_of_its_own() -> None:
    """Of a part of one class, nine of ten answered right are no score of one half."""
    answers = np.eye(2)[[0] * 9 + [1]]
    assert metrics.CLASSIFICATION["f1"].score(np.zeros(10, dtype=int), answers) == pytest.approx(2 * 0.9 / 1.9)


def test_coverage_decides_nothing() -> None:
    """The widest interval would win."""
    with pytest.raises(ValueError, match=r"is 'coverage'; for forecast it is one of mae, rmse, pinball$"):
        metrics.deciding("forecast", "coverage")
    assert metrics.deciding("forecast", "pinball") is metrics.FORECAST["pinball"]


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_better_is_better(task: str) -> None:
    truth = TRUTH if task == "classification" else TRUTH.astype(float)
    perfect = np.eye(2)[TRUTH] if task == "classification" else truth
    worse = 1 - perfect
    for metric in metrics.metrics_for(task).values():
        assert (metric.score(truth, perfect) > metric.score(truth, worse)) is metric.higher_is_better, metric.label


def noisy(rows: int, noise: float, seed: int = 0) -> tuple[metrics.Array, metrics.Array]:
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=rows)
    return truth, truth + rng.normal(scale=noise, size=rows)


def test_interval_holds_the_value_and_narrows_with_more_rows() -> None:
    widths = []
    for rows in (40, 1000):
        truth, prediction = noisy(rows, noise=1.0)
        score = metrics.score_all("regression", truth, {"model": prediction}, **BOOTSTRAP)["model"]["mae"]
        assert score["low"] < score["value"] < score["high"]
        widths.append(score["high"] - score["low"])
    assert widths[1] < widths[0] / 2


def test_same_seed_same_interval() -> None:
    truth, prediction = noisy(50, noise=1.0)
    once, again = (metrics.score_all("regression", truth, {"model": prediction}, **BOOTSTRAP) for _ in range(2))
    assert once == again


def test_forecasts_that_overlap_are_drawn_in_blocks() -> None:
    """Drawn one by one, forecasts that share most of their months would promise a precision that is not there."""
    slow = np.repeat(np.sin(np.arange(120) / 15)[:, None], 12, axis=1)
    together, alone = (
        metrics.resample(
            metrics.FORECAST["mae"], slow[:, :steps], {"zero": np.zeros((120, steps, 3))}, resamples=300, seed=0
        )["zero"].std()
        for steps in (12, 1)
    )
    assert together > 2 * alone


@pytest.mark.parametrize(("origins", "few"), [(109, False), (13, True)])
def test_few_stretches_of_forecasts_promise_no_interval(origins: int, few: bool) -> None:
    """Twelve months ahead, 24 months of validation hold two forecasts side by side, however many overlap."""
    truth, rng = np.zeros((origins, 12)), np.random.default_rng(0)
    close = {name: rng.normal(size, 0.1, (origins, 12, 3)) for name, size in (("simple", 1.0), ("complex", 0.5))}
    metric = metrics.FORECAST["mae"]
    chosen, (outcome,) = metrics.choose_champion(metric, truth, close, margin=0.1, **BOOTSTRAP)
    assert chosen == "complex"
    assert ("hint, no proof" in outcome.in_words(metric)) == few
    score = metrics.score_all("forecast", truth, close, **BOOTSTRAP)["simple"]["mae"]
    assert (score["low"] is None) == few


def test_rows_of_a_group_are_drawn_together() -> None:
    """Drawn one by one, rows that are right or wrong together would promise a precision that is not there."""
    groups = np.repeat(np.arange(20), 10)
    truth, answers = np.zeros(200, dtype=int), np.eye(2)[(groups % 2)]
    accuracy = metrics.CLASSIFICATION["accuracy"]
    together, alone = (
        metrics.resample(accuracy, truth, {"model": answers}, resamples=300, seed=0, groups=one)["model"].std()
        for one in (groups, None)
    )
    assert together == pytest.approx(np.sqrt(0.25 / 20), rel=0.15)
    assert alone == pytest.approx(np.sqrt(0.25 / 200), rel=0.15)
    truth = truth.astype(float)
    error = metrics.score_all("regression", truth, {"model": groups % 2 + truth}, groups=groups, **BOOTSTRAP)
    low, high = (error["model"]["mae"][end] for end in ("low", "high"))
    assert low is not None
    assert high is not None
    assert high - low > 3 * together


def test_chance_does_not_choose_between_models_on_a_few_groups() -> None:
    """With a single group every resample is the same, and the interval of any gain would exclude zero."""
    truth, rng = np.zeros(60), np.random.default_rng(0)
    close = {"simple": rng.normal(1.0, 0.2, 60), "complex": rng.normal(0.5, 0.2, 60)}
    for count, champion in ((1, "simple"), (metrics.FEWEST_GROUPS - 1, "simple"), (12, "complex")):
        groups = np.arange(60) % count
        chosen, (outcome,) = metrics.choose_champion(MAE, truth, close, margin=0.1, groups=groups, **BOOTSTRAP)
        assert chosen == champion
        assert ("may be chance" in outcome.in_words(MAE)) == (champion == "simple")
        score = metrics.score_all("regression", truth, close, groups=groups, **BOOTSTRAP)["simple"]["mae"]
        assert (score["low"] is None) == (count < metrics.FEWEST)


def duel(simple: float, complex_: float, margin: float, rows: int = 200) -> tuple[str, metrics.Duel]:
    """A simple and a complex model whose errors have these sizes."""
    truth, coarse = noisy(rows, simple, seed=1)
    fine = truth + np.random.default_rng(2).normal(scale=complex_, size=rows)
    champion, duels = metrics.choose_champion(
        MAE, truth, {"simple": coarse, "complex": fine}, margin=margin, **BOOTSTRAP
    )
    return champion, duels[0]


def test_clear_win_takes_over() -> None:
    champion, outcome = duel(simple=2.0, complex_=0.5, margin=0.1)
    assert champion == "complex"
    assert outcome.gain.low > 0
    assert "complex gains +" in outcome.in_words(MAE)
    assert outcome.in_words(MAE).endswith("over simple and takes over.")


def test_gain_below_the_margin_leaves_the_simpler_model() -> None:
    champion, outcome = duel(simple=2.0, complex_=0.5, margin=5.0)
    assert outcome.gain.low > 0, "the gain is real, only too small to be worth it"
    assert champion == "simple"
    assert "does not clear the margin of 5: simple serves" in outcome.in_words(MAE)


def test_gain_that_may_be_an_accident_leaves_the_simpler_model() -> None:
    truth = np.zeros(20)
    lucky = np.array([0.0] * 10 + [1.9] * 10)  # sometimes perfect, sometimes far off: a little better on average
    champion, (outcome,) = metrics.choose_champion(
        MAE, truth, {"simple": np.ones(20), "complex": lucky}, margin=0.0, **BOOTSTRAP
    )
    assert outcome.gain.value > 0
    assert outcome.gain.low < 0 < outcome.gain.high
    assert champion == "simple"


def test_worse_model_never_takes_over() -> None:
    assert duel(simple=0.5, complex_=2.0, margin=0.0)[0] == "simple"


def test_slices_show_the_group_that_fails_and_the_one_without_a_score() -> None:
    truth = np.array([0, 1, 0, 1, 1, 1])
    positive = np.array([0.1, 0.9, 0.8, 0.2, 0.9, 0.7])
    slices: dict[str, Any] = {"ward": pd.Categorical(["good", "good", "bad", "bad", "one class", "one class"])}
    records = metrics.score_slices(
        metrics.CLASSIFICATION["roc_auc"],
        truth,
        np.column_stack([1 - positive, positive]),
        slices,
        **BOOTSTRAP,
    )
    by_slice = {record["slice"]: record for record in records}
    assert by_slice["good"]["value"] == 1.0
    assert by_slice["bad"]["value"] == 0.0
    undefined = {"column": "ward", "slice": "one class", "rows": 2, "value": None, "low": None, "high": None}
    assert by_slice["one class"] == undefined


def slice_of(metric: metrics.Metric, truth: Any, answers: Any, rows: Any, **more: Any) -> dict[str, Any]:
    """The record of the rows that are named."""
    slices: dict[str, Any] = {"part": pd.Categorical(np.where(rows, "in", "out"))}
    records = metrics.score_slices(metric, truth, answers, slices, **BOOTSTRAP, **more)
    (record,) = (one for one in records if one["slice"] == "in")
    return record


def test_a_slice_that_is_too_small_or_too_alike_has_no_interval() -> None:
    """A bootstrap of ten right answers would say "between 1 and 1"."""
    accuracy, ranking = metrics.CLASSIFICATION["accuracy"], metrics.CLASSIFICATION["roc_auc"]
    rng = np.random.default_rng(0)
    truth, rows = rng.integers(2, size=200), np.arange(200) < 60
    positive = np.clip(0.25 + 0.5 * truth + rng.normal(scale=0.3, size=200), 0, 1)
    answers = np.column_stack([1 - positive, positive])
    known = slice_of(accuracy, truth, answers, rows)
    assert known["low"] < known["value"] < known["high"]
    for metric, some, more in (
        (accuracy, np.arange(200) < metrics.FEWEST - 1, {}),
        (accuracy, rows & (answers.argmax(axis=1) == truth), {}),
        (accuracy, rows, {"groups": np.arange(200) // 10}),
        (ranking, rows & ((truth == 0) | (np.cumsum(truth) < metrics.FEWEST)), {}),
    ):
        record = slice_of(metric, truth, answers, some, **more)
        assert record["value"] is not None
        assert record["low"] is None
        assert record["high"] is None


def test_a_slice_of_few_stretches_has_no_interval() -> None:
    """Forecasts of one year are hardly more than one case, however many months they begin in."""
    truth = np.sin(np.arange(240) / 9)[:, None] + np.zeros(12)
    quantiles = np.random.default_rng(0).normal(size=(240, 12, 3))
    mae, month = metrics.FORECAST["mae"], np.arange(240) % 12
    years, spread = slice_of(mae, truth, quantiles, np.arange(240) < 36), slice_of(mae, truth, quantiles, month < 3)
    assert years["low"] is None
    assert spread["low"] < spread["value"] < spread["high"]
