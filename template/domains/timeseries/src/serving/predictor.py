"""Input checks, forecasts and explanations of the champion. Needs NumPy and ONNX Runtime only."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from ..data.periods import CYCLES, SEASON_LENGTHS, Step, period_name, period_ordinal
from .champion import Champion, load_champion

Inputs = Mapping[str, Any]
# One bar each in the demo; older cycles rarely matter.
MAX_CYCLES = 10
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?:[ T]00:00(?::00)?)?")


class InvalidInputError(ValueError):
    """An input that the model does not accept; the message is shown to the user."""


@dataclass(frozen=True)
class Prediction:
    """A forecast with one entry per step ahead.

    Attributes:
        times: the steps, such as "1998-01" for a month.
        low: lower end of the 80% interval.
        median: the forecast.
        high: upper end of the interval.
        actual: measured values; None where there is none.
        in_training: whether the model was trained on any of these steps.
    """

    times: tuple[str, ...]
    low: tuple[float, ...]
    median: tuple[float, ...]
    high: tuple[float, ...]
    actual: tuple[float | None, ...]
    in_training: bool


@dataclass(frozen=True)
class Part:
    """A labeled contribution to a forecast, in the target's unit."""

    label: str
    value: float


@dataclass(frozen=True)
class Explanation:
    """Explanation of the forecast of the last step.

    Attributes:
        time: the step.
        parts: contributions that add up to the forecast.
        sensitivity: change of the forecast if a whole cycle of the history were higher by 1, latest cycle first.
    """

    time: str
    parts: tuple[Part, ...]
    sensitivity: tuple[Part, ...]


