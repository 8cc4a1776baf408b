"""The data: a series, averaged to even steps, its gaps filled, and cut into forecasts to make; split by time.

A step is a day, a week, a month, a quarter or a year, as `step` in `schema.yaml` says. A forecast is made at an
*origin*, the last step that is known: `history` steps up to it go in, `horizon` steps after it come out. Origins follow
each other step by step (a rolling origin).

Every stage is a process of its own and imports this module, so what one function alone needs is imported there:
statsmodels and pandera take longer to load than to do their work here.
"""

from __future__ import annotations

import math
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from .mistakes import UserError, checked, read_yaml
from .params import Evaluate, Prepare
from .steps import SEASONS, Step, name_of, ordinal_of

RAW_FILE = "series.csv"
FILLED_FILE = "filled.txt"
SPLITS = ("train", "validation", "test")
# How pandas calls the periods; its weeks begin on Monday, as those of `steps.py` do.
FREQUENCIES = {"day": "D", "week": "W-SUN", "month": "M", "quarter": "Q-DEC", "year": "Y-DEC"}
# Ridge regression measures its errors on so many parts of the training split (see `models.py`).
FOLDS = 4
_DAYS = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}
# Counted from 1970-01-01. What is later stands for "never": no series is as long as that.
_POSSIBLE = ((date.min - date(1970, 1, 1)).days, (date(2999, 12, 31) - date(1970, 1, 1)).days)
# As many significant digits as single precision holds.
_DIGITS = 7
_STRICT = ConfigDict(extra="forbid")
_DATE = r"\d{4}-\d{2}-\d{2}"


class DataError(UserError):
    """The data is not what `schema.yaml` says; the message lists each difference."""

    heading = "The data is not what schema.yaml says:"


@dataclass(frozen=True, config=_STRICT)
class Target:
    """The quantity that is forecast, and the range that is possible.

    Attributes:
        name: an identifier.
        label: for people.
        unit: of the values, if they have one.
        minimum: the least that is possible, if there is one.
        maximum: the most that is possible, if there is one.
        column: what the file calls it, if that is not the name.
    """

    name: str
    label: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    column: str = ""


@dataclass(frozen=True, config=_STRICT)
class Date:
    """When a value was measured.

    Attributes:
        name: an identifier.
        column: what the file calls it, if that is not the name.
        date_format: as `strptime` has it, with `Q%q` for a quarter; empty for ISO 8601.
        days_apart: how far each date is from the one before, where a file that breaks this is broken.
    """

    name: str
    column: str = ""
    date_format: str = ""
    days_apart: int | None = None


@dataclass(frozen=True, config=_STRICT)
class LeftOut:
    """A column of the file that no model sees, and why."""

    column: str
    reason: str


