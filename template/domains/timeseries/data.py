"""The data: a weekly series, made monthly, its gaps filled, and cut into forecasts to make; split by time.

A forecast is made at an *origin*, the last month that is known: `history` months up to it go in, `horizon` months after
it come out. Origins follow each other month by month (a rolling origin).

Every stage is a process of its own and imports this module, so what one function alone needs is imported there:
statsmodels and pandera take longer to load than to do their work here.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from .params import Evaluate, Prepare

RAW_FILE = "series.csv"
SPLITS = ("train", "validation", "test")
YEAR = 12
# A longer silence is no gap to be filled, it is the end of one series and the beginning of another.
LONGEST_GAP = 6
_STRICT = ConfigDict(extra="forbid")
_DATE = r"\d{4}-\d{2}-\d{2}"


class DataError(ValueError):
    """The data is not what `schema.yaml` says; the message lists each difference."""


@dataclass(frozen=True, config=_STRICT)
class Target:
    """The quantity that is forecast, and the range that is possible."""

    name: str
    label: str
    unit: str
    minimum: float
    maximum: float


@dataclass(frozen=True, config=_STRICT)
class Schema:
    """A date and a value a row; dates are `days_apart`, values may be missing."""

    source: str
    licence: str
    date: str
    days_apart: int
    target: Target

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
    def inputs_in_words(self) -> str:
        """What the model looks at."""
        return "its own past months"


@dataclass(frozen=True, config=ConfigDict(arbitrary_types_allowed=True))
class Split:
    """Forecasts to make, one row each, with their origin (a month) as index.

    `features` holds the history: `ago_59` to `ago_0`, the origin's own value. `target` holds what came:
    `ahead_1`, the month after the origin, and so on. All of them are float32.
    """

    features: pd.DataFrame
    target: pd.DataFrame


def load_schema(path: Path) -> Schema:
    """Read and check `schema.yaml`."""
    return TypeAdapter(Schema).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))


def read_raw(folder: Path, schema: Schema) -> pd.DataFrame:
    """The raw table, with dates as the text that stands there."""
    table: pd.DataFrame = pd.read_csv(
        folder / RAW_FILE, dtype={schema.date: str}, keep_default_na=False, na_values=[""]
    )
    return table


def validate(table: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """The table with its dates and numbers as such, once every one of them has been checked.

    Raises:
        DataError: lists a missing or unknown column, what is no number or out of range, what is no date, and dates that
            are not as far apart as the schema says.
    """
    import pandera.pandas as pa
    from pandera.errors import SchemaErrors

    name, table = schema.target.name, table.reset_index(drop=True)
    typed = table.copy()
    if name in table:
        typed[name] = pd.to_numeric(table[name], errors="coerce").astype(np.float64)
        if len(texts := table[name][table[name].notna() & typed[name].isna()]):
            raise DataError(_complaint(name, "holds what is no number", texts, texts.index))
    expected = pa.DataFrameSchema(
        {
            schema.date: pa.Column(str, pa.Check.str_matches(f"^{_DATE}$"), nullable=False),
            name: pa.Column(np.float64, pa.Check.in_range(schema.target.minimum, schema.target.maximum), nullable=True),
        },
        strict=True,
    )
    try:
        expected.validate(typed, lazy=True)
    except SchemaErrors as errors:
        raise DataError("\n".join(_in_words(errors.failure_cases))) from errors
    typed[schema.date] = _dates(typed[schema.date], schema)
    return typed


def _dates(texts: pd.Series, schema: Schema) -> pd.Series:
    dates = pd.to_datetime(texts, format="%Y-%m-%d", errors="coerce")
    if dates.isna().any():
        wrong = texts[dates.isna()]
        raise DataError(_complaint(schema.date, "holds what is no date", wrong, wrong.index))
    days = dates.diff().dt.days
    uneven = days[days.notna() & (days != schema.days_apart)]
    if len(uneven):
        row = uneven.index[0]
        raise DataError(
            f"column {schema.date!r} is irregular: every date must be {schema.days_apart} days after the one before, "
            f"but {texts[row]} (row {row}, counted from 0) is {int(uneven[row])} days after {texts[row - 1]}; "
            f"{len(uneven)} such place(s). Leave the value of a missing week empty, but keep its row."
        )
    return dates


def _in_words(failures: pd.DataFrame) -> Iterable[str]:
    for (column, check), group in failures.groupby(["column", "check"], dropna=False, sort=False):
        if check == "column_in_dataframe":
            yield f"column {group.failure_case.iloc[0]!r} is missing"
        elif check == "column_in_schema":
            yield f"column {group.failure_case.iloc[0]!r} is not in schema.yaml"
        else:
            yield _complaint(str(column), f"fails {check}", group.failure_case, group["index"])


def _complaint(column: str, wrong: str, values: pd.Series, rows: Iterable[Any]) -> str:
    shown = ", ".join(str(value) for value in values.head(5))
    where = ", ".join(str(row) for row in list(rows)[:5])
    return f"column {column!r} {wrong} in {len(values)} row(s): {shown} (rows {where}, counted from 0)"


def monthly(table: pd.DataFrame, schema: Schema) -> pd.Series:
    """The mean of each month that the table covers from its first to its last day; nan where nothing was measured."""
    dates = table[schema.date]
    months: pd.Series = table[schema.target.name].groupby(dates.dt.to_period("M")).mean()
    margin = pd.Timedelta(days=schema.days_apart)
    if (dates.iloc[0] - margin).to_period("M") == months.index[0]:
        months = months.iloc[1:]
    if (dates.iloc[-1] + margin).to_period("M") == months.index[-1]:
        months = months.iloc[:-1]
    return months.round(4)


def fill(months: pd.Series) -> tuple[pd.Series, pd.Series]:
    """The series without gaps, and which of its months were filled.

    A month without a measurement gets the value of the same month a year before, plus what the year up to the month
    before has added. Interpolation would be closer, and would hand the model a piece of the future: here no value
    depends on a later one. So the series begins where thirteen months in a row were measured.

    Raises:
        DataError: there is no such place, or a gap is longer than half a year.
    """
    measured = months.notna()
    whole_year = measured[::-1].rolling(YEAR + 1).sum()[::-1] == YEAR + 1
    if not whole_year.any():
        raise DataError(f"no {YEAR + 1} months in a row were measured: there is no season to learn from")
    months, measured = months[whole_year.idxmax() :], measured[whole_year.idxmax() :]
    runs = (~measured).groupby(measured.cumsum()).sum()
    if runs.max() > LONGEST_GAP:
        begins = months.index[measured.cumsum() == runs.idxmax()][1]
        raise DataError(f"no measurement for {runs.max()} months from {begins} on; at most {LONGEST_GAP} are filled")
    values = months.to_numpy(dtype=np.float64, copy=True)
    for place in np.flatnonzero(~measured):
        values[place] = values[place - YEAR] + values[place - 1] - values[place - YEAR - 1]
    return pd.Series(values.round(4), index=months.index, name=months.name), ~measured


def windows(series: pd.Series, filled: pd.Series, params: Prepare) -> Split:
    """Every forecast that the series allows. None has a filled month to forecast: nobody knows what it was."""
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
    """Three splits in the order of time: no month is forecast in two of them.

    A forecast belongs to the split in which all its months lie; one that straddles a border belongs to none. Its
    history may reach back beyond the border: at its origin that is known.

    Raises:
        DataError: the series is too short for these years.
    """
    every = windows(*fill(monthly(table, schema)), params)
    first, last = every.target.index + 1, every.target.index + params.horizon
    end = last.max()
    test_from = end - params.test_years * YEAR + 1
    validation_from = test_from - params.validation_years * YEAR
    chosen = {
        "train": last < validation_from,
        "validation": (first >= validation_from) & (last < test_from),
        "test": first >= test_from,
    }
    for name, rows in chosen.items():
        if not rows.any():
            raise DataError(
                f"no forecast of {params.horizon} months from {params.history} lies in the {name} years: the series "
                f"ends in {end}; lower history, horizon, validation_years or test_years in params.yaml"
            )
    return {name: Split(every.features[rows], every.target[rows]) for name, rows in chosen.items()}


def series_of(part: Split) -> pd.Series:
    """The months that a split's histories and targets are made of, each once, in the order of time."""
    table = pd.concat([part.features, part.target], axis="columns")
    steps = np.arange(table.shape[1]) - (part.features.shape[1] - 1)
    months, first = np.unique(pd.PeriodIndex(table.index).asi8[:, None] + steps, return_index=True)
    index = pd.PeriodIndex.from_ordinals(months, freq="M")  # type: ignore[attr-defined]  # the stubs lack it
    return pd.Series(table.to_numpy().ravel()[first], index=index)