class Predictor:
    """The champion and the series that it forecasts."""

    def __init__(self, champion: Champion, model: bytes) -> None:
        record = champion.record
        self.champion = champion
        self.inputs: tuple[Mapping[str, Any], ...] = tuple(record["inputs"])
        self.history: int = record["history"]
        # The first versions forecast months only, and wrote the start of the series as "1959-05".
        self.step: Step = record.get("step", "month")
        self.season = SEASON_LENGTHS[self.step]
        self.start = period_ordinal(date.fromisoformat(f"{record['series']['begins']}-01"[:10]), self.step)
        self.series = np.array(record["series"]["values"], dtype=np.float32)
        self.filled = frozenset(record["series"]["filled"])
        # Older versions wrote this date as `learnt_until`, or not at all.
        trained_until = record.get("trained_until", record.get("learnt_until"))
        self.trained_until = period_ordinal(date.fromisoformat(trained_until), self.step) if trained_until else None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    @property
    def decimals(self) -> int:
        """Number of decimals that shows five digits of the largest value."""
        largest = float(np.abs(self.series).max())
        return max(0, min(8, 4 - math.floor(math.log10(largest)))) if largest else 2

    def complete(self, inputs: Inputs) -> dict[str, Any]:
        """Return valid inputs, with defaults for missing ones: `today` as "1998-01-15", `horizon` as an integer.

        Raises:
            InvalidInputError: an input is unknown, malformed or out of range.
        """
        today, horizon = self.inputs
        if unknown := sorted(set(inputs) - {today["name"], horizon["name"]}):
            raise InvalidInputError(f"Unknown input {', '.join(unknown)}; the inputs are today and horizon.")
        return {
            "today": _check_today(today, inputs.get("today", today["default"])),
            "horizon": _check_horizon(horizon, inputs.get("horizon", horizon["default"])),
        }

    def name(self, index: int) -> str:
        """Return the name of a step of the series, or of one after its end."""
        return period_name(self.start + index, self.step)

    def forecast(self, histories: NDArray[Any]) -> NDArray[np.float64]:
        """Return quantiles of shape (origins, horizon, 3) for histories of shape (origins, history)."""
        feeds = {"history": np.asarray(histories, dtype=np.float32)}
        return np.asarray(self._session.run(None, feeds)[0], dtype=np.float64)

    def known(self, today: str) -> NDArray[np.float32]:
        """Return the series up to the last step that is complete on the day `today`."""
        return self.series[: period_ordinal(date.fromisoformat(today), self.step) - self.start]

    def predict(self, inputs: Inputs) -> Prediction:
        """Return the forecast for `horizon` steps, the first of which contains the day `today`."""
        valid = self.complete(inputs)
        known, horizon = self.known(valid["today"]), valid["horizon"]
        low, median, high = self.forecast(known[None, -self.history :])[0, :horizon].T.tolist()
        indices = range(len(known), len(known) + horizon)
        return Prediction(
            times=tuple(self.name(index) for index in indices),
            low=tuple(low),
            median=tuple(median),
            high=tuple(high),
            actual=tuple(self._measured(index) for index in indices),
            in_training=self.trained_until is not None and self.start + len(known) <= self.trained_until,
        )

    def _measured(self, index: int) -> float | None:
        if index >= len(self.series) or self.name(index) in self.filled:
            return None
        return float(self.series[index])

    def explain(self, inputs: Inputs) -> Explanation:
        """Explain the forecast of the last step.

        The parts are arithmetic: the value of one season before, the growth over the last season (not for years), and
        the rest, which the model adds. The sensitivity comes from forecasts with one cycle of the history raised by 1.
        """
        valid, season = self.complete(inputs), self.season
        known, step = self.known(valid["today"]), valid["horizon"] - 1
        history = known[-self.history :]
        cycles = range(min(MAX_CYCLES, self.history // season))
        raised = np.stack([history] * (len(cycles) + 1))
        for cycle in cycles:
            end = len(history) - cycle * season
            raised[cycle + 1, end - season : end] += 1
        forecast, *changed = self.forecast(raised)[:, step, 1].tolist()
        return Explanation(
            time=self.name(len(known) + step),
            parts=self._parts(history, step, forecast),
            sensitivity=tuple(
                Part(self._cycle_name(cycle), value - forecast) for cycle, value in zip(cycles, changed, strict=True)
            ),
        )

    def _parts(self, history: NDArray[np.float32], step: int, forecast: float) -> tuple[Part, ...]:
        season, cycle = self.season, CYCLES[self.step]
        if self.step == "year":
            parts = [Part("last known year", float(history[-1]))]
        else:
            same = "weekday" if self.step == "day" else self.step
            parts = [Part(f"same {same} of the last known {cycle}", float(history[step % season - season]))]
            growth, count = float(history[-1] - history[-1 - season]), step // season + 1
            times = f"{count} × " if count > 1 else ""
            parts.append(Part(f"{times}growth over the last {cycle}", count * growth))
        return (*parts, Part("correction by the model", forecast - sum(part.value for part in parts)))

    def _cycle_name(self, cycle: int) -> str:
        if cycle:
            return f"{cycle + 1} {CYCLES[self.step]}s back"
        return f"the last {self.season} {self.step}s" if self.season > 1 else f"the last {self.step}"


def _check_today(spec: Mapping[str, Any], value: Any) -> str:
    match = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    try:
        day = str(date(*(int(part or 1) for part in match.groups()))) if match else None
    except ValueError:
        day = None
    if day is None:
        raise InvalidInputError(f"{spec['label']} must be a date such as {spec['default']}.")
    if not spec["minimum"] <= day <= spec["maximum"]:
        raise InvalidInputError(f"{spec['label']} must be between {spec['minimum']} and {spec['maximum']}.")
    return day


def _check_horizon(spec: Mapping[str, Any], value: Any) -> int:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not (spec["minimum"] <= number <= spec["maximum"] and number.is_integer()):
        raise InvalidInputError(f"{spec['label']} must be a whole number from {spec['minimum']} to {spec['maximum']}.")
    return int(number)


def load_predictor(folder: Path) -> Predictor:
    """Load the champion in `folder`.

    Raises:
        ChampionError: it is missing or damaged, or was written by another version.
    """
    champion, model = load_champion(folder)
    champion.require({"inputs", "history", "series", "examples", "target"})
    champion.require({"begins", "values", "filled"}, champion.record["series"])
    return Predictor(champion, model)
