"""Serving: check what is asked, forecast, explain. Needs NumPy and ONNX Runtime, nothing of the training side."""

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

from .champion import Champion, load_champion
from .steps import CYCLES, SEASONS, Step, name_of, ordinal_of

Row = Mapping[str, Any]
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?:[ T]00:00(?::00)?)?")


class InvalidInputError(ValueError):
    """An input that the model must not be asked about; the message is for the person who typed it."""


@dataclass(frozen=True)
class Forecast:
    """What the model says of the steps ahead; every tuple has one entry a step.

    Attributes:
        times: the steps, such as "1998-01" for a month.
        low: the lower end of the interval.
        median: the forecast itself, which should be exceeded as often as not.
        high: the upper end.
        season_before: what it was one season earlier; the forecast of the baseline.
        truth: what was measured, None where that is not known.
        learnt: whether the model was trained on what came in these steps, or in some of them.
    """

    times: tuple[str, ...]
    low: tuple[float, ...]
    median: tuple[float, ...]
    high: tuple[float, ...]
    season_before: tuple[float, ...]
    truth: tuple[float | None, ...]
    learnt: bool


@dataclass(frozen=True)
class Part:
    """One piece of a forecast, in the target's unit."""

    label: str
    value: float


@dataclass(frozen=True)
class Explanation:
    """Where the forecast of the last step that was asked for comes from.

    Attributes:
        time: the step in question.
        parts: add up to the forecast.
        leaning: by cycle of the history, the latest first: how far the forecast rises, had all of it been 1 higher.
    """

    time: str
    parts: tuple[Part, ...]
    leaning: tuple[Part, ...]


