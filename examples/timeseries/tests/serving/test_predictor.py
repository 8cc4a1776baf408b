"""The served model accepts valid inputs, rejects all others with a message, and explains its forecasts."""

import dataclasses
import json
import math
import shutil
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from air_ahead.config import Params
from air_ahead.data.periods import period_start
from air_ahead.data.series import first_day
from air_ahead.data.splits import Split
from air_ahead.paths import ProjectPaths
from air_ahead.serving.predictor import InvalidInputError, Predictor, load_predictor

from .dates import middle, start_day


def test_default_is_the_forecast_after_the_end_of_the_series(predictor: Predictor, params: Params) -> None:
    prediction = predictor.predict({})
    assert prediction.times[0] == predictor.name(len(predictor.series))
    assert len(prediction.times) == params.prepare.horizon
    assert set(prediction.actual) == {None}
    assert not prediction.in_training


def test_prediction_has_one_entry_per_step(predictor: Predictor, params: Params) -> None:
    index, horizon = middle(predictor), max(1, params.prepare.horizon - 1)
    prediction = predictor.predict({"today": start_day(predictor, index), "horizon": horizon})
    assert prediction.times == tuple(predictor.name(index + step) for step in range(horizon))
    low, median, high = (np.array(values) for values in (prediction.low, prediction.median, prediction.high))
    assert len(low) == len(median) == len(high) == len(prediction.actual) == horizon
    assert ((low <= median) & (median <= high)).all()
    assert np.abs(median - predictor.series[index - 1]).max() < np.ptp(predictor.series) + 1


def test_actual_values_are_those_of_the_test_split(predictor: Predictor, splits: dict[str, Split]) -> None:
    target = splits["test"].target
    prediction = predictor.predict({"today": str(first_day(target.index[0] + 1))})
    assert prediction.actual == pytest.approx(tuple(target.iloc[0]), rel=1e-6)


def test_step_of_today_is_part_of_the_forecast(predictor: Predictor) -> None:
    ordinal = predictor.start + middle(predictor)
    first, following = (period_start(number, predictor.step) for number in (ordinal, ordinal + 1))
    last = str(following - timedelta(days=1))
    assert predictor.predict({"today": str(first)}) == predictor.predict({"today": last})
    assert len(predictor.known(last)) == middle(predictor)


def test_later_values_do_not_change_a_forecast(project: ProjectPaths) -> None:
    predictor = load_predictor(project.champion)
    inputs = {"today": start_day(predictor, middle(predictor))}
    before = predictor.predict(inputs)
    predictor.series[middle(predictor) :] += 100
    after = predictor.predict(inputs)
    assert after.median == before.median
    assert after.actual != before.actual


def test_filled_step_has_no_actual_value(project: ProjectPaths) -> None:
    predictor = load_predictor(project.champion)
    predictor.filled = frozenset({predictor.name(middle(predictor) + 1)})
    actual = predictor.predict({"today": start_day(predictor, middle(predictor))}).actual
    assert [value is None for value in actual[:3]] == [False, True, False][: len(actual)]