@dataclass(frozen=True, config=_STRICT)
class Schema:
    """A date and a value a row; values may be missing.

    Attributes:
        source: where the data comes from.
        licence: under which it may be used.
        date: when a value was measured.
        target: the value.
        step: what a forecast counts in; the values of one step are averaged.
        reading: the file and its format (see `reading.py`); none for what `fetch` wrote.
        left_out: the other columns of the file.
    """

    source: str
    licence: str
    date: Date
    target: Target
    step: Step
    reading: dict[str, Any] | None = None
    left_out: tuple[LeftOut, ...] = ()

    @property
    def season(self) -> int:
        """After so many steps the seasons begin again."""
        return SEASONS[self.step]

    @property
    def least_history(self) -> int:
        """What statsmodels makes a first level, trend and season from: two seasons, and no fewer steps than this."""
        return max(2 * self.season, 10 + 2 * (self.season // 2))

    @property
    def limits(self) -> tuple[float, float]:
        """The least and the most that is possible, infinite where the schema does not say."""
        low, high = self.target.minimum, self.target.maximum
        return -math.inf if low is None else low, math.inf if high is None else high

    @property
    def longest_gap(self) -> int:
        """So many steps in a row are filled."""
        return max(1, self.season // 2)

    @property
    def date_column(self) -> str:
        """The date's column in the file."""
        return self.date.column or self.date.name

    @property
    def target_column(self) -> str:
        """The target's column in the file."""
        return self.target.column or self.target.name

    @property
    def task(self) -> Literal["forecast"]:
        """What is asked of the models."""
        return "forecast"

    @property
    def classes(self) -> tuple[str, ...]:
        """There are none: the target is a number."""
        return ()

    @property
    def positive(self) -> str | None:
        """There is none."""
        return None

    @property
    def cases(self) -> str:
        """What is counted where a model learns or is measured."""
        return "forecasts"

    @property
    def inputs_in_words(self) -> str:
        """What the model looks at."""
        return f"its own past {self.step}s"


@dataclass(frozen=True, config=ConfigDict(arbitrary_types_allowed=True))
class Split:
    """Forecasts to make, one row each, with their origin (a step) as index.

    `features` holds the history: `ago_59` to `ago_0`, the origin's own value. `target` holds what came:
    `ahead_1`, the step after the origin, and so on. All of them are float32. `filled` names the steps of the whole
    series that nobody measured.
    """

    features: pd.DataFrame
    target: pd.DataFrame
    filled: tuple[str, ...] = ()

    @property
    def groups(self) -> None:
        """Forecasts that follow each other overlap, which `metrics.resample` sees to."""
        return


def load_schema(path: Path) -> Schema:
    """Read and check `schema.yaml`.

    Raises:
        UserError: names each entry that is missing, unknown, or not what it should be.
    """
    return read_yaml(path, Schema)


def read_raw(folder: Path, schema: Schema) -> pd.DataFrame:
    """The raw table under the file's own names: dates as text or as days since 1970-01-01, values as they stand there.

    A column of the file that the schema doesn't know comes along empty, so that `validate` can complain of it.

    Raises:
        DataError: the file is not there, or can't be read.
    """
    if schema.reading is not None:
        return _read_as_said(folder, schema)
    table: pd.DataFrame = pd.read_csv(
        folder / RAW_FILE, dtype={schema.date_column: str}, keep_default_na=False, na_values=[""]
    )
    return table


def _read_as_said(folder: Path, schema: Schema) -> pd.DataFrame:
    # Only a project of a person's own data has the module, and the library that it needs.
    reading = import_module(".reading", __package__)
    wanted = [
        reading.Wanted(schema.date_column, schema.date_column, "date", schema.date.date_format),
        reading.Wanted(schema.target_column, schema.target_column, "number"),
    ]
    said = checked(schema.reading, reading.Reading, "schema.yaml, reading")
    try:
        raw = reading.read(folder, said, wanted)
    except reading.ReadingError as error:
        raise DataError(str(error)) from error
    known = {schema.date_column, schema.target_column, *(one.column for one in schema.left_out)}
    frame: pd.DataFrame = raw.frame.assign(**{name: None for name in raw.columns if name not in known})
    return frame


def validate(table: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Dates and numbers in the order of time, once every one of them has been checked; columns `date` and `value`.

    Raises:
        DataError: lists a missing or unknown column, what is no number or out of range, what is no date, and dates that
            are not as far apart as the schema says.
    """
    import pandera.pandas as pa
    from pandera.errors import SchemaErrors

    table = table.reset_index(drop=True)
    known = (schema.date_column, schema.target_column)
    if other := [
        *(f"column {name!r} is missing" for name in known if name not in table),
        *(f"column {name!r} is not in schema.yaml" for name in table if name not in known),
    ]:
        raise DataError("\n".join(other))
    values = table[schema.target_column]
    numbers = pd.to_numeric(values, errors="coerce").astype(np.float64)
    if len(texts := values[values.notna() & numbers.isna()]):
        raise DataError(_complaint(schema.target_column, "has values that are not numbers", texts))
    possible = pa.Check.in_range(*schema.limits)
    finite = pa.Check(np.isfinite, name="isfinite")
    try:
        pa.SeriesSchema(np.float64, [possible, finite], nullable=True, name=schema.target_column).validate(
            numbers.rename(schema.target_column), lazy=True
        )
    except SchemaErrors as errors:
        failed = errors.failure_cases.drop_duplicates("index").set_index("index").failure_case
        raise DataError(_complaint(schema.target_column, "is out of its range", failed)) from errors
    typed = pd.DataFrame({"date": _dates(table[schema.date_column], schema), "value": numbers})
    return typed.sort_values("date", kind="stable", ignore_index=True)


def _dates(told: pd.Series, schema: Schema) -> pd.Series:
    if schema.reading is None:
        dates = pd.to_datetime(told, format="%Y-%m-%d", errors="coerce").where(told.str.fullmatch(_DATE).eq(other=True))
    else:
        # `reading.py` has read them: days since 1970-01-01, and text where it could not.
        numbers = pd.to_numeric(told, errors="coerce").astype(np.float64)
        days = numbers.where(numbers.between(*_POSSIBLE)).to_numpy().astype("datetime64[D]")
        # In seconds: nanoseconds, which pandas may count in, reach from 1677 to 2262 only.
        dates = pd.Series(days.astype("datetime64[s]"), index=told.index)
    if dates.isna().any():
        raise DataError(_complaint(schema.date_column, "has values that are not dates", told[dates.isna()]))
    steps = dates.diff().dt.days
    apart = schema.date.days_apart
    uneven = steps[steps.notna() & (steps != apart)]
    if apart and len(uneven):
        row = uneven.index[0]
        raise DataError(
            f"column {schema.date_column!r} is irregular: every date must be {apart} days after the one before, "
            f"but {told[row]} (row {row}, counted from 0) is {int(uneven[row])} days after {told[row - 1]}; "
            f"{len(uneven)} such place(s). Leave the value of a missing date empty, but keep its row."
        )
    return dates


def _complaint(column: str, wrong: str, values: pd.Series) -> str:
    shown = ", ".join(str(value) for value in values.head(5))
    where = ", ".join(str(row) for row in list(values.index)[:5])
    return f"column {column!r} {wrong} in {len(values)} row(s): {shown} (rows {where}, counted from 0)"


def stepped(table: pd.DataFrame, schema: Schema) -> pd.Series:
    """The mean of each step that the table covers from its first to its last day; nan where nothing was measured."""
    dates = table["date"]
    frequency = FREQUENCIES[schema.step]
    means: pd.Series = table["value"].groupby(dates.dt.to_period(frequency)).mean()
    means = means.reindex(pd.period_range(means.index[0], means.index[-1], freq=frequency))
    apart = float(dates.drop_duplicates().diff().dt.days.median())
    if apart < _DAYS[schema.step] / 2:
        # Of a step that the dates only touch, nobody knows the mean.
        margin = pd.Timedelta(days=apart)
        if (dates.iloc[0] - margin).to_period(frequency) == means.index[0]:
            means = means.iloc[1:]
        if (dates.iloc[-1] + margin).to_period(frequency) == means.index[-1]:
            means = means.iloc[:-1]
    return _rounded(means)


def _rounded(series: pd.Series) -> pd.Series:
    return series.map(lambda value: float(f"{value:.{_DIGITS}g}"))


def fill(series: pd.Series, schema: Schema) -> tuple[pd.Series, pd.Series]:
    """The series without gaps, and which of its steps were filled.

    A step without a measurement gets the value of a season before, plus what the season up to the step before has
    added; a year, which has no seasons, that of the year before. Interpolation would be closer, and would hand the
    model a piece of the future: here no value depends on a later one. So the series begins where a season and one step
    more were measured in a row.

    Raises:
        DataError: there is no such place, or a gap is longer than half a season (in years: than one): that is the end
            of one series and the beginning of another.
    """
    season, steps = schema.season, f"{schema.step}s"
    measured = series.notna()
    whole = measured[::-1].rolling(season + 1).sum()[::-1] == season + 1
    if not whole.any():
        raise DataError(
            f"no {season + 1} {steps} in a row were measured: there is nothing to learn from.{_longer(schema)}"
        )
    series, measured = series[whole.idxmax() :], measured[whole.idxmax() :]
    runs = (~measured).groupby(measured.cumsum()).sum()
    if runs.max() > schema.longest_gap:
        begins = series.index[measured.cumsum() == runs.idxmax()][1]
        raise DataError(
            f"no measurement for {runs.max()} {steps} from {_name(begins, schema)} on; gaps of up to "
            f"{schema.longest_gap} are filled. Begin after that gap.{_longer(schema)}"
        )
    values = series.to_numpy(dtype=np.float64, copy=True)
    for place in np.flatnonzero(~measured):
        # What one year added to the one before is mostly chance, and would be carried on.
        growth = values[place - 1] - values[place - season - 1] if season > 1 else 0.0
        values[place] = values[place - season] + growth
    return _rounded(pd.Series(values, index=series.index, name=series.name)), ~measured


def _longer(schema: Schema) -> str:
    if schema.step == "year":
        return ""
    return (
        " A longer `step` in schema.yaml has fewer gaps; history, horizon, validation and test in params.yaml count "
        "in it."
    )


def _name(period: pd.Period, schema: Schema) -> str:
    return name_of(ordinal_of(day_of(period), schema.step), schema.step)


def day_of(period: pd.Period) -> date:
    """The day on which a step begins, whatever the year; `start_time` reaches no further than nanoseconds do."""
    day = period.asfreq("D", "start")
    return date(day.year, day.month, day.day)


def names_of(index: pd.Index, schema: Schema) -> list[str]:
    """The steps as people and the API write them."""
    return [_name(period, schema) for period in pd.PeriodIndex(index)]


def windows(series: pd.Series, filled: pd.Series, params: Prepare) -> Split:
    """Every forecast that the series allows. None has a filled step to forecast: nobody knows what it was."""
    values = series.to_numpy(dtype=np.float32)
    origins = np.arange(params.history - 1, len(values) - params.horizon)
    back, ahead = np.arange(1 - params.history, 1), np.arange(1, params.horizon + 1)
    asked = ~filled.to_numpy()[origins[:, None] + ahead].any(axis=1)
    origins = origins[asked]
    index = pd.PeriodIndex(series.index[origins], name="origin")
    return Split(
        features=pd.DataFrame(values[origins[:, None] + back], index, [f"ago_{-step}" for step in back]),
        target=pd.DataFrame(values[origins[:, None] + ahead], index, [f"ahead_{step}" for step in ahead]),
    )


def split(table: pd.DataFrame, schema: Schema, params: Prepare) -> dict[str, Split]:
    """Three splits in the order of time: no step is forecast in two of them.

    A forecast belongs to the split in which all its steps lie; one that straddles a border belongs to none. Its
    history may reach back beyond the border: at its origin that is known.

    Raises:
        DataError: the series is too short for these splits, or the history for its season.
    """
    if params.history < schema.least_history:
        raise DataError(
            f"prepare.history in params.yaml is {params.history}; a forecast takes {schema.least_history} "
            f"{schema.step}s at least"
        )
    series, filled = fill(stepped(table, schema), schema)
    every = windows(series, filled, params)
    if every.target.empty:
        raise DataError(_too_short(params, schema, series, "train"))
    first, last = every.target.index + 1, every.target.index + params.horizon
    test_from = last.max() - params.test + 1
    validation_from = test_from - params.validation
    chosen = {
        "train": last < validation_from,
        "validation": (first >= validation_from) & (last < test_from),
        "test": first >= test_from,
    }
    for name, rows in chosen.items():
        if rows.sum() < (params.horizon + FOLDS if name == "train" else 1):
            raise DataError(_too_short(params, schema, series, name))
    gaps = tuple(names_of(series.index[filled], schema))
    return {name: Split(every.features[rows], every.target[rows], gaps) for name, rows in chosen.items()}


def _too_short(params: Prepare, schema: Schema, series: pd.Series, name: str) -> str:
    return (
        f"too few forecasts of {params.horizon} {schema.step}s from {params.history} lie in the {name} split: the "
        f"series has {len(series)} {schema.step}s and ends in {_name(series.index[-1], schema)}; lower history, "
        "horizon, validation or test in params.yaml"
    )


def series_of(part: Split) -> pd.Series:
    """The steps that a split's histories and targets are made of, each once, in the order of time."""
    table = pd.concat([part.features, part.target], axis="columns")
    steps = np.arange(table.shape[1]) - (part.features.shape[1] - 1)
    origins = pd.PeriodIndex(table.index)
    places, first = np.unique(origins.asi8[:, None] + steps, return_index=True)
    index = pd.PeriodIndex.from_ordinals(places, freq=origins.freqstr)  # type: ignore[attr-defined]
    return pd.Series(table.to_numpy().ravel()[first], index=index)


def write_splits(splits: dict[str, Split], folder: Path) -> None:
    """One Parquet file a split, the origin as its first day, such as 1989-12-01; and the filled steps, one a line."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in splits.items():
        table = pd.concat([part.features, part.target], axis="columns")
        days = [str(day_of(origin)) for origin in pd.PeriodIndex(table.index)]
        table.set_axis(days).rename_axis("origin").reset_index().to_parquet(folder / f"{name}.parquet", index=False)
    gaps = splits["train"].filled
    (folder / FILLED_FILE).write_text("".join(f"{name}\n" for name in gaps), encoding="utf-8", newline="\n")


def read_splits(folder: Path, schema: Schema) -> dict[str, Split]:
    """The splits that `write_splits` wrote."""
    gaps = tuple((folder / FILLED_FILE).read_text(encoding="utf-8").splitlines())
    splits = {}
    for name in SPLITS:
        table = pd.read_parquet(folder / f"{name}.parquet").set_index("origin")
        table.index = pd.PeriodIndex(table.index, freq=FREQUENCIES[schema.step], name="origin")
        splits[name] = Split(table.filter(regex="^ago_"), table.filter(regex="^ahead_"), gaps)
    return splits


def encode_target(target: pd.DataFrame, schema: Schema) -> NDArray[np.float64]:  # noqa: ARG001  # as above
    """The target as the metrics want it, shape (origins, horizon)."""
    return target.to_numpy(dtype=np.float64)


def slices_of(splits: dict[str, Split], schema: Schema, params: Evaluate) -> dict[str, pd.Categorical]:
    """For each sliced property, the slice that each test forecast falls in: by the first step that is forecast."""
    first = pd.PeriodIndex(splits["test"].target.index) + 1
    names = ["January to March", "April to June", "July to September", "October to December"]
    seasons = [names[quarter - 1] for quarter in first.quarter]
    if schema.step == "day":
        names = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
        seasons = [names[day] for day in first.dayofweek]
    elif schema.step == "year":
        names = ["the whole year"]
        seasons = names * len(first)
    every: dict[str, Any] = {
        "season": (f"First {schema.step}", pd.Categorical(seasons, [name for name in names if name in seasons])),
        "year": ("Year", pd.Categorical([str(year) for year in first.year])),
        "decade": ("Decade", pd.Categorical([f"{year // 10 * 10}s" for year in first.year])),
    }
    return dict(every[name] for name in params.slices)


def table_of(part: Split, schema: Schema) -> pd.DataFrame:
    """The steps of a split as a table, for MLflow's data set."""
    series = series_of(part)
    return pd.DataFrame({schema.step: names_of(series.index, schema), schema.target.name: series.to_numpy()})
