"""The served model answers every sensible question, refuses every other one in words, and carries no baggage."""

import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from .package import data, params, serving

InvalidInputError = serving.InvalidInputError


def limits(predictor: serving.Predictor) -> tuple[Any, Any]:
    today, horizon = predictor.inputs
    return today, horizon


def test_with_nothing_asked_it_forecasts_what_comes_after_the_series(
    predictor: serving.Predictor, turned: params.Params
) -> None:
    answer = predictor.predict({})
    assert answer.months[0] == "2002-01"
    assert len(answer.months) == turned.prepare.horizon
    assert set(answer.truth) == {None}, "nobody has measured it in this series"


def test_an_answer_is_complete(predictor: serving.Predictor) -> None:
    answer = predictor.predict({"today": "1995-06-10", "horizon": 8})
    assert answer.months[0] == "1995-06"
    assert answer.months[-2:] == ("1995-12", "1996-01")
    for values in (answer.low, answer.median, answer.high, answer.year_before, answer.truth):
        assert len(values) == 8
    for low, median, high in zip(answer.low, answer.median, answer.high, strict=True):
        assert low <= median <= high
        assert 350 < median < 370


def test_the_truth_is_the_series(predictor: serving.Predictor, splits: dict[str, data.Split]) -> None:
    part = splits["test"].target
    answer = predictor.predict({"today": "1990-01"})
    assert str(part.index[0]) == "1989-12"
    np.testing.assert_allclose(np.array(answer.truth, dtype=float), part.iloc[0], rtol=1e-7)


def test_the_month_of_today_is_not_known_yet(predictor: serving.Predictor) -> None:
    first, last = (predictor.predict({"today": day}) for day in ("1995-06-01", "1995-06-30"))
    assert first == last
    assert len(predictor.known("1995-06-30")) == len(predictor.known("1995-07-01")) - 1


def test_what_came_later_changes_no_forecast(predictor: serving.Predictor) -> None:
    before = predictor.predict({"today": "1985-03-15"})
    series = predictor.series
    try:
        later = len(predictor.known("1985-03-15"))
        predictor.series = np.concatenate([series[:later], series[later:] + 100])
        after = predictor.predict({"today": "1985-03-15"})
    finally:
        predictor.series = series
    assert after.median == before.median
    assert after.truth != before.truth


def test_a_filled_month_is_not_shown_as_a_truth(predictor: serving.Predictor) -> None:
    known = predictor.filled
    try:
        predictor.filled = frozenset({"1995-02", "1995-03"})
        answer = predictor.predict({"today": "1995-01-01", "horizon": 4})
    finally:
        predictor.filled = known
    assert [truth is None for truth in answer.truth] == [False, True, True, False]


def test_the_year_before_is_that_of_the_same_month(predictor: serving.Predictor) -> None:
    answer, earlier = (predictor.predict({"today": day}) for day in ("1998-01-01", "1997-01-01"))
    assert answer.year_before == pytest.approx(earlier.truth)


def test_every_month_from_the_first_to_the_last_can_be_asked_from(predictor: serving.Predictor) -> None:
    today, _ = limits(predictor)
    asked = [f"{year}-{month:02d}" for year in range(1958, 2004) for month in range(1, 13)]
    allowed = [day for day in asked if today["minimum"][:7] <= day <= today["maximum"][:7]]
    assert len(allowed) == len(predictor.series) - predictor.history + 1
    for day in allowed:
        assert np.isfinite(predictor.predict({"today": day}).median).all()


def test_every_example_is_accepted_and_its_truth_is_shown(predictor: serving.Predictor) -> None:
    for example in predictor.champion.record["examples"]:
        assert predictor.predict(example["inputs"]).truth == pytest.approx(example["truth"], rel=1e-6)


@pytest.mark.parametrize("value", ["1998-01", "1998-01-01", " 1998-01-31 ", "1998-01-01 00:00:00"])
def test_a_day_may_be_written_as_people_do(predictor: serving.Predictor, value: str) -> None:
    assert predictor.predict({"today": value}).months[0] == "1998-01"


@pytest.mark.parametrize(
    "value",
    ["", "soon", "now", "01.02.1998", "1998-13-01", "1998-02-30", "1998", "٢٠٠٠-01-01" * 9, None, 1998, math.nan],
)
def test_what_is_no_date_is_refused(predictor: serving.Predictor, value: object) -> None:
    with pytest.raises(InvalidInputError, match=r"^Today must be a date such as 2002-01-01\.$"):
        predictor.predict({"today": value})