def test_every_date_in_the_range_is_accepted(predictor: Predictor) -> None:
    today, last = predictor.inputs[0], len(predictor.series)
    for index in {predictor.history, *range(predictor.history, last, max(1, last // 50)), last}:
        day = str(period_start(predictor.start + index, predictor.step))
        assert today["minimum"] <= day <= today["maximum"]
        assert np.isfinite(predictor.predict({"today": day}).median).all()


@pytest.mark.parametrize("text", [" {} ", "{} 00:00:00", "{}T00:00"])
def test_date_may_have_a_time_and_spaces(predictor: Predictor, text: str) -> None:
    day = start_day(predictor, middle(predictor))
    assert predictor.predict({"today": text.format(day)}) == predictor.predict({"today": day})


def test_year_or_month_means_its_first_day(predictor: Predictor) -> None:
    year = predictor.inputs[0]["maximum"][:4]
    expected = predictor.predict({"today": f"{year}-01-01"})
    assert predictor.predict({"today": year}) == predictor.predict({"today": f"{year}-01"}) == expected


@pytest.mark.parametrize(
    "value", ["", "soon", "01.02.1998", "1998-13-01", "98", "٢٠٠٠-01-01" * 9, None, 1998, math.nan]
)
def test_invalid_date_is_rejected(predictor: Predictor, value: object) -> None:
    with pytest.raises(InvalidInputError, match=rf"^Today must be a date such as {predictor.inputs[0]['default']}\.$"):
        predictor.predict({"today": value})


def test_date_outside_the_range_is_rejected(predictor: Predictor) -> None:
    low, high = predictor.inputs[0]["minimum"], predictor.inputs[0]["maximum"]
    before, after = date.fromisoformat(low) - timedelta(days=1), date.fromisoformat(high) + timedelta(days=1)
    for day in (str(before), str(after)):
        with pytest.raises(InvalidInputError, match=rf"^Today must be between {low} and {high}\.$"):
            predictor.predict({"today": day})


@pytest.mark.parametrize("value", [0, 10_000, 1.5, math.nan, math.inf, "seven", "", None, [6], True, "1e999", 10**400])
def test_invalid_horizon_is_rejected(predictor: Predictor, value: object) -> None:
    spec = predictor.inputs[1]
    message = rf"^{spec['label']} must be a whole number from 1 to {spec['maximum']}\.$"
    with pytest.raises(InvalidInputError, match=message):
        predictor.predict({"horizon": value})


def test_shorter_horizon_is_a_prefix_of_a_longer_one(predictor: Predictor) -> None:
    today, longest = start_day(predictor, middle(predictor)), predictor.inputs[1]["maximum"]
    whole, part = (predictor.predict({"today": today, "horizon": horizon}) for horizon in (longest, longest // 2 or 1))
    assert part.median == whole.median[: len(part.median)]
    assert part.high == whole.high[: len(part.high)]


def test_explanation_adds_up_to_the_forecast(predictor: Predictor) -> None:
    history = predictor.series[: middle(predictor)]
    for horizon in (1, predictor.inputs[1]["maximum"]):
        inputs = {"today": start_day(predictor, middle(predictor)), "horizon": horizon}
        prediction, explanation = predictor.predict(inputs), predictor.explain(inputs)
        values = [part.value for part in explanation.parts]
        assert explanation.time == prediction.times[-1]
        assert sum(values) == pytest.approx(prediction.median[-1], abs=1e-4, rel=1e-6)
        assert values[0] == pytest.approx(history[(horizon - 1) % predictor.season - predictor.season])


def test_growth_counts_once_per_season_ahead(predictor: Predictor) -> None:
    season, horizon = predictor.season, predictor.inputs[1]["maximum"]
    if season == 1:
        pytest.skip("years have no season")
    inputs = {"today": start_day(predictor, middle(predictor)), "horizon": horizon}
    history, growth = predictor.known(inputs["today"]), predictor.explain(inputs).parts[1]
    count = math.ceil(horizon / season)
    assert growth.value == pytest.approx(count * float(history[-1] - history[-1 - season]), abs=1e-6)
    assert growth.label.startswith(f"{count} × growth" if count > 1 else "growth")


def test_sensitivity_is_the_effect_of_a_raised_cycle(predictor: Predictor) -> None:
    today, season = start_day(predictor, middle(predictor)), predictor.season
    sensitivity = predictor.explain({"today": today, "horizon": 1}).sensitivity
    history = predictor.known(today)[-predictor.history :]
    raised = history.copy()
    raised[-2 * season : -season] += 1
    before, after = predictor.forecast(np.stack([history, raised]))[:, 0, 1]
    assert len(sensitivity) == min(10, predictor.history // season)
    assert sensitivity[1].value == pytest.approx(after - before, abs=1e-3)


def test_forecast_of_trained_steps_is_marked(predictor: Predictor, splits: dict[str, Split]) -> None:
    train, test = splits["train"].target.index, splits["test"].target.index
    for origin, in_training in ((train[0], True), (train[-1], True), (test[0], False)):
        first, last = first_day(origin + 1), first_day(origin + 2) - timedelta(days=1)
        for day in (first, last):
            assert predictor.predict({"today": str(day)}).in_training is in_training


@pytest.mark.parametrize("key", ["learnt_until", None])
def test_champion_of_an_older_version_is_served(project: ProjectPaths, tmp_path: Path, key: str | None) -> None:
    shutil.copytree(project.champion, tmp_path / "champion")
    record_file = tmp_path / "champion" / "champion.json"
    record = json.loads(record_file.read_text(encoding="utf-8"))
    trained_until = record.pop("trained_until")
    record_file.write_text(json.dumps(record | ({key: trained_until} if key else {})), encoding="utf-8")
    old, new = load_predictor(tmp_path / "champion"), load_predictor(project.champion)
    first = {"today": new.inputs[0]["minimum"]}
    assert old.predict(first) == dataclasses.replace(new.predict(first), in_training=key is not None)


@pytest.mark.parametrize(("largest", "decimals"), [(0.0, 2), (0.05, 6), (369.0, 2), (123456.0, 0)])
def test_five_digits_of_the_largest_value_are_shown(project: ProjectPaths, largest: float, decimals: int) -> None:
    predictor = load_predictor(project.champion)
    predictor.series = pd.Series([0.0, largest]).to_numpy()
    assert predictor.decimals == decimals
