"""The served model answers every sensible question, refuses every other one in words, and carries no baggage."""

import math
import subprocess
import sys
from datetime import date, timedelta
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from .package import data, params, serving

InvalidInputError = serving.InvalidInputError
# No other domain has it, so `package` cannot name it for all.
steps: Any = import_module(f"{data.__package__}.steps")


def limits(predictor: serving.Predictor) -> tuple[Any, Any]:
    today, horizon = predictor.inputs
    return today, horizon


def day(predictor: serving.Predictor, place: int) -> str:
    """The first day of the step at this place of the series; from its end where negative."""
    return str(steps.first_day(predictor.begins + place % len(predictor.series), predictor.step))


def later(predictor: serving.Predictor) -> int:
    """A place with a whole history before it and a whole horizon after it."""
    return len(predictor.series) - 2 * int(predictor.inputs[1]["maximum"])


def test_with_nothing_asked_it_forecasts_what_comes_after_the_series(
    predictor: serving.Predictor, turned: params.Params
) -> None:
    answer = predictor.predict({})
    assert answer.times[0] == predictor.name(len(predictor.series))
    assert len(answer.times) == turned.prepare.horizon
    assert set(answer.truth) == {None}, "nobody has measured it in this series"


def test_an_answer_is_complete(predictor: serving.Predictor, turned: params.Params) -> None:
    place, horizon = later(predictor), max(1, turned.prepare.horizon - 1)
    answer = predictor.predict({"today": day(predictor, place), "horizon": horizon})
    assert answer.times == tuple(predictor.name(place + step) for step in range(horizon))
    for values in (answer.low, answer.median, answer.high, answer.season_before, answer.truth):
        assert len(values) == horizon
    assert all(low <= median <= high for low, median, high in zip(answer.low, answer.median, answer.high, strict=True))
    reach = np.ptp(predictor.series) + 1
    assert np.abs(np.array(answer.median) - predictor.series[place - 1]).max() < reach


def test_the_truth_is_the_series(predictor: serving.Predictor, splits: dict[str, data.Split]) -> None:
    part = splits["test"].target
    first = str(data.day_of(part.index[0] + 1))
    answer = predictor.predict({"today": first})
    np.testing.assert_allclose(np.array(answer.truth, dtype=float), part.iloc[0], rtol=1e-6)


def test_the_step_of_today_is_not_known_yet(predictor: serving.Predictor) -> None:
    ordinal = predictor.begins + later(predictor)
    days = (steps.first_day(ordinal, predictor.step), steps.last_day(ordinal, predictor.step))
    first, last = (predictor.predict({"today": str(one)}) for one in days)
    assert first == last
    after = str(steps.first_day(ordinal + 1, predictor.step))
    assert len(predictor.known(str(days[1]))) == len(predictor.known(after)) - 1


def test_what_came_later_changes_no_forecast(predictor: serving.Predictor) -> None:
    today = day(predictor, later(predictor))
    before = predictor.predict({"today": today})
    series = predictor.series
    try:
        end = len(predictor.known(today))
        predictor.series = np.concatenate([series[:end], series[end:] + 100])
        after = predictor.predict({"today": today})
    finally:
        predictor.series = series
    assert after.median == before.median
    assert after.truth != before.truth


def test_a_filled_step_is_not_shown_as_a_truth(predictor: serving.Predictor) -> None:
    known, place = predictor.filled, later(predictor)
    try:
        predictor.filled = frozenset({predictor.name(place + 1)})
        answer = predictor.predict({"today": day(predictor, place)})
    finally:
        predictor.filled = known
    assert [truth is None for truth in answer.truth[:3]] == [False, True, False][: len(answer.truth)]


def test_the_season_before_is_that_of_the_same_step(predictor: serving.Predictor) -> None:
    place = later(predictor)
    answer = predictor.predict({"today": day(predictor, place)})
    series, season = predictor.series, predictor.season
    expected = [series[place - season + step % season] for step in range(len(answer.times))]
    assert answer.season_before == pytest.approx(expected)