class Predictor:
    """The champion and the series that it forecasts, ready to answer."""

    def __init__(self, champion: Champion, model: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # one forecast at a time: more threads only wait for each other
        self.champion = champion
        self.inputs: tuple[Mapping[str, Any], ...] = tuple(champion.record["inputs"])
        self.history: int = champion.record["history"]
        # Records from before there were other steps name none, and begin with a month such as 1959-05.
        self.step: Step = champion.record.get("step", "month")
        self.season = SEASONS[self.step]
        series = champion.record["series"]
        self.begins = ordinal_of(date.fromisoformat(f"{series['begins']}-01"[:10]), self.step)
        self.series = np.array(series["values"], dtype=np.float32)
        self.filled = frozenset(series["filled"])
        # The last step that the model learnt to forecast; older records don't tell it.
        learnt = champion.record.get("learnt_until")
        self.learnt_until = ordinal_of(date.fromisoformat(learnt), self.step) if learnt else self.begins
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def complete(self, row: Row) -> dict[str, Any]:
        """The row with defaults for what it leaves out, checked: `today` as 1998-01-15, `horizon` as a whole number.

        Raises:
            InvalidInputError: an unknown name, no date, no whole number, or one outside of what the model knows.
        """
        today, horizon = self.inputs
        if unknown := sorted(set(row) - {today["name"], horizon["name"]}):
            raise InvalidInputError(f"There is no input called {', '.join(unknown)}.")
        return {
            "today": self._check_today(today, row.get("today", today["default"])),
            "horizon": _check_horizon(horizon, row.get("horizon", horizon["default"])),
        }

    def _check_today(self, column: Mapping[str, Any], value: Any) -> str:
        found = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
        try:
            day = date(*(int(part or 1) for part in found.groups())) if found else None
        except ValueError:
            day = None
        if day is None:
            raise InvalidInputError(f"{column['label']} must be a date such as {column['default']}.")
        if str(day) < column["minimum"]:
            raise InvalidInputError(
                f"{column['label']} must be {column['minimum']} or later: the series begins in "
                f"{self.name(0)}, and the model looks back on {self.history} {self.step}s of it."
            )
        if str(day) > column["maximum"]:
            raise InvalidInputError(
                f"{column['label']} must be {column['maximum']} or earlier: the series ends in "
                f"{self.name(len(self.series) - 1)}, and a forecast begins where it ends."
            )
        return str(day)

    def name(self, place: int) -> str:
        """The step at this place of the series, or after its end, as people write it."""
        return name_of(self.begins + place, self.step)

    @property
    def decimals(self) -> int:
        """So many of them show five digits of the largest value."""
        largest = float(np.abs(self.series).max())
        return max(0, min(8, 4 - math.floor(math.log10(largest)))) if largest else 2

    def forecast(self, histories: NDArray[Any]) -> NDArray[np.float64]:
        """Quantiles of shape (origins, horizon, 3) for histories of shape (origins, steps)."""
        feeds = {"history": np.asarray(histories, dtype=np.float32)}
        return np.asarray(self._session.run(["answer"], feeds)[0], dtype=np.float64)

    def known(self, today: str) -> NDArray[np.float32]:
        """What was measured before the step of `today`: that step itself is not over."""
        return self.series[: ordinal_of(date.fromisoformat(today), self.step) - self.begins]

    def predict(self, row: Row) -> Forecast:
        """The forecast from the step of `today` on, for as many steps as `horizon` says."""
        asked = self.complete(row)
        known, steps = self.known(asked["today"]), np.arange(asked["horizon"])
        low, median, high = self.forecast(known[None, -self.history :])[0, steps].T
        places = len(known) + steps
        return Forecast(
            times=tuple(self.name(place) for place in places.tolist()),
            low=tuple(low.tolist()),
            median=tuple(median.tolist()),
            high=tuple(high.tolist()),
            season_before=tuple(known[len(known) - self.season + steps % self.season].astype(np.float64).tolist()),
            truth=tuple(self.measured(place) for place in places.tolist()),
            learnt=self.begins + len(known) <= self.learnt_until,
        )

    def measured(self, place: int) -> float | None:
        """The value at this place of the series; None after its end, and where a gap was filled."""
        if place >= len(self.series) or self.name(place) in self.filled:
            return None
        return float(self.series[place])

    def explain(self, row: Row) -> Explanation:
        """What the forecast of the last step asked for is made of, and which cycles of the past it leans on.

        The parts are arithmetic: what it was one season earlier, what that season added to the one before (but for
        years, which have none), and what the model corrects. The leaning is a sensitivity, read off by raising one
        cycle of the history at a time.
        """
        asked, season, cycle = self.complete(row), self.season, CYCLES[self.step]
        history, step = self.known(asked["today"])[-self.history :], asked["horizon"] - 1
        # There is room for ten, and one that is longer ago seldom moves much.
        cycles = range(min(10, self.history // season))
        raised = [history.copy() for _ in cycles]
        for back, one in zip(cycles, raised, strict=True):
            one[len(one) - (back + 1) * season : len(one) - back * season] += 1
        answer, *moved = self.forecast(np.stack([history, *raised]))[:, step, 1].tolist()
        parts = [Part(_season_before(self.step), float(history[step % season - season]))]
        if season > 1:
            ahead = step // season + 1
            growth = float(history[-1] - history[-1 - season])
            times = f"{ahead} times " if ahead > 1 else ""
            parts.append(Part(f"{times}what the last {cycle} has added", ahead * growth))
        parts.append(Part("what the model corrects", answer - sum(part.value for part in parts)))
        last = f"the last {season} {self.step}s" if season > 1 else f"the last {self.step}"
        names = [last, *(f"{back + 1} {cycle}s back" for back in cycles[1:])]
        return Explanation(
            time=self.predict(asked).times[-1],
            parts=tuple(parts),
            leaning=tuple(Part(name, value - answer) for name, value in zip(names, moved, strict=True)),
        )


def _season_before(step: Step) -> str:
    if step == "year":
        return "the last known year"
    return f"the same {'weekday' if step == 'day' else step} of the last known {CYCLES[step]}"


def _check_horizon(column: Mapping[str, Any], value: Any) -> int:
    wrong = f"{column['label']} must be a whole number from {column['minimum']} to {column['maximum']}"
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or number != int(number):
        raise InvalidInputError(f"{wrong}.")
    if not column["minimum"] <= number <= column["maximum"]:
        raise InvalidInputError(f"{wrong}; {number:g} is not.")
    return int(number)


def load_predictor(folder: Path) -> Predictor:
    """The champion in `folder`.

    Raises:
        ChampionError: it is missing, or not the file that `champion.json` was written for.
    """
    champion, model = load_champion(folder)
    return Predictor(champion, model)