@pytest.mark.parametrize("value", ["0001-01-01", "1957-12-31", "1959-05-01", "1964-04-30"])
def test_a_day_before_the_series_begins_is_refused(predictor: serving.Predictor, value: str) -> None:
    with pytest.raises(InvalidInputError, match=r"^Today must be 1964-05-01 or later: the series begins in 1959-05,"):
        predictor.predict({"today": value})


@pytest.mark.parametrize("value", ["2002-02-01", "2026-01-01", "9999-12-31"])
def test_a_day_after_the_series_ends_is_refused(predictor: serving.Predictor, value: str) -> None:
    with pytest.raises(InvalidInputError, match=r"^Today must be 2002-01-31 or earlier: the series ends in 2001-12,"):
        predictor.predict({"today": value})


@pytest.mark.parametrize(
    "value", [0, -3, 13, 10_000, 1.5, math.nan, math.inf, "seven", "", None, [6], True, "1e999", 10**400]
)
def test_a_horizon_that_makes_no_sense_is_refused(predictor: serving.Predictor, value: object) -> None:
    with pytest.raises(InvalidInputError, match=r"^Months ahead must be a whole number from 1 to 12[.;]"):
        predictor.predict({"horizon": value})


@pytest.mark.parametrize("value", [6, "6", 6.0])
def test_text_that_is_a_number_is_a_number(predictor: serving.Predictor, value: object) -> None:
    assert len(predictor.predict({"horizon": value}).months) == 6


def test_an_unknown_input_is_refused(predictor: serving.Predictor) -> None:
    with pytest.raises(InvalidInputError, match="no input called moon_phase"):
        predictor.predict({"moon_phase": 1})


def test_a_shorter_horizon_is_the_beginning_of_a_longer_one(predictor: serving.Predictor) -> None:
    whole, part = (predictor.predict({"today": "1992-05-05", "horizon": horizon}) for horizon in (12, 5))
    assert part.median == whole.median[:5]
    assert part.high == whole.high[:5]


def test_the_parts_add_up_to_the_forecast(predictor: serving.Predictor) -> None:
    for horizon in (1, 6, 12):
        row = {"today": "1998-03-01", "horizon": horizon}
        answer, why = predictor.predict(row), predictor.explain(row)
        assert why.month == answer.months[-1]
        assert sum(part.value for part in why.parts) == pytest.approx(answer.median[-1], abs=1e-4)
        assert why.parts[0].value == pytest.approx(answer.year_before[-1])


def test_the_leaning_is_what_a_raised_year_does(predictor: serving.Predictor) -> None:
    row = {"today": "1998-03-01", "horizon": 6}
    why = predictor.explain(row)
    history = predictor.known("1998-03-01")[-predictor.history :]
    raised = history.copy()
    raised[-24:-12] += 1
    before, after = predictor.forecast(np.stack([history, raised]))[:, 5, 1]
    assert len(why.leaning) == predictor.history // 12
    assert why.leaning[1].value == pytest.approx(after - before, abs=1e-4)


def test_all_years_together_carry_the_whole_forecast(predictor: serving.Predictor) -> None:
    """Had every year been 1 ppm higher, so would be the forecast."""
    leaning = predictor.explain({"today": "1990-07-01"}).leaning
    # Years raised one by one and all at once are the same for linear models alone.
    exactly = 0.25 if predictor.champion.record["model"] == "deep" else 0.01
    assert sum(part.value for part in leaning) == pytest.approx(1, abs=exactly)


def test_many_forecasts_are_answered_like_one(predictor: serving.Predictor, splits: dict[str, data.Split]) -> None:
    histories = splits["test"].features.to_numpy()[:20]
    together = predictor.forecast(histories)
    for position, history in enumerate(histories):
        np.testing.assert_allclose(predictor.forecast(history[None])[0], together[position], rtol=1e-6)


def test_serving_needs_nothing_of_the_training_side() -> None:
    heavy = "{'mlflow', 'dvc', 'pandas', 'sklearn', 'statsmodels', 'matplotlib', 'yaml'}"
    code = f"import sys, {serving.__name__}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