def test_every_step_from_the_first_to_the_last_can_be_asked_from(predictor: serving.Predictor) -> None:
    today, _ = limits(predictor)
    last = len(predictor.series)
    for place in sorted({predictor.history, *range(predictor.history, last, max(1, last // 50)), last}):
        asked = str(steps.first_day(predictor.begins + place, predictor.step))
        assert today["minimum"] <= asked <= today["maximum"]
        assert np.isfinite(predictor.predict({"today": asked}).median).all()


def test_every_example_is_accepted_and_its_truth_is_shown(predictor: serving.Predictor) -> None:
    for example in predictor.champion.record["examples"]:
        assert predictor.predict(example["inputs"]).truth == pytest.approx(example["truth"], rel=1e-6)


@pytest.mark.parametrize("written", ["{}", " {} ", "{} 00:00:00", "{}T00:00"])
def test_a_day_may_be_written_as_people_do(predictor: serving.Predictor, written: str) -> None:
    place = later(predictor)
    answer = predictor.predict({"today": written.format(day(predictor, place))})
    assert answer.times[0] == predictor.name(place)


@pytest.mark.parametrize(
    "value",
    ["", "soon", "now", "01.02.1998", "1998-13-01", "1998-02-30", "98", "٢٠٠٠-01-01" * 9, None, 1998, math.nan],
)
def test_what_is_no_date_is_refused(predictor: serving.Predictor, value: object) -> None:
    default = predictor.inputs[0]["default"]
    with pytest.raises(InvalidInputError, match=rf"^Today must be a date such as {default}\.$"):
        predictor.predict({"today": value})


def test_a_year_or_month_alone_is_its_first_day(predictor: serving.Predictor) -> None:
    year = predictor.inputs[0]["maximum"][:4]
    whole = predictor.predict({"today": f"{year}-01-01"})
    assert predictor.predict({"today": year}) == predictor.predict({"today": f"{year}-01"}) == whole


def test_a_day_before_the_series_begins_is_refused(predictor: serving.Predictor) -> None:
    least, first = predictor.inputs[0]["minimum"], predictor.name(0)
    before = str(date.fromisoformat(least) - timedelta(days=1))
    for value in ("0001-01-01", before):
        with pytest.raises(InvalidInputError, match=rf"^Today must be {least} or later: the series begins in {first},"):
            predictor.predict({"today": value})


def test_a_day_after_the_series_ends_is_refused(predictor: serving.Predictor) -> None:
    most, last = predictor.inputs[0]["maximum"], predictor.name(len(predictor.series) - 1)
    after = str(date.fromisoformat(most) + timedelta(days=1))
    for value in (after, "9999-12-31"):
        with pytest.raises(InvalidInputError, match=rf"^Today must be {most} or earlier: the series ends in {last},"):
            predictor.predict({"today": value})


@pytest.mark.parametrize(
    "value", [0, -3, 61, 10_000, 1.5, math.nan, math.inf, "seven", "", None, [6], True, "1e999", 10**400]
)
def test_a_horizon_that_makes_no_sense_is_refused(predictor: serving.Predictor, value: object) -> None:
    ahead = predictor.inputs[1]
    most = ahead["maximum"]
    with pytest.raises(InvalidInputError, match=rf"^{ahead['label']} must be a whole number from 1 to {most}[.;]"):
        predictor.predict({"horizon": value})


@pytest.mark.parametrize("value", [1, "1", 1.0])
def test_text_that_is_a_number_is_a_number(predictor: serving.Predictor, value: object) -> None:
    assert len(predictor.predict({"horizon": value}).times) == 1


def test_an_unknown_input_is_refused(predictor: serving.Predictor) -> None:
    with pytest.raises(InvalidInputError, match="no input called moon_phase"):
        predictor.predict({"moon_phase": 1})


def test_a_shorter_horizon_is_the_beginning_of_a_longer_one(predictor: serving.Predictor) -> None:
    today, most = day(predictor, later(predictor)), predictor.inputs[1]["maximum"]
    whole, part = (predictor.predict({"today": today, "horizon": horizon}) for horizon in (most, most // 2 or 1))
    assert part.median == whole.median[: len(part.median)]
    assert part.high == whole.high[: len(part.high)]


def test_the_parts_add_up_to_the_forecast(predictor: serving.Predictor) -> None:
    for horizon in (1, predictor.inputs[1]["maximum"]):
        row = {"today": day(predictor, later(predictor)), "horizon": horizon}
        answer, why = predictor.predict(row), predictor.explain(row)
        assert why.time == answer.times[-1]
        assert sum(part.value for part in why.parts) == pytest.approx(answer.median[-1], abs=1e-4, rel=1e-6)
        assert why.parts[0].value == pytest.approx(answer.season_before[-1])


def test_a_season_further_ahead_counts_the_growth_again(predictor: serving.Predictor) -> None:
    """Two weeks ahead, the label of what a week has added must not stand beside twice of it."""
    season, most = predictor.season, predictor.inputs[1]["maximum"]
    if season == 1:
        pytest.skip("years have no season")
    row = {"today": day(predictor, later(predictor)), "horizon": most}
    history = predictor.known(row["today"])
    growth = predictor.explain(row).parts[1]
    times = -(-most // season)
    assert growth.value == pytest.approx(times * float(history[-1] - history[-1 - season]), abs=1e-6)
    assert growth.label.startswith(f"{times} times what" if times > 1 else "what")


def test_it_is_told_where_the_model_learnt_from_what_came(
    predictor: serving.Predictor, splits: dict[str, data.Split]
) -> None:
    train, test = splits["train"].target, splits["test"].target
    for part, learnt in ((train.index[0], True), (train.index[-1], True), (test.index[0], False)):
        ordinal = steps.ordinal_of(data.day_of(part + 1), predictor.step)
        for today in (steps.first_day(ordinal, predictor.step), steps.last_day(ordinal, predictor.step)):
            assert predictor.predict({"today": str(today)}).learnt is learnt
    assert not predictor.predict({}).learnt


def test_the_leaning_is_what_a_raised_cycle_does(predictor: serving.Predictor) -> None:
    today = day(predictor, later(predictor))
    why, season = predictor.explain({"today": today, "horizon": 1}), predictor.season
    history = predictor.known(today)[-predictor.history :]
    raised = history.copy()
    raised[-2 * season : -season] += 1
    before, after = predictor.forecast(np.stack([history, raised]))[:, 0, 1]
    assert len(why.leaning) == min(10, predictor.history // season)
    assert why.leaning[1].value == pytest.approx(after - before, abs=1e-3)


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
