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

Row = Mapping[str, Any]
YEAR = 12
_DATE = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?(?:[ T]00:00(?::00)?)?")


class InvalidInputError(ValueError):
    """An input that the model must not be asked about; the message is for the person who typed it."""


@dataclass(frozen=True)
class Forecast:
    """What the model says of the months ahead; every tuple has one entry a month.

    Attributes:
        months: such as "1998-01".
        low: the lower end of the interval.
        median: as likely to be exceeded as not.
        high: the upper end.
        year_before: what the same month of the last known year was; the forecast of the baseline.
        truth: what was measured, None where that is not known.
    """

    months: tuple[str, ...]
    low: tuple[float, ...]
    median: tuple[float, ...]
    high: tuple[float, ...]
    year_before: tuple[float, ...]
    truth: tuple[float | None, ...]


@dataclass(frozen=True)
class Part:
    """One piece of a forecast, in the target's unit."""

    label: str
    value: float


@dataclass(frozen=True)
class Explanation:
    """Where the forecast of the last month that was asked for comes from.

    Attributes:
        month: the month in question.
        parts: add up to the forecast.
        leaning: by year of the history, the latest first: how far the forecast rises, had all of it been 1 higher.
    """

    month: str
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
        series = champion.record["series"]
        self.begins = _ordinal(*map(int, series["begins"].split("-")))
        self.series = np.array(series["values"], dtype=np.float32)
        self.filled = frozenset(series["filled"])
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
                f"{month_name(self.begins)}, and the model looks back on {self.history} months of it."
            )
        if str(day) > column["maximum"]:
            raise InvalidInputError(
                f"{column['label']} must be {column['maximum']} or earlier: the series ends in "
                f"{month_name(self.begins + len(self.series) - 1)}, and a forecast begins where it ends."
            )
        return str(day)

    def forecast(self, histories: NDArray[Any]) -> NDArray[np.float64]:
        """Quantiles of shape (origins, horizon, 3) for histories of shape (origins, months)."""
        feeds = {"history": np.asarray(histories, dtype=np.float32)}
        return np.asarray(self._session.run(["answer"], feeds)[0], dtype=np.float64)

    def known(self, today: str) -> NDArray[np.float32]:
        """What was measured before the month of `today`: that month itself is not over."""
        year, month, _ = map(int, today.split("-"))
        return self.series[: _ordinal(year, month) - self.begins]

    def predict(self, row: Row) -> Forecast:
        """The forecast from the month of `today` on, for as many months as `horizon` says."""
        asked = self.complete(row)
        known, steps = self.known(asked["today"]), np.arange(asked["horizon"])
        low, median, high = self.forecast(known[None, -self.history :])[0, steps].T
        places = len(known) + steps
        return Forecast(
            months=tuple(month_name(self.begins + place) for place in places.tolist()),
            low=tuple(low.tolist()),
            median=tuple(median.tolist()),
            high=tuple(high.tolist()),
            year_before=tuple(known[len(known) - YEAR + steps % YEAR].astype(np.float64).tolist()),
            truth=tuple(self.measured(place) for place in places.tolist()),
        )

    def measured(self, place: int) -> float | None:
        """The value at this place of the series; None after its end, and where a gap was filled."""
        if place >= len(self.series) or month_name(self.begins + place) in self.filled:
            return None
        return float(self.series[place])

    def explain(self, row: Row) -> Explanation:
        """What the forecast of the last month asked for is made of, and which years it leans on.

        The parts are arithmetic: the same month of the last known year, what that year added to the one before, and
        what the model corrects. The leaning is a sensitivity, read off by raising one year of the history at a time.
        """
        asked = self.complete(row)
        history, step = self.known(asked["today"])[-self.history :], asked["horizon"] - 1
        years = range(self.history // YEAR)
        raised = [history.copy() for _ in years]
        for year, one in zip(years, raised, strict=True):
            one[len(one) - (year + 1) * YEAR : len(one) - year * YEAR] += 1
        answer, *moved = self.forecast(np.stack([history, *raised]))[:, step, 1].tolist()
        before, growth = float(history[step % YEAR - YEAR]), float(history[-1] - history[-1 - YEAR])
        growth *= step // YEAR + 1
        names = ["the last 12 months", *(f"{year + 1} years back" for year in years[1:])]
        return Explanation(
            month=self.predict(asked).months[-1],
            parts=(
                Part("the same month of the last known year", before),
                Part("what the last year has added", growth),
                Part("what the model corrects", answer - before - growth),
            ),
            leaning=tuple(Part(name, value - answer) for name, value in zip(names, moved, strict=True)),
        )


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


def _ordinal(year: int, month: int) -> int:
    """Months as numbers that follow each other."""
    return year * YEAR + month - 1


def month_name(ordinal: int) -> str:
    """Such as 1998-01."""
    return f"{ordinal // YEAR:04d}-{ordinal % YEAR + 1:02d}"


def load_predictor(folder: Path) -> Predictor:
    """The champion in `folder`.

    Raises:
        ChampionError: it is missing, or not the file that `champion.json` was written for.
    """
    champion, model = load_champion(folder)
    return Predictor(champion, model)
