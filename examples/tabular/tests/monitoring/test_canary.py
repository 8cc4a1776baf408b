"""The comparison of canary and champion: who gets which rows, what is clear, and what has too few rows."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from late_flights.config import Monitor
from late_flights.monitoring.canary import Side, compare_canary, compare_means, compare_shares, split_traffic
from late_flights.monitoring.canary_report import format_canary_markdown, format_canary_text
from late_flights.monitoring.traffic import RIGHT

from .entries import rated

START = datetime(2026, 11, 30, tzinfo=UTC)
LIMITS = Monitor(min_rows=20)
COLUMNS = [{"name": "probability", "kind": "number", "limits": [0.0, 0.25, 0.5, 0.75, 1.0], "counts": [0] * 7}]


def record(sha256: str) -> dict[str, Any]:
    return {"model": f"model_{sha256}", "sha256": sha256, "classes": ["no", "yes"], "lineage": {"registry_version": 7}}


def row(minute: int, sha256: str = "champion", status: int = 200, **changes: Any) -> dict[str, Any]:
    """Return a row of the request log."""
    return {
        "time": START + timedelta(minutes=minute),
        "request_id": str(minute),
        "source": "api",
        "status": status,
        "seconds": 0.1,
        "inputs": {"a": minute} if status == 200 else None,
        "prediction": {"label": "no", "probability": minute / 100} if status == 200 else None,
        "model_sha256": sha256,
        **changes,
    }


def test_requests_in_the_period_of_the_canary_are_compared() -> None:
    rows = [
        row(1),
        row(2, "canary"),
        row(3),
        row(4, inputs={"a": 3}),
        row(5, status=422),
        row(6, "canary", 500),
        row(6),  # by the champion, since the canary failed
        row(7, "other"),
        row(8, "canary"),
        row(9),
    ]
    champion, canary = split_traffic(rows[::-1], [], record("champion"), record("canary"))
    assert (champion.requests, champion.failed, len(champion.scores)) == (2, [False, False], 1)
    assert (canary.requests, canary.failed, canary.scores) == (3, [False, True, False], [0.08, 0.02])
    assert split_traffic(rows[:1], [], record("champion"), record("canary"))[0].requests == 0


def test_the_interval_of_a_difference_of_shares_is_that_of_the_publication() -> None:
    """Newcombe (1998), table II, case (a): 56 of 70 and 48 of 80."""
    difference = compare_shares("right", [True] * 48 + [False] * 32, [True] * 56 + [False] * 14, 20)
    assert difference.interval == pytest.approx((0.0524, 0.3339), abs=1e-4)
    assert difference.conclusion == "clear difference"


def test_means_of_the_same_distribution_do_not_differ_clearly() -> None:
    values = [number / 100 for number in range(100)]
    assert compare_means("mean", values, values[::-1], 20).conclusion == "no clear difference"
    assert compare_means("mean", values, [value + 0.2 for value in values], 20).conclusion == "clear difference"
    assert compare_means("mean", [0.5] * 30, [0.5] * 30, 20).interval == (0, 0)


def test_few_rows_are_not_compared() -> None:
    assert compare_shares("right", [True] * 100, [False] * 19, 20).conclusion == "too few"
    assert compare_means("mean", [], [0.5], 20).values == (None, 0.5)


def side(sha256: str, scores: list[float], failed: int) -> Side:
    failures = [True] * failed + [False] * len(scores)
    predictions: list[Mapping[str, Any]] = [{"label": "no", "probability": score} for score in scores]
    model = {"name": "a_model", "version": 7, "sha256": sha256}
    latency, outcomes = {"p50": 0.001, "p95": 0.002}, {RIGHT: [True] * 5}
    return Side(model, len(failures), latency, failures, predictions, scores, outcomes)


def test_a_referral_is_compared_by_recall_and_precision() -> None:
    """At the threshold of each model; the champion refers every row, the canary those of the positive class."""
    records = [
        record(name) | {"decision": {"rule": "refer", "positive": "yes", "threshold": threshold}}
        for name, threshold in (("champion", 0.1), ("canary", 0.3))
    ]
    entries = [
        rated(score, truth, name)
        for name in ("champion", "canary")
        for score, truth in [(0.2, "no"), (0.4, "yes")] * 50
    ]
    champion, canary = split_traffic([row(2, "canary"), row(1)], entries, *records)
    *_, right, recall, precision = compare_canary(champion, canary, [], LIMITS).differences
    assert (right.name, right.rows, right.values) == ("right predictions by feedback", (100, 100), (0.5, 0.5))
    assert (recall.name, recall.rows, recall.values) == ("recall by feedback", (50, 50), (1, 1))
    assert (precision.name, precision.rows, precision.values) == ("precision by feedback", (100, 50), (0.5, 1))
    assert [entry.conclusion for entry in (recall, precision)] == ["no clear difference", "clear difference"]
    without = split_traffic([row(2, "canary")], entries, records[0], record("canary"))
    names = [entry.name for entry in compare_canary(*without, [], LIMITS).differences]
    assert "recall by feedback" not in names, "the canary refers no rows"


def test_the_report_names_clear_differences_and_too_few_rows() -> None:
    low, high = ([number / 200 + shift for number in range(100)] for shift in (0.0, 0.5))
    comparison = compare_canary(side("a", low, 0), side("b", high, 30), COLUMNS, LIMITS)
    text = "\n".join(format_canary_text(comparison))
    assert "canary: a_model, version 7" in text
    assert [difference.conclusion for difference in comparison.differences] == [
        "clear difference",
        "clear difference",
        "too few",
    ]
    assert "The distributions of the predictions differ (probability: PSI" in text
    assert "a model has fewer than 20 of them (monitor.min_rows" in text
    page = format_canary_markdown(comparison)
    assert "| failed requests | 0.0% | 23.1% | +23.1% |" in page
    document = comparison.to_json()
    assert document["requests"] == {"champion": 100, "canary": 130}
    assert document["differences"][0]["conclusion"] == "clear difference"
    assert document["drift"][0]["drifted"]


def test_equal_predictions_do_not_differ() -> None:
    scores = [number / 100 for number in range(100)]
    comparison = compare_canary(side("a", scores, 0), side("b", scores, 0), COLUMNS, LIMITS)
    assert "do not clearly differ" in "\n".join(format_canary_text(comparison))
    few = compare_canary(side("a", scores[:5], 0), side("b", scores, 0), COLUMNS, LIMITS)
    assert few.drifts == []
