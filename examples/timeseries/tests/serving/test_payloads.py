"""What the REST API takes and returns for a forecast."""

from typing import Any, cast

import httpx
import pytest

from air_ahead.serving.demo import summary_html
from air_ahead.serving.payloads import example_inputs, predict, prediction_schemas
from air_ahead.serving.predictor import Predictor

from .dates import middle, start_day


def test_forecasts_and_explanations_are_those_of_the_page(address: str, predictor: Predictor) -> None:
    inputs = {"today": start_day(predictor, middle(predictor)), "horizon": 2}
    answer = httpx.post(f"{address}/predict?explain=1", json=inputs).json()
    forecast, explanation = predictor.predict(inputs), predictor.explain(inputs)
    assert answer["times"] == list(forecast.times)
    assert answer["prediction"] == pytest.approx(list(forecast.median))
    assert [pair[0] for pair in answer["interval"]] == pytest.approx(list(forecast.low))
    assert [pair[1] for pair in answer["interval"]] == pytest.approx(list(forecast.high))
    tested = predictor.champion.record["tested"]
    covered = [count / tested["forecasts"] for count in tested["covered"]]
    assert answer["coverage"] == pytest.approx(covered[:2], abs=1e-4)
    assert answer["actual"] == list(forecast.actual)
    assert answer["unit"] == predictor.champion.record["target"]["unit"]
    parts = answer["explanation"]["parts"]
    assert [part["label"] for part in parts] == [part.label for part in explanation.parts]
    assert sum(part["value"] for part in parts) == pytest.approx(forecast.median[-1], rel=1e-5)


def test_a_champion_of_an_older_version_has_no_measured_coverage(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(cast(Any, predictor.champion.record), "tested")
    (answer,) = predict(predictor, [predictor.complete({})])
    assert "coverage" not in answer
    assert answer.keys() == prediction_schemas(predictor).keys()
    assert "test forecasts" not in summary_html(predictor, predictor.predict({}))


def test_the_example_of_the_documentation_is_a_typical_forecast_of_a_few_steps(predictor: Predictor) -> None:
    _, typical, _ = predictor.champion.record["examples"]
    inputs = example_inputs(predictor)
    assert inputs["today"] == typical["inputs"]["today"]
    assert 1 <= inputs["horizon"] <= min(6, typical["inputs"]["horizon"])


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("today", "soon", "Today must be a date such as"),
        ("today", "9030-01-01", "Today must be between"),
        ("today", None, "must be string, not null."),
        ("horizon", 0, "ahead must be a whole number from 1 to"),
        ("horizon", 1.5, "ahead must be a whole number from 1 to"),
        ("horizon", "2", "must be integer, not string."),
    ],
)
def test_unusable_inputs_are_rejected_like_on_the_page(address: str, name: str, value: Any, message: str) -> None:
    response = httpx.post(f"{address}/predict", json={name: value})
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert error["field"] == name
    assert message in error["detail"]
