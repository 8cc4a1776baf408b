"""The schema of a series: which columns hold dates and values, and in what steps it is forecast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlpath.create.schemas import reading_of
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from mlpath.dataset import Column, Findings

ADVICE = """\
# `step` is what a forecast counts in: day, week, month, quarter or year; the values of one step
# are averaged. history, horizon, validation and test in `params.yaml` count in it. `target` takes
# a `unit`, and the `minimum` and `maximum` that are possible.
"""
_FOLDS = 4
"""A project's ridge regression measures its errors on so many parts of the training split."""


@dataclass(frozen=True)
class Step:
    """A step of the calendar, in days, and how a series of it is forecast."""

    days: float
    season: int
    history: int
    horizon: int
    longer: tuple[tuple[int, int], ...] = ()
    """Of so many steps, a series takes a history that long."""

    @property
    def least(self) -> int:
        """Return how many steps it takes to fit, choose and test a forecast."""
        return self.history + 6 * self.horizon + max(self.season, _FOLDS)


STEPS = {
    "day": Step(1, season=7, history=56, horizon=14),
    "week": Step(7, season=52, history=104, horizon=8),
    "month": Step(30.4375, season=12, history=24, horizon=12, longer=((300, 60), (180, 36))),
    "quarter": Step(91.3125, season=4, history=16, horizon=4),
    "year": Step(365.25, season=1, history=10, horizon=5, longer=((200, 20),)),
}
_SPARSE = 0.05
"""With more of its steps missing than this share, a longer step suits a series better."""
_ALL_ROWS = 1_000_000_000
"""A series is averaged, so it is not sampled."""


def document(findings: Findings, source: str, licence: str) -> dict[str, Any]:
    """Return the content of `schema.yaml`.

    Raises:
        MlpathError: The series is too short, or its steps are longer than a year.
    """
    step, _ = _chosen(findings)
    date = next(one for one in findings.columns if one.role == "time")
    target = next(one for one in findings.columns if one.role == "target")
    written: dict[str, Any] = {
        "source": source,
        "licence": licence,
        "reading": reading_of(findings.reading) | {"most_rows": _ALL_ROWS},
        "date": _named(date) | ({"date_format": date.date_format} if date.date_format else {}),
        "target": {**_named(target), "label": target.label},
        "step": step,
        "left_out": [
            {"column": column.name, "reason": column.reason}
            for column in findings.columns
            if column.role == "left out"
        ],
    }
    if target.minimum is not None and target.minimum >= 0:
        written["target"]["minimum"] = 0
    return written


def turned(findings: Findings) -> dict[str, Any]:
    """Return how far a forecast looks back and ahead, which steps test it, and what is a gain."""
    name, steps = _chosen(findings)
    step = STEPS[name]
    history = next((long for many, long in step.longer if steps >= many), step.history)
    target = next(one for one in findings.columns if one.role == "target")
    test = max(2 * step.horizon, round(0.2 * steps))
    lengths = {
        "step": name,
        "history": history,
        "horizon": step.horizon,
        "validation": max(2 * step.horizon, round(0.15 * steps)),
        "test": test,
        "margin": _gain(target),
    }
    by = ["decade" if test * step.days > 12 * 365 else "year"]
    if step.season > 1:
        by.insert(0, "season")
    return {"metric": "mae", "slices": by, "lengths": lengths}


def _chosen(findings: Findings) -> tuple[str, int]:
    """Return the shortest step that the series has no fewer values than, and how many it covers."""
    date = next(one for one in findings.columns if one.role == "time")
    apart, low, high = findings.days_apart, date.minimum, date.maximum
    if not apart or low is None or high is None:
        raise MlpathError(
            f"{findings.path.name}: {date.name!r} tells no two moments apart, so it is no series",
            hint="-d domain=tabular, if it has columns to predict from.",
        )
    span = high - low
    moments = span / apart + 1 - findings.gaps
    fitting = [
        name
        for name, step in STEPS.items()
        if apart <= 1.2 * step.days and moments >= (1 - _SPARSE) * span / max(step.days, apart)
    ]
    if not fitting:
        raise MlpathError(
            f"{findings.path.name} has a value every {apart:.0f} days; a forecast counts in days, "
            "weeks, months, quarters or years",
            hint="-d domain=tabular, if it has columns to predict from.",
        )
    name = fitting[0]
    steps = round(span / STEPS[name].days) + 1
    if steps < STEPS[name].least:
        raise MlpathError(
            f"{findings.path.name} has {steps} {name}s; a forecast that is measured on {name}s it "
            f"has not seen takes {STEPS[name].least} at least",
            hint="Bring a longer series, or -d domain=tabular, if it has columns to predict from.",
        )
    return name, steps


def _named(column: Column) -> dict[str, Any]:
    found = {"name": column.key}
    return found | ({"column": column.name} if column.name != column.key else {})


def _gain(target: Column) -> float:
    """Return the least gain that is worth a more complex model: a thousandth of the range."""
    width = (target.maximum or 0.0) - (target.minimum or 0.0)
    return float(f"{width / 1000:.1g}") if width else 0.0
