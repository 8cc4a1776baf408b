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

MAX_ROWS = 50_000  # the newest; with more, the rest of the period is left out, and the report says so
RIGHT, RECALL, PRECISION = "right predictions", "recall", "precision"
Record = Mapping[str, Any]


@dataclass(frozen=True)
class Traffic:
    """The requests of a period.

    Attributes:
        requests: number of requests, including those that a sampling rate left out.
        statuses: number of logged requests by status.
        latency: seconds by quantile, of the REST API's requests.
        problems: number of logged requests by the input that was invalid, the most frequent first.
        inputs: of the different rows, as logged.
        predictions: of the different rows that the champion predicted, as logged.
        truncated: whether the period has more rows than were read.
    """

    requests: int
    statuses: dict[int, int]
    latency: dict[str, float]
    problems: dict[str, int]
    inputs: list[Record] = field(repr=False)
    predictions: list[Record] = field(repr=False)
    truncated: bool = False

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
    """A share of the rows with feedback, and the same share of the test split.

    Attributes:
        name: of the share: right predictions (the class, or a number within the tolerance), recall or precision.
        rows: with feedback: all, those of the positive class, or those that were referred.
        right: how many of them were right, found, or of the positive class.
        expected: the share of the test split; None if it is not known.
        dropped: whether the share is clearly lower.
    """

    name: str
    rows: int
    right: int
    expected: float | None
    dropped: bool


@dataclass(frozen=True)
class Referred:
    """How many predictions reached the threshold of the decision, and the share of the test split that did."""

    rows: int
    referred: int
    expected: float


def identify(record: Record) -> dict[str, Any]:
    """Return which model a `champion.json` describes."""
    version = record["lineage"].get("registry_version")
    return {"name": record["model"], "version": version, "sha256": record["sha256"]}


def read_requests(url: str, since: datetime) -> list[dict[str, Any]]:
    """Return the newest rows of the request log from a time on, up to one more than `MAX_ROWS`.

    Raises:
        DatabaseError: the database can't be read.
    """
    query = select(TABLE).where(TABLE.c.time >= since).order_by(TABLE.c.time.desc()).limit(MAX_ROWS + 1)
    return list(Database(url, TABLE).select(query))


def summarize_traffic(rows: Sequence[Record], record: Record, *, distinct: bool) -> Traffic:
    """Return a summary of the rows of the request log.

    Args:
        rows: of the log, the newest first.
        record: the contents of `champion.json`.
        distinct: whether equal rows count once: repeated requests are no more evidence than one.
    """
    truncated, rows = len(rows) > MAX_ROWS, rows[:MAX_ROWS]
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
        problems=dict(Counter(name for row in requests for name in row["problems"] or ()).most_common()),
        inputs=[row["inputs"] for row in predicted],
        predictions=[row["prediction"] for row in predicted if record["sha256"].startswith(row["model_sha256"])],
        truncated=truncated,
    )


def measure_latency(requests: Iterable[Record]) -> dict[str, float]:
    """Return seconds by quantile, of the predictions of the REST API; empty without any."""
    seconds = [row["seconds"] for row in requests if row["source"] == "api" and row["status"] == 200]
    return {f"p{q}": round(float(np.percentile(seconds, q)), 6) for q in (50, 95, 99)} if seconds else {}


def distinct_rows(rows: Iterable[Record]) -> list[Record]:
    """Return the rows with different inputs, for each model."""
    return list({(row["model_sha256"], *sorted(row["inputs"].items())): row for row in rows}.values())


def count_referred(predictions: Sequence[Record], record: Record) -> Referred | None:
    """Return how many logged predictions reach the threshold; None if the decision refers no rows."""
    rule = _referral(record)
    if not rule:
        return None
    referred = sum(row["probability"] >= rule["threshold"] for row in predictions)
    return Referred(len(predictions), referred, rule["test"]["reached"] / rule["test"]["rows"])


