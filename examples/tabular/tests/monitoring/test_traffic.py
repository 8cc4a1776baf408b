"""Traffic and quality, as the request log and feedback show them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from late_flights.config import Monitor
from late_flights.monitoring.report import Monitoring, format_markdown, format_text
from late_flights.monitoring.traffic import (
    Quality,
    compare_quality,
    expected_share,
    measure_quality,
    summarize_traffic,
)
from late_flights.serving.feedback import Entry

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


def row(request_id: str, **changes: Any) -> dict[str, Any]:
    """Return a row of the request log."""
    common = {"request_id": request_id, "source": "api", "status": 200, "seconds": 0.1, "share": 0.5, "problems": None}
    predicted = {"inputs": {"a": request_id}, "prediction": {"label": "no"}, "model_sha256": "abcabcabcabc"}
    return common | predicted | changes


def entry(correct: bool, truth: Any = None, prediction: Any = "no", sha256: str = "abcabcabcabc") -> Entry:
    return Entry(
        id="1",
        time=datetime(2026, 11, 30, tzinfo=UTC),
        request_id=None,
        inputs=None,
        prediction={"prediction": prediction},
        correct=correct,
        truth=truth,
        remark=None,
        model="a model",
        model_version=1,
        model_sha256=sha256,
    )


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
    assert measure_quality(entries, RECORD, Monitor()) == Quality(2, 1, 0.9, dropped=False)
    forecasts = [entry(True, 11.0, [9.0, 12.0]), entry(True, 20.0, 12.0), entry(True, None, 12.0)]
    assert measure_quality(forecasts, NUMBERS, Monitor()) == Quality(2, 1, 0.8, dropped=False)
    assert measure_quality(forecasts, NUMBERS | {"decision": None}, Monitor()) == Quality(0, 0, None, dropped=False)
    assert expected_share(NUMBERS | {"decision": None}) is None


@pytest.mark.parametrize(("right", "dropped"), [(90, False), (85, False), (60, True)])
def test_lower_quality_is_found(right: int, dropped: bool) -> None:
    assert compare_quality(right, 100, 0.9, Monitor()).dropped is dropped


def test_alerts_name_what_is_wrong() -> None:
    limits = Monitor(min_rows=20)
    rows = [row(str(number), status=422, inputs=None, problems=["age", "b"]) for number in range(30)]
    monitoring = Monitoring(
        since=datetime(2026, 11, 30, tzinfo=UTC),
        model={"name": "a_model", "version": 3},
        traffic=summarize_traffic(rows, RECORD, distinct=True),
        drifts=[],
        quality=compare_quality(10, 30, 0.9, limits),
        limits=limits,
    )
    assert monitoring.alerts == [
        "100% of the requests are invalid: age 30, b 30",
        "33% of 30 predictions with feedback are right; test split: 90%",
    ]
    assert monitoring.status == "drift"
    assert "alert: 100% of the requests are invalid" in format_text(monitoring)
    page = format_markdown(monitoring)
    assert "Too few rows to test." in page
    assert r"a\_model, version 3" in page