def write_splits(splits: dict[str, Split], folder: Path) -> None:
    """One Parquet file a split: it keeps the types; the origin is written as text, such as 1989-12."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in splits.items():
        table = pd.concat([part.features, part.target], axis="columns")
        table.set_axis(table.index.astype(str)).rename_axis("origin").reset_index().to_parquet(
            folder / f"{name}.parquet", index=False
        )


def read_splits(folder: Path, schema: Schema) -> dict[str, Split]:  # noqa: ARG001  # every domain's takes it
    """The splits that `write_splits` wrote."""
    splits = {}
    for name in SPLITS:
        table = pd.read_parquet(folder / f"{name}.parquet").set_index("origin")
        table.index = pd.PeriodIndex(table.index, freq="M")
        splits[name] = Split(table.filter(regex="^ago_"), table.filter(regex="^ahead_"))
    return splits


def encode_target(target: pd.DataFrame, schema: Schema) -> NDArray[np.float64]:  # noqa: ARG001  # as above
    """The target as the metrics want it, shape (origins, horizon)."""
    return target.to_numpy(dtype=np.float64)


def slices_of(splits: dict[str, Split], schema: Schema, params: Evaluate) -> dict[str, pd.Categorical]:  # noqa: ARG001
    """For each sliced property, the slice that each test forecast falls in: by the first month that is forecast."""
    first = pd.PeriodIndex(splits["test"].target.index) + 1
    quarters = ("January to March", "April to June", "July to September", "October to December")
    decades = first.year // 10 * 10
    every: dict[str, Any] = {
        "season": ("First month", pd.Categorical([quarters[quarter - 1] for quarter in first.quarter], quarters)),
        "decade": ("Decade", pd.Categorical([f"{year}s" for year in decades])),
    }
    return dict(every[name] for name in params.slices)


def table_of(part: Split, schema: Schema) -> pd.DataFrame:
    """The months of a split as a table, for MLflow's data set."""
    series = series_of(part)
    return pd.DataFrame({"month": series.index.astype(str), schema.target.name: series.to_numpy()})


def signature_rows(part: Split, schema: Schema, count: int) -> dict[str, NDArray[np.float32]]:  # noqa: ARG001
    """The first rows in the form that the served model takes."""
    return {"history": part.features.to_numpy(dtype=np.float32)[:count]}
