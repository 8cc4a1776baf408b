"""Schema of a time series: its columns of dates and values, and the step of its forecast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlpath.create.schemas import common
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from mlpath.dataset import Column, DatasetProfile

COMMENT = """\
# `step` is the step of a forecast: day, week, month, quarter or year; the values of one step are
# averaged. history, horizon, validation and test in `params.yaml` count steps. `target` takes a
# `unit`, and a possible `minimum` and `maximum`.
"""
_FOLDS = 4
"""Folds of the training split by which a project's ridge regression estimates its errors."""
_MAX_MISSING = 0.05
"""Share of missing steps above which a longer step is chosen."""
_ALL_ROWS = 1_000_000_000
"""A series is averaged rather than sampled."""
_TABULAR_HINT = "If it has columns of features: -d domain=tabular"


@dataclass(frozen=True)
class Step:
    """A step of the calendar, and the lengths of a forecast in such steps."""

    days: float
    season: int
    history: int
    horizon: int
    longer: tuple[tuple[int, int], ...] = ()
    """Longer histories by the minimum length of the series, longest first."""

    @property
    def min_length(self) -> int:
        """Return the minimum length of a series to train, select and test a model."""
        return self.history + 6 * self.horizon + max(self.season, _FOLDS)


STEPS = {
    "day": Step(1, season=7, history=56, horizon=14),
    "week": Step(7, season=52, history=104, horizon=8),
    "month": Step(30.4375, season=12, history=24, horizon=12, longer=((300, 60), (180, 36))),
    "quarter": Step(91.3125, season=4, history=16, horizon=4),
    "year": Step(365.25, season=1, history=10, horizon=5, longer=((200, 20),)),
}


def build_schema(profile: DatasetProfile, source: str, license_name: str) -> dict[str, Any]:
    """Return the content of `schema.yaml`.

    Raises:
        MlpathError: The series is too short, or its steps are longer than a year.
    """
    step, _ = _choose_step(profile)
    date, target = _column(profile, "time"), _column(profile, "target")
    schema: dict[str, Any] = {
        "source": source,
        "licence": license_name,
        "reading": common.read_options(profile) | {"most_rows": _ALL_ROWS},
        "date": common.column_entry(date),
        "target": common.column_entry(target, label=target.label) | common.unit(target),
        "step": step,
        "left_out": common.left_out(profile),
    }
    if date.date_format:
        schema["date"]["date_format"] = date.date_format
    if target.minimum is not None and target.minimum >= 0:
        schema["target"]["minimum"] = 0
    return schema


def data_answers(profile: DatasetProfile) -> dict[str, Any]:
    """Return metric, slices, and the lengths of a forecast and of the splits in steps."""
    name, length = _choose_step(profile)
    step = STEPS[name]
    history = next((long for minimum, long in step.longer if length >= minimum), step.history)
    test = max(2 * step.horizon, round(0.2 * length))
    slices = ["decade" if test * step.days > 12 * 365 else "year"]
    if step.season > step.horizon:  # a longer forecast has all seasons
        slices.insert(0, "season")
    lengths = {
        "step": name,
        "history": history,
        "horizon": step.horizon,
        "validation": max(2 * step.horizon, round(0.15 * length)),
        "test": test,
        "margin": _margin(_column(profile, "target")),
    }
    return {"metric": "mae", "slices": slices, "lengths": lengths}


def _column(profile: DatasetProfile, role: str) -> Column:
    return next(column for column in profile.columns if column.role == role)


def _choose_step(profile: DatasetProfile) -> tuple[str, int]:
    """Return the shortest step that the series fills, and the length of the series in it."""
    file, days, date = profile.path.name, profile.step_days, _column(profile, "time")
    if not days or date.minimum is None or date.maximum is None:
        raise MlpathError(
            f"{file}: all dates in {date.name!r} are equal, so it is not a time series",
            hint=_TABULAR_HINT,
        )
    span = date.maximum - date.minimum
    values = span / days + 1 - profile.missing_steps
    name = next((name for name, step in STEPS.items() if _fills(step, days, span, values)), None)
    if name is None:
        raise MlpathError(
            f"{file} has a value every {days:.0f} days; the steps of a forecast are days, weeks, "
            "months, quarters or years",
            hint=_TABULAR_HINT,
        )
    length, step = round(span / STEPS[name].days) + 1, STEPS[name]
    if length < step.min_length:
        raise MlpathError(
            f"{file} has {length} {name}s; training and testing a forecast needs at least "
            f"{step.min_length}",
            hint=f"Use a longer series. {_TABULAR_HINT}",
        )
    return name, length


def _fills(step: Step, days: float, span: float, values: float) -> bool:
    expected = span / max(step.days, days)
    return days <= 1.2 * step.days and values >= (1 - _MAX_MISSING) * expected


def _margin(target: Column) -> float:
    """Return the minimum improvement that justifies a more complex model: 0.1 % of the range."""
    width = (target.maximum or 0.0) - (target.minimum or 0.0)
    return float(f"{width / 1000:.1g}") if width else 0.0
