"""The demo as others meet it: over HTTP, with the content of its answers checked."""

from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from .package import serving, widgets
from .test_serving import day, later

Row = dict[str, Any]


def check(answer: Any, predictor: serving.Predictor, row: Row) -> None:
    """The table over HTTP says what the model says, to the decimals that the page shows."""
    expected, close = predictor.predict(row), 0.51 * 10.0**-predictor.decimals
    assert answer["headers"] == [predictor.step, "forecast", "low", "high", "measured"]
    times, median, low, high, truth = zip(*answer["data"], strict=True)
    assert times == expected.times
    assert median == pytest.approx(expected.median, abs=close)
    assert low == pytest.approx(expected.low, abs=close)
    assert high == pytest.approx(expected.high, abs=close)
    for said, known in zip(truth, expected.truth, strict=True):
        assert said is None if known is None else said == pytest.approx(known, abs=close)


def test_days_to_start_from_say_how_each_was_forecast(address: str, predictor: serving.Predictor) -> None:
    page = httpx.get(f"{address}/config").text
    well, usual, worst = (example["inputs"]["today"] for example in predictor.champion.record["examples"])
    for label in (f"it did well: {well}", f"as usual: {usual}", f"worst: {worst}"):
        assert f'"{label}"' in page


def test_predict_needs_no_arguments(client: Client, predictor: serving.Predictor) -> None:
    check(client.predict(api_name="/predict"), predictor, {})


def test_predict_with_named_arguments(client: Client, predictor: serving.Predictor) -> None:
    today = day(predictor, later(predictor))
    for row in ({"horizon": 1}, {"today": today}, {"horizon": 2, "today": today}):
        check(client.predict(**row, api_name="/predict"), predictor, row)


def test_answers_differ(client: Client, predictor: serving.Predictor) -> None:
    early, late = (
        client.predict(today=day(predictor, place), api_name="/predict")["data"]
        for place in (predictor.history, later(predictor))
    )
    assert early[0][0] != late[0][0]
    assert early[0][1] != late[0][1]


@pytest.mark.parametrize("horizon", [10_000, 0, -1, "many", "nan", None])
def test_a_wrong_horizon_is_refused_in_words(client: Client, predictor: serving.Predictor, horizon: Any) -> None:
    ahead = predictor.inputs[1]
    with pytest.raises(AppError) as caught:
        client.predict(horizon=horizon, api_name="/predict")
    assert str(caught.value).startswith(f"{ahead['label']} must be a whole number from 1 to {ahead['maximum']}")


@pytest.mark.parametrize(
    ("today", "said"),
    [("0066-10-14", "or later"), ("9030-01-01", "or earlier"), ("soon", "be a date such as"), (None, "be a date")],
)
def test_a_wrong_day_is_refused_in_words(client: Client, today: Any, said: str) -> None:
    with pytest.raises(AppError, match=said) as caught:
        client.predict(today=today, api_name="/predict")
    assert str(caught.value).startswith("Today must ")


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("asked", ["minimum", "default", "maximum", "later"])
@pytest.mark.parametrize("sheet", [widgets.WIDE, widgets.NARROW])
def test_the_picture_is_well_formed_and_shows_what_is_known(
    predictor: serving.Predictor, sheet: Any, asked: str, whole: bool
) -> None:
    today, horizon = predictor.inputs
    row = {
        "today": day(predictor, later(predictor)) if asked == "later" else today[asked],
        "horizon": horizon["maximum"] if whole else 1,
    }
    picture = ElementTree.fromstring(widgets.chart(predictor, row, sheet))  # noqa: S314  # our own text
    said = [title.text for title in picture.iter("title")]
    answer, digits = predictor.predict(row), predictor.decimals
    known = [(time, truth) for time, truth in zip(answer.times, answer.truth, strict=True) if truth is not None]
    assert said == [
        *(f"{time}, forecast: {value:.{digits}f}" for time, value in zip(answer.times, answer.median, strict=True)),
        *(f"{time}, measured: {truth:.{digits}f}" for time, truth in known),
    ]
    for number in (number for line in picture.iter("polyline") for number in line.attrib["points"].split()):
        across, down = map(float, number.split(","))
        assert 0 < across < sheet.width
        assert 0 < down < sheet.height
    below = [text for text in picture.iter("text") if text.attrib.get("text-anchor") == "middle"]
    assert 2 <= len(below) <= sheet.labels + 1
    page = widgets.pictures(predictor, row)
    assert str(widgets.chart(predictor, row, sheet)) in page
    assert ("what came" in page) == bool(known)
    assert ("learnt from these" in page) == predictor.predict(row).learnt


def test_a_day_that_the_model_learnt_from_is_called_no_test(predictor: serving.Predictor) -> None:
    assert "learnt from these" in widgets.pictures(predictor, {"today": predictor.inputs[0]["minimum"]})
    assert "learnt from these" not in widgets.pictures(predictor, {})


@pytest.mark.parametrize(("lowest", "highest"), [(355.2, 369.9), (0.0, 1.0), (-3.0, 4.0), (1000, 9000), (316.0, 316.6)])
def test_the_axis_has_a_few_round_values(lowest: float, highest: float) -> None:
    values = widgets._round_values(lowest, highest)
    assert 3 <= len(values) <= 8
    assert lowest <= values[0] < values[-1] <= highest
    for value in values:
        assert len(f"{value:g}".lstrip("-").replace(".", "").strip("0")) <= 4


def test_the_reasons_end_in_the_forecast(predictor: serving.Predictor) -> None:
    row = {"today": day(predictor, later(predictor))}
    text, answer, season = widgets.reasons(predictor, predictor.explain(row)), predictor.predict(row), predictor.season
    assert f"{answer.median[-1]:.{predictor.decimals}f}" in text
    assert answer.times[-1] in text
    assert (f"the last {season} {predictor.step}s" if season > 1 else f"the last {predictor.step}<") in text
