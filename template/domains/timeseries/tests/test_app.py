"""The demo as others meet it: over HTTP, with the content of its answers checked."""

from typing import Any
from xml.etree import ElementTree

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from .package import serving, widgets

Row = dict[str, Any]


def check(answer: Any, expected: serving.Forecast) -> None:
    """The table over HTTP says what the model says, to the two decimals that the page shows."""
    assert answer["headers"] == ["month", "forecast", "low", "high", "measured"]
    months, median, low, high, truth = zip(*answer["data"], strict=True)
    assert months == expected.months
    assert median == pytest.approx(expected.median, abs=0.0051)
    assert low == pytest.approx(expected.low, abs=0.0051)
    assert high == pytest.approx(expected.high, abs=0.0051)
    for said, known in zip(truth, expected.truth, strict=True):
        assert said is None if known is None else said == pytest.approx(known, abs=0.0051)


def test_predict_needs_no_arguments(client: Client, predictor: serving.Predictor) -> None:
    check(client.predict(api_name="/predict"), predictor.predict({}))


@pytest.mark.parametrize("row", [{"horizon": 3}, {"today": "1998-01-15"}, {"horizon": 7, "today": "1965-01-01"}])
def test_predict_with_named_arguments(client: Client, predictor: serving.Predictor, row: Row) -> None:
    check(client.predict(**row, api_name="/predict"), predictor.predict(row))


def test_answers_differ(client: Client) -> None:
    early, late = (client.predict(today=day, api_name="/predict")["data"] for day in ("1970-01-01", "2000-01-01"))
    assert late[0][1] - early[0][1] > 30, "thirty years of growth"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"horizon": 10_000}, "Months ahead must be a whole number from 1 to 12; 10000 is not."),
        ({"horizon": 0}, "Months ahead must be a whole number from 1 to 12; 0 is not."),
        ({"horizon": -1}, "Months ahead must be a whole number from 1 to 12; -1 is not."),
        ({"horizon": "many"}, "Months ahead must be a whole number from 1 to 12."),
        ({"horizon": "nan"}, "Months ahead must be a whole number from 1 to 12."),
        ({"horizon": None}, "Months ahead must be a whole number from 1 to 12."),
        ({"today": "1066-10-14"}, "Today must be 1964-05-01 or later: the series begins in 1959-05"),
        ({"today": "2030-01-01"}, "Today must be 2002-01-31 or earlier: the series ends in 2001-12"),
        ({"today": "soon"}, "Today must be a date such as 2002-01-01."),
        ({"today": None}, "Today must be a date such as 2002-01-01."),
    ],
)
def test_bad_input_is_refused_in_words(client: Client, row: Row, said: str) -> None:
    with pytest.raises(AppError) as caught:
        client.predict(**row, api_name="/predict")
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("horizon", [1, 12])
@pytest.mark.parametrize("today", ["1964-05-01", "1998-01-01", "2002-01-31"])
def test_the_picture_is_well_formed_and_shows_what_is_known(
    predictor: serving.Predictor, today: str, horizon: int
) -> None:
    row = {"today": today, "horizon": horizon}
    picture = ElementTree.fromstring(widgets.chart(predictor, row))  # noqa: S314  # our own text
    said = [title.text for title in picture.iter("title")]
    answer = predictor.predict(row)
    known = [truth for truth in answer.truth if truth is not None]
    assert len(said) == horizon + len(known)
    assert said[0] == f"{answer.months[0]}, forecast: {answer.median[0]:.2f}"
    assert [f"{answer.months[0]}, measured: {truth:.2f}" for truth in known[:1]] == said[horizon : horizon + 1]
    for number in (number for line in picture.iter("polyline") for number in line.attrib["points"].split()):
        across, down = map(float, number.split(","))
        assert 0 < across < widgets.WIDTH
        assert 0 < down < widgets.HEIGHT


@pytest.mark.parametrize(("lowest", "highest"), [(355.2, 369.9), (0.0, 1.0), (-3.0, 4.0), (1000, 9000), (316.0, 316.6)])
def test_the_axis_has_a_few_round_values(lowest: float, highest: float) -> None:
    values = widgets._round_values(lowest, highest)
    assert 3 <= len(values) <= 8
    assert lowest <= values[0] < values[-1] <= highest
    for value in values:
        assert len(f"{value:g}".lstrip("-").replace(".", "").strip("0")) <= 4


def test_the_reasons_end_in_the_forecast(predictor: serving.Predictor) -> None:
    row = {"today": "1998-01-01", "horizon": 12}
    text = widgets.reasons(predictor, predictor.explain(row))
    assert f"{predictor.predict(row).median[-1]:.2f}" in text
    assert "1998-12" in text
    assert "the last 12 months" in text
