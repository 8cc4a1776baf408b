"""Traffic and quality, as the request log and feedback show them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from late_flights.config import Monitor
from late_flights.monitoring import traffic as traffic_module
from late_flights.monitoring.report import Monitoring, format_markdown, format_text
from late_flights.monitoring.traffic import (
    RIGHT,
    Quality,
    Referred,
    Traffic,
    compare_quality,
    count_referred,
    expected_share,
    measure_quality,
    summarize_traffic,
)

from .entries import entry, rated

RECORD: dict[str, Any] = {
    "sha256": "abc" * 20,
    "classes": ["no", "yes"],
    "metrics": {"accuracy": {"value": 0.9}},
    "decision": None,
}
NUMBERS = RECORD | {
    "classes": [],
    "decision": {"tolerance": 2.0, "test": {"share": {"value": 0.8}}},
}

TEST = {"rows": 100, "reached": 20, "recall": {"value": 0.8}, "precision": {"value": 0.5}}
REFERRAL = RECORD | {"decision": {"rule": "refer", "positive": "yes", "threshold": 0.25, "test": TEST}}


def row(request_id: str, **changes: Any) -> dict[str, Any]:
    """Return a row of the request log."""
    common = {"request_id": request_id, "source": "api", "status": 200, "seconds": 0.1, "share": 0.5, "problems": None}
    predicted = {"inputs": {"a": request_id}, "prediction": {"label": "no"}, "model_sha256": "abcabcabcabc"}
    return common | predicted | changes


def test_traffic_is_summarized() -> None:
    rows = [
        row("1"),
        row("2", inputs={"a": "1"}),
        row("3", model_sha256="other"),
        row("4", source="page", seconds=9),
        row("5", status=422, inputs=None, prediction=None, problems=["a"]),
        row("5", status=422, inputs=None, prediction=None, problems=["a"]),
    ]
    traffic = summarize_traffic(rows, RECORD, distinct=True)
    assert traffic.requests == 10
    assert traffic.statuses == {200: 4, 422: 1}
    assert traffic.latency == {"p50": 0.1, "p95": 0.1, "p99": 0.1}
    assert traffic.problems == {"a": 1}
    assert (len(traffic.inputs), len(traffic.predictions)) == (3, 2)
    assert len(summarize_traffic(rows, RECORD, distinct=False).inputs) == 4
    assert (traffic.share(4), traffic.share(5)) == (0.2, 0)
    assert summarize_traffic([], RECORD, distinct=True).share(4) == 0


def test_quality_is_the_share_of_right_predictions_with_feedback() -> None:
    entries = [entry(True), entry(False), entry(True, sha256="other")]
    assert measure_quality(entries, RECORD, Monitor()) == [Quality(RIGHT, 2, 1, 0.9, dropped=False)]
    forecasts = [entry(True, 11.0, [9.0, 12.0]), entry(True, 20.0, 12.0), entry(True, None, 12.0)]
    assert measure_quality(forecasts, NUMBERS, Monitor()) == [Quality(RIGHT, 2, 1, 0.8, dropped=False)]
    two_ahead = entry(True, 11.0, [9.0, 12.0])
    tested = NUMBERS | {"tested": {"forecasts": 4, "within": [4, 1]}}
    assert expected_share([two_ahead], tested) == 0.25, "of forecasts two steps ahead"
    unknown = measure_quality(forecasts, NUMBERS | {"decision": None}, Monitor())
    assert unknown == [Quality(RIGHT, 0, 0, None, dropped=False)]
    assert expected_share([], NUMBERS | {"decision": None}) is None


def test_quality_of_a_referral_is_recall_and_precision_at_its_threshold() -> None:
    entries = [
        rated(0.4, "yes"),  # referred, though `no` is more likely
        rated(0.3, "no"),
        rated(0.1, None),  # wrong, so it is the other class: missed
        rated(0.9, "yes"),
    ]
    recall, precision = measure_quality(entries, REFERRAL, Monitor())
    assert recall == Quality("recall", 3, 2, 0.8, dropped=False)
    assert precision == Quality("precision", 3, 2, 0.5, dropped=False)
    three = REFERRAL | {"classes": ["maybe", "no", "yes"]}
    assert measure_quality(entries, three, Monitor())[0].rows == 2, "a wrong one of three classes is unknown"


def test_the_referred_share_is_compared_with_the_test_split() -> None:
    predictions = [{"label": "no", "probability": score} for score in (0.1, 0.3, 0.4)]
    assert count_referred(predictions, REFERRAL) == Referred(3, 2, 0.2)
    assert count_referred(predictions, RECORD) is None


def test_more_rows_than_are_read_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row(str(number)) for number in range(3)]
    assert not summarize_traffic(rows, RECORD, distinct=True).truncated
    monkeypatch.setattr(traffic_module, "MAX_ROWS", 2)
    monitoring = watch(summarize_traffic(rows, RECORD, distinct=True))
    assert len(monitoring.traffic.inputs) == 2
    assert monitoring.to_json()["truncated"] is True
    assert "only the newest 50,000 rows of the log were read" in format_text(monitoring)


@pytest.mark.parametrize(("right", "dropped"), [(90, False), (85, False), (60, True)])
def test_lower_quality_is_found(right: int, dropped: bool) -> None:
    assert compare_quality(RIGHT, right, 100, 0.9, Monitor()).dropped is dropped


def watch(traffic: Traffic, *qualities: Quality, referred: Referred | None = None) -> Monitoring:
    """Return a result without drift."""
    return Monitoring(
        since=datetime(2026, 11, 30, tzinfo=UTC),
        model={"name": "a_model", "version": 3},
        traffic=traffic,
        drifts=[],
        qualities=list(qualities),
        referred=referred,
        limits=Monitor(min_rows=20),
    )


def test_alerts_name_what_is_wrong() -> None:
    rows = [row(str(number), status=422, inputs=None, problems=["age", "b"]) for number in range(30)]
    qualities = [compare_quality(name, 10, 30, 0.9, Monitor(min_rows=20)) for name in (RIGHT, "recall")]
    monitoring = watch(summarize_traffic(rows, RECORD, distinct=True), *qualities, referred=Referred(40, 10, 0.2))
    assert monitoring.alerts == [
        "100% of the requests are invalid: age 30, b 30",
        "right predictions: 33% of 30 rows with feedback; test split: 90%",
        "recall: 33% of 30 rows with feedback; test split: 90%",
    ]
    assert monitoring.status == "drift"
    text = format_text(monitoring)
    assert "alert: 100% of the requests are invalid" in text
    assert "\nreferred             10 of 40 rows (25.0%; test split: 20.0%)\n" in text
    assert "\nrecall               10 of 30 rows with feedback (33.3%; test split: 90.0%)\n" in text
    page = format_markdown(monitoring)
    assert "Too few rows to test." in page
    assert r"a\_model, version 3" in page