def judge_entries(entries: Iterable[Entry], record: Record) -> dict[str, list[bool]]:
    """Return the outcomes of a model's predictions by feedback: each list of which the share is a measure of quality.

    These are the right predictions; and of a referral, the rows of the positive class that were referred (recall), and
    the referred rows that were of it (precision).
    """
    own = _entries_of(entries, record)
    right = [outcome for entry in own if (outcome := _is_right(entry, record)) is not None]
    return {RIGHT: right} | _judge_referrals(own, record)


def _entries_of(entries: Iterable[Entry], record: Record) -> list[Entry]:
    return [entry for entry in entries if record["sha256"].startswith(entry.model_sha256)]


def _referral(record: Record) -> Record:
    """Return the decision if it refers rows of the positive class; else nothing."""
    decision: Record = record.get("decision") or {}
    return decision if decision.get("rule") == "refer" else {}


def measure_quality(entries: Iterable[Entry], record: Record, limits: Monitor) -> list[Quality]:
    """Return how good the champion's predictions were by feedback: recall and precision of a referral, or how many."""
    entries = list(entries)
    outcomes = judge_entries(entries, record)
    expected = {RIGHT: expected_share(entries, record)}
    if rule := _referral(record):
        expected = {name: rule["test"][name]["value"] for name in (RECALL, PRECISION)}
    return [
        compare_quality(name, sum(outcomes[name]), len(outcomes[name]), share, limits)
        for name, share in expected.items()
    ]


def _judge_referrals(entries: Sequence[Entry], record: Record) -> dict[str, list[bool]]:
    rule, classes = _referral(record), record["classes"]
    if not rule:
        return {}
    positive, pairs = rule["positive"], []
    for entry in entries:
        truth = entry.truth
        if truth is None and len(classes) == 2:  # feedback says that the prediction is wrong
            truth = next(name for name in classes if name != entry.prediction["prediction"])
        if truth is not None:
            pairs.append((truth == positive, entry.prediction["probabilities"][positive] >= rule["threshold"]))
    return {
        RECALL: [is_referred for is_positive, is_referred in pairs if is_positive],
        PRECISION: [is_positive for is_positive, is_referred in pairs if is_referred],
    }


def compare_quality(name: str, right: int, rows: int, expected: float | None, limits: Monitor) -> Quality:
    """Return whether a share is clearly lower than expected (one-sided binomial test)."""
    if expected is None or rows < limits.min_rows:
        return Quality(name, rows, right, expected, dropped=False)
    p_value = binomtest(right, rows, expected, alternative="less").pvalue
    dropped = p_value < limits.significance and expected - right / rows >= limits.quality_drop
    return Quality(name, rows, right, expected, bool(dropped))


def expected_share(entries: Iterable[Entry], record: Record) -> float | None:
    """Return the share of the test split that is right: the accuracy, or the share within the tolerance, if any.

    Feedback on a forecast is about its last step, so the share is that of forecasts as many steps ahead.
    """
    if record["classes"]:
        return float(record["metrics"]["accuracy"]["value"])
    if not record.get("decision"):
        return None
    within = record.get("tested", {}).get("within")  # of forecasts; older records have none
    judged = [entry for entry in _entries_of(entries, record) if _is_right(entry, record) is not None]
    if within and judged:
        counts = [within[len(entry.prediction["prediction"]) - 1] for entry in judged]
        return float(np.mean(counts)) / int(record["tested"]["forecasts"])
    return float(record["decision"]["test"]["share"]["value"])


def _is_right(entry: Entry, record: Record) -> bool | None:
    """Return whether a prediction was right, or None if that is not known."""
    if record["classes"]:
        return entry.correct
    if entry.truth is None or not record.get("decision"):
        return None
    predicted = entry.prediction["prediction"]
    value = predicted[-1] if isinstance(predicted, list) else predicted
    return float(abs(value - entry.truth)) <= float(record["decision"]["tolerance"])
