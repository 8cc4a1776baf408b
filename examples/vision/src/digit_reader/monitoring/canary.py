"""Compares the canary with the champion, in the period in which both got requests.

A hash of the inputs assigned the requests (`serving/canary.py`), so a difference is one of the models, or chance. The
interval of a difference says which: of shares the hybrid score interval (Newcombe 1998, method 10), of means Welch's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import hypot, sqrt
from typing import Any

import numpy as np
from scipy.stats import binomtest, t

from ..config import Monitor
from ..evaluation.reference import count_values
from ..serving.feedback import Entry
from .drift import Drift, find_drift
from .traffic import Record, distinct_rows, identify, judge_entries, measure_latency

CONFIDENCE = 0.95  # of each interval
OK, FAILED = 200, 500  # statuses of assigned requests; others are rejected before

Interval = tuple[float, float]


@dataclass(frozen=True)
class Side:
    """The part of the traffic that one model got, and its feedback.

    Attributes:
        model: name, version and hash.
        requests: number of requests, those that failed included.
        latency: seconds by quantile, of requests to the REST API.
        failed: of each request, whether the model raised an exception.
        predictions: of the different rows, as logged.
        scores: the probability or value in each of them.
        outcomes: by feedback, as `judge_entries` returns them.
    """

    model: Mapping[str, Any]
    requests: int
    latency: dict[str, float]
    failed: list[bool] = field(repr=False)
    predictions: list[Record] = field(repr=False)
    scores: list[float] = field(repr=False)
    outcomes: dict[str, list[bool]] = field(repr=False)


@dataclass(frozen=True)
class Difference:
    """A share or a mean of the champion and of the canary.

    Attributes:
        name: what is compared.
        is_share: whether it is a share.
        rows: number of requests, predictions or feedback of each model.
        values: of each model; None without rows.
        interval: of canary minus champion; None with too few rows.
    """

    name: str
    is_share: bool
    rows: tuple[int, int]
    values: tuple[float | None, float | None]
    interval: Interval | None

    @property
    def conclusion(self) -> str:
        """Whether the difference is clear, that is, whether the interval excludes zero."""
        if self.interval is None:
            return "too few"
        return "no clear difference" if self.interval[0] <= 0 <= self.interval[1] else "clear difference"


@dataclass(frozen=True)
class Comparison:
    """The comparison of the canary with the champion.

    Attributes:
        champion: its part of the traffic.
        canary: its part of the traffic.
        differences: failed requests, the mean prediction, and the quality by feedback.
        drifts: each column of predictions, the canary's compared with the champion's; empty with too few rows.
        min_rows: fewer rows of a model are too few.
    """

    champion: Side
    canary: Side
    differences: list[Difference]
    drifts: list[Drift]
    min_rows: int

    def to_json(self) -> dict[str, Any]:
        """Return everything as a JSON document."""
        sides = {"champion": self.champion, "canary": self.canary}
        return {
            "model": dict(self.canary.model),
            "requests": {name: side.requests for name, side in sides.items()},
            "latency_seconds": {name: side.latency for name, side in sides.items()},
            "differences": [
                asdict(difference) | {"conclusion": difference.conclusion} for difference in self.differences
            ],
            "confidence": CONFIDENCE,
            "drift": [asdict(drift) for drift in self.drifts],
        }


def compare_canary(champion: Side, canary: Side, columns: Sequence[Record], limits: Monitor) -> Comparison:
    """Return the comparison.

    Args:
        champion: its part of the traffic.
        canary: its part of the traffic.
        columns: of predictions, in the champion's `reference.json`; none of forecasts.
        limits: what are too few rows, and from when on predictions differ.
    """
    least = limits.min_rows
    predicted = [
        dict(column) | {"counts": count_values(column, [row.get(column["name"]) for row in champion.predictions])}
        for column in columns
        if len(champion.predictions) >= least
    ]
    return Comparison(
        champion=champion,
        canary=canary,
        differences=[
            compare_shares("failed requests", champion.failed, canary.failed, least),
            compare_means("mean prediction", champion.scores, canary.scores, least),
            *(
                compare_shares(f"{name} by feedback", outcomes, canary.outcomes[name], least)
                for name, outcomes in champion.outcomes.items()
                if name in canary.outcomes
            ),
        ],
        drifts=find_drift({"inputs": [], "predictions": predicted}, [], canary.predictions, limits),
        min_rows=least,
    )


def split_traffic(
    rows: Sequence[Record], entries: Sequence[Entry], champion: Record, canary: Record
) -> tuple[Side, Side]:
    """Return the parts of champion and canary, from the first to the last request to the canary.

    Requests that the champion predicted because the canary failed count for the canary only.

    Args:
        rows: of the request log since the champion is the champion (the canary may have been before), the newest first.
        entries: of feedback.
        champion: the contents of its `champion.json`.
        canary: the contents of its `champion.json`.
    """
    assigned = [row for row in rows if row["status"] in (OK, FAILED)]
    of_canary = [row for row in assigned if canary["sha256"].startswith(row["model_sha256"])]
    if not of_canary:
        return _summarize([], [], champion), _summarize([], [], canary)
    last, first = of_canary[0]["time"], of_canary[-1]["time"]
    failed = {row["request_id"] for row in of_canary}
    of_champion = [
        row
        for row in assigned
        if champion["sha256"].startswith(row["model_sha256"])
        and first <= row["time"] <= last
        and row["request_id"] not in failed
    ]
    recent = [entry for entry in entries if entry.time >= first]
    return _summarize(of_champion, recent, champion), _summarize(of_canary, recent, canary)


def _summarize(rows: Sequence[Record], entries: Sequence[Entry], record: Record) -> Side:
    # The rows of a request were assigned together, so one of them counts.
    requests = list({row["request_id"]: row for row in rows}.values())
    predictions = [row["prediction"] for row in distinct_rows([row for row in requests if row["inputs"] is not None])]
    return Side(
        model=identify(record),
        requests=len(requests),
        latency=measure_latency(requests),
        failed=[row["status"] == FAILED for row in requests],
        predictions=predictions,
        scores=[float(row["probability" if "probability" in row else "value"]) for row in predictions],
        outcomes=judge_entries(entries, record),
    )


def compare_shares(name: str, champion: Sequence[bool], canary: Sequence[bool], least: int) -> Difference:
    """Return both shares, and the hybrid score interval of their difference (Newcombe 1998, method 10)."""
    sides = (champion, canary)
    first, second = (sum(side) / len(side) if side else None for side in sides)
    interval = None
    if first is not None and second is not None and min(map(len, sides)) >= least:
        of_first, of_second = (
            binomtest(sum(side), len(side)).proportion_ci(CONFIDENCE, method="wilson") for side in sides
        )
        low = second - first - hypot(second - of_second.low, of_first.high - first)
        high = second - first + hypot(of_second.high - second, first - of_first.low)
        interval = (float(low), float(high))
    return Difference(name, True, (len(champion), len(canary)), (first, second), interval)


def compare_means(name: str, champion: Sequence[float], canary: Sequence[float], least: int) -> Difference:
    """Return both means, and Welch's interval of their difference."""
    sides = (champion, canary)
    first, second = (float(np.mean(side)) if side else None for side in sides)
    interval = None
    if first is not None and second is not None and min(map(len, sides)) >= least:
        difference = second - first
        errors = [float(np.var(side, ddof=1)) / len(side) for side in sides]
        freedom = sum(errors) ** 2 / (sum(e**2 / (len(s) - 1) for e, s in zip(errors, sides, strict=True)) or 1.0)
        margin = float(t.ppf((1 + CONFIDENCE) / 2, max(freedom, 1.0))) * sqrt(sum(errors))
        interval = (difference - margin, difference + margin)
    return Difference(name, False, (len(champion), len(canary)), (first, second), interval)
