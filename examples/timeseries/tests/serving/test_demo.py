"""The demo over HTTP, and the HTML that it shows."""

from xml.etree import ElementTree

import httpx
import numpy as np
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from air_ahead.serving.chart import NARROW, WIDE, Size, axis_ticks
from air_ahead.serving.demo import (
    EXAMPLES,
    chart_html,
    describe_error,
    explanation_html,
    forecast_chart,
    summary_html,
)
from air_ahead.serving.predictor import Predictor

from .dates import middle, start_day


def test_page_offers_the_examples(address: str, predictor: Predictor) -> None:
    page = httpx.get(f"{address}/config").text
    for name, example in zip(EXAMPLES, predictor.champion.record["examples"], strict=True):
        assert f'"{name}: {example["inputs"]["today"]}"' in page
    # The picture of the demo shows the first one.
    assert page.index("Typical forecast: ") < min(page.index("Accurate forecast: "), page.index("Worst forecast: "))


def test_page_offers_the_worst_past_forecasts(address: str, predictor: Predictor) -> None:
    page = httpx.get(f"{address}/config").text
    errors = [error["inputs"] for error in predictor.champion.record["errors"]]
    assert describe_error(predictor, errors[0]) in page
    prediction = predictor.predict(errors[0])
    error = np.abs(np.array(prediction.median) - np.array(prediction.actual, dtype=float)).mean()
    assert f"from {prediction.times[0]}: {error:.{predictor.decimals}f}" in describe_error(predictor, errors[0])
    future = {"today": predictor.inputs[0]["maximum"], "horizon": 1}
    assert describe_error(predictor, future) == ""


def test_api_returns_the_prediction_as_a_table(client: Client, predictor: Predictor) -> None:
    today = start_day(predictor, middle(predictor))
    for inputs in ({}, {"horizon": 1}, {"today": today}, {"horizon": 2, "today": today}):
        table, expected = client.predict(**inputs, api_name="/predict"), predictor.predict(inputs)
        assert table["headers"] == [predictor.step, "forecast", "low", "high", "actual"]
        times, median, low, high, actual = zip(*table["data"], strict=True)
        assert times == expected.times
        tolerance = 0.51 * 10.0**-predictor.decimals
        assert median == pytest.approx(expected.median, abs=tolerance)
        assert low == pytest.approx(expected.low, abs=tolerance)
        assert high == pytest.approx(expected.high, abs=tolerance)
        for value, known in zip(actual, expected.actual, strict=True):
            assert value == (None if known is None else pytest.approx(known, abs=tolerance))


def test_api_reports_an_invalid_input(client: Client, predictor: Predictor) -> None:
    for inputs, message in (({"horizon": 0}, predictor.inputs[1]["label"]), ({"today": "soon"}, "Today")):
        with pytest.raises(AppError, match=f"^{message} must be "):
            client.predict(**inputs, api_name="/predict")


@pytest.fixture(params=["minimum", "default", "maximum", "middle"])
def today(request: pytest.FixtureRequest, predictor: Predictor) -> str:
    if request.param == "middle":
        return start_day(predictor, middle(predictor))
    return str(predictor.inputs[0][request.param])


@pytest.mark.parametrize("horizon", ["minimum", "maximum"])
def test_chart_shows_every_value(predictor: Predictor, today: str, horizon: str) -> None:
    inputs = {"today": today, "horizon": predictor.inputs[1][horizon]}
    prediction, decimals = predictor.predict(inputs), predictor.decimals
    forecasts = zip(prediction.times, prediction.median, strict=True)
    actuals = [entry for entry in zip(prediction.times, prediction.actual, strict=True) if entry[1] is not None]
    svg = parse_svg(forecast_chart(predictor, inputs).svg(WIDE))
    assert [title.text for title in svg.iter("title")] == [
        *(f"{time}, forecast: {value:.{decimals}f}" for time, value in forecasts),
        *(f"{time}, actual: {value:.{decimals}f}" for time, value in actuals),
    ]
    assert ("> actual<" in chart_html(predictor, inputs)) == bool(actuals)


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_chart_fits_its_size(predictor: Predictor, size: Size, today: str) -> None:
    svg = parse_svg(forecast_chart(predictor, {"today": today}).svg(size))
    points = " ".join(line.attrib["points"] for line in svg.iter("polyline")).split()
    coordinates = np.array([point.split(",") for point in points], dtype=float)
    assert (coordinates > 0).all()
    assert (coordinates < (size.width, size.height)).all()
    labels = [text for text in svg.iter("text") if text.attrib.get("text-anchor") == "middle"]
    assert 2 <= len(labels) <= size.labels + 1


def parse_svg(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)  # noqa: S314  # our own text


def test_chart_of_trained_steps_has_a_note(predictor: Predictor) -> None:
    assert "was trained on these" in chart_html(predictor, {"today": predictor.inputs[0]["minimum"]})
    assert "was trained on these" not in chart_html(predictor, {})


def test_summary_has_the_last_step_its_interval_and_the_coverage(predictor: Predictor) -> None:
    inputs = {"today": start_day(predictor, middle(predictor)), "horizon": 2}
    prediction, tested = predictor.predict(inputs), predictor.champion.record["tested"]
    text, decimals = summary_html(predictor, prediction), predictor.decimals
    assert f"in {prediction.times[-1]}</b>" in text
    assert f"80% interval from {prediction.low[1]:.{decimals}f} to {prediction.high[1]:.{decimals}f}, which" in text
    assert f"in {tested['covered'][1]} of {tested['forecasts']} test forecasts 2 {predictor.step}s ahead" in text
    known = [value for value in prediction.actual if value is not None]
    assert (f"of {len(known)} actual values of this forecast" in text) == bool(known)
    assert "of this forecast" not in summary_html(predictor, predictor.predict({}))


@pytest.mark.parametrize(("low", "high"), [(355.2, 369.9), (0.0, 1.0), (-3.0, 4.0), (1000, 9000), (316.0, 316.6)])
def test_axis_has_a_few_round_ticks(low: float, high: float) -> None:
    ticks = axis_ticks(low, high)
    assert 3 <= len(ticks) <= 8
    assert low <= ticks[0] < ticks[-1] <= high
    assert all(len(f"{tick:g}".lstrip("-").replace(".", "").strip("0")) <= 4 for tick in ticks)


def test_explanation_ends_with_the_forecast(predictor: Predictor) -> None:
    inputs = {"today": start_day(predictor, middle(predictor))}
    text, prediction = explanation_html(predictor, predictor.explain(inputs)), predictor.predict(inputs)
    assert f"<b>{prediction.median[-1]:.{predictor.decimals}f}</b>" in text
    assert f"Explanation of {prediction.times[-1]}" in text
    latest = f"the last {predictor.season} {predictor.step}s" if predictor.season > 1 else f"the last {predictor.step}<"
    assert latest in text
