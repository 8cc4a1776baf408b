"""The traffic in the request log: how much, how fast, how often invalid; and the quality that feedback shows."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from scipy.stats import binomtest
from sqlalchemy import select

from ..config import Monitor
from ..serving.database import Database
from ..serving.feedback import Entry
from ..serving.request_table import TABLE

MAX_ROWS = 50_000  # the newest; with more, the rest of the period is left out
Record = Mapping[str, Any]


@dataclass(frozen=True)
class Traffic:
    """The requests of a period.

    Attributes:
        requests: number of requests, including those that a sampling rate left out.
        statuses: number of logged requests by status.
        latency: seconds by quantile, of the REST API's requests.
        problems: number of logged requests by the input that was invalid.
        inputs: of the different rows, as logged.
        predictions: of the different rows that the champion predicted, as logged.
    """

    requests: int
    statuses: dict[int, int]
    latency: dict[str, float]
    problems: dict[str, int]
    inputs: list[Record] = field(repr=False)
    predictions: list[Record] = field(repr=False)

    @property
    def logged(self) -> int:
        """The number of logged requests."""
        return sum(self.statuses.values())

    def share(self, first: int) -> float:
        """Return the share of the requests whose status begins with a digit."""
        matching = sum(number for status, number in self.statuses.items() if status // 100 == first)
        return matching / self.logged if self.logged else 0.0


@dataclass(frozen=True)
class Quality:
    """How often predictions were right, where feedback says so; None if nothing is known.

    Attributes:
        rows: predictions with feedback.
        right: how many of them were right: the class, or a number within the tolerance.
        expected: the share that was right on the test split.
        dropped: whether the share is clearly lower.
    """

    rows: int
    right: int
    expected: float | None
    dropped: bool


def read_requests(url: str, since: datetime) -> list[dict[str, Any]]:
    """Return the newest rows of the request log from a time on.

    Raises:
        DatabaseError: the database can't be read.
    """
    query = select(TABLE).where(TABLE.c.time >= since).order_by(TABLE.c.time.desc()).limit(MAX_ROWS)
    return list(Database(url, TABLE).select(query))


def summarize_traffic(rows: Sequence[Record], record: Record, *, distinct: bool) -> Traffic:
    """Return a summary of the rows of the request log.

    Args:
        rows: of the log, the newest first.
        record: the contents of `champion.json`.
        distinct: whether equal rows count once: repeated requests are no more evidence than one.
    """
    # After a canary failed, a request has a row of the champion, too; it counts as served.
    by_status = sorted(rows, key=lambda row: -row["status"])
    requests = list({row["request_id"]: row for row in by_status}.values())
    predicted = [row for row in rows if row["inputs"] is not None]
    if distinct:
        predicted = distinct_rows(predicted)
    return Traffic(
        requests=round(sum(1 / row["share"] for row in requests)),
        statuses=dict(sorted(Counter(row["status"] for row in requests).items())),
        latency=measure_latency(requests),
        problems=_count_problems(requests),
        inputs=[row["inputs"] for row in predicted],
        predictions=[row["prediction"] for row in predicted if record["sha256"].startswith(row["model_sha256"])],
    )


def _count_problems(requests: Iterable[Record]) -> dict[str, int]:
    """Return the number of requests by invalid input, the most frequent first."""
    return dict(Counter(name for row in requests for name in row["problems"] or ()).most_common())


def measure_latency(requests: Iterable[Record]) -> dict[str, float]:
    """Return seconds by quantile, of the predictions of the REST API; empty without any."""
    seconds = [row["seconds"] for row in requests if row["source"] == "api" and row["status"] == 200]
    return {f"p{q}": round(float(np.percentile(seconds, q)), 6) for q in (50, 95, 99)} if seconds else {}


def distinct_rows(rows: Iterable[Record]) -> list[Record]:
    """Return the rows with different inputs, for each model."""
    return list({(row["model_sha256"], *sorted(row["inputs"].items())): row for row in rows}.values())


def measure_quality(entries: Iterable[Entry], record: Record, limits: Monitor) -> Quality:
    """Return how often the champion's predictions were right in feedback."""
    right = judge_entries(entries, record)
    return compare_quality(sum(right), len(right), expected_share(record), limits)


def judge_entries(entries: Iterable[Entry], record: Record) -> list[bool]:
    """Return whether the predictions of a model were right, of those with feedback that says so."""
    return [
        outcome
        for entry in entries
        if record["sha256"].startswith(entry.model_sha256)
        if (outcome := _is_right(entry, record)) is not None
    ]


def compare_quality(right: int, rows: int, expected: float | None, limits: Monitor) -> Quality:
    """Return whether the share of right predictions is clearly lower than expected (one-sided binomial test)."""
    if expected is None or rows < limits.min_rows:
        return Quality(rows, right, expected, dropped=False)
    p_value = binomtest(right, rows, expected, alternative="less").pvalue
    dropped = p_value < limits.significance and expected - right / rows >= limits.quality_drop
    return Quality(rows, right, expected, bool(dropped))


def expected_share(record: Record) -> float | None:
    """Return the share of the test split that is right: the accuracy, or the share within the tolerance, if any."""
    if record["classes"]:
        return float(record["metrics"]["accuracy"]["value"])
    decision = record.get("decision")
    return float(decision["test"]["share"]["value"]) if decision else None


def _is_right(entry: Entry, record: Record) -> bool | None:
    """Return whether a prediction was right, or None if that is not known."""
    if record["classes"]:
        return entry.correct
    if entry.truth is None or not record.get("decision"):
        return None
    predicted = entry.prediction["prediction"]
    value = predicted[-1] if isinstance(predicted, list) else predicted
    return float(abs(value - entry.truth)) <= float(record["decision"]["tolerance"])
