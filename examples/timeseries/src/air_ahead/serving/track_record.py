"""Forecasts on record, `forecasts/log.csv`: made before the outcome is known, compared when it is.

Standard library only, since page and README show the comparison.
"""

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from ..errors import UserError
from .predictor import Predictor

LOG = "forecasts/log.csv"


@dataclass(frozen=True)
class Step:
    """A forecast step, as one line of the log."""

    made_at: str  # the day
    last_known: str  # the last step of the series that the model had
    time: str  # the step that is forecast
    low: float  # of the 80% interval, as is `high`
    median: float
    high: float
    model: str
    version: str  # in MLflow's registry
    sha256: str


@dataclass(frozen=True)
class Outcome:
    """A forecast step and the value that was measured later."""

    step: Step
    actual: float

    @property
    def error(self) -> float:
        """The absolute error."""
        return abs(self.actual - self.step.median)

    @property
    def is_inside(self) -> bool:
        """Whether the value is in the interval."""
        return self.step.low <= self.actual <= self.step.high


def make_forecast(predictor: Predictor, made_at: str) -> list[Step]:
    """Return the longest forecast from the end of the series."""
    prediction = predictor.predict({})
    record = predictor.champion.record
    return [
        Step(
            made_at=made_at,
            last_known=predictor.name(len(predictor.series) - 1),
            time=time,
            low=round(low, predictor.decimals),
            median=round(median, predictor.decimals),
            high=round(high, predictor.decimals),
            model=record["model"],
            version=str(predictor.champion.lineage.get("registry_version")),
            sha256=record["sha256"],
        )
        for time, low, median, high in zip(
            prediction.times, prediction.low, prediction.median, prediction.high, strict=True
        )
    ]


def read_log(path: Path) -> list[Step]:
    """Return the forecasts on record, none without a log.

    Raises:
        UserError: a line is not a forecast step.
    """
    if not path.exists():
        return []
    steps = []
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            try:
                numbers = {name: float(row[name]) for name in ("low", "median", "high")}
                texts = {field.name: str(row[field.name]) for field in fields(Step) if field.name not in numbers}
            except (KeyError, TypeError, ValueError) as error:
                raise UserError(f"{LOG}: line {number} is not a forecast; restore it: git restore {LOG}") from error
            steps.append(Step(**texts, **numbers))  # type: ignore[arg-type]  # sorted by type above
    return steps


def append_log(path: Path, steps: Sequence[Step]) -> None:
    """Append a forecast to the log."""
    path.parent.mkdir(exist_ok=True)
    is_new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Step)], lineterminator="\n")
        if is_new:
            writer.writeheader()
        writer.writerows(asdict(step) for step in steps)


def compare(predictor: Predictor, steps: Sequence[Step]) -> list[Outcome]:
    """Return the steps whose value is in the series by now, and was not when the forecast was made."""
    indices = {predictor.name(index): index for index in range(len(predictor.series))}
    outcomes = []
    for step in steps:
        index, before = indices.get(step.time), indices.get(step.last_known, -1)
        if index is not None and index > before and step.time not in predictor.filled:
            outcomes.append(Outcome(step, float(predictor.series[index])))
    return outcomes


def describe(predictor: Predictor, steps: Sequence[Step]) -> str:
    """Return the track record as a sentence in Markdown."""
    if not steps:
        return "No forecast is on record yet: `uv run forecast`."
    outcomes, forecasts = compare(predictor, steps), len({(step.made_at, step.sha256) for step in steps})
    text = f"{forecasts} forecast{'s' * (forecasts != 1)} on record, {len(steps)} steps"
    if not outcomes:
        return f"{text}, the first for {min(step.time for step in steps)}; no outcome is known yet."
    error = sum(outcome.error for outcome in outcomes) / len(outcomes)
    inside = sum(outcome.is_inside for outcome in outcomes)
    unit = predictor.champion.record["target"]["unit"]
    size = f"{error:.{predictor.decimals}f} {unit}".strip()
    return (
        f"{text}, {len(outcomes)} of them with a known outcome: mean absolute error {size}, {inside} of "
        f"{len(outcomes)} in the 80% interval."
    )


def describe_log(predictor: Predictor, path: Path) -> str:
    """Return the track record in a log, for the page."""
    try:
        return describe(predictor, read_log(path))
    except UserError as error:
        return f"The forecasts on record can't be read: {error}."
