"""From irregular rows to a series with one value per step: averaging and gap filling."""

from datetime import date

import numpy as np
import pandas as pd

from ..errors import DataError
from .periods import period_name, period_ordinal
from .schema import Schema

# pandas' weeks start on Monday here, as those of `periods.py` do.
FREQUENCIES = {"day": "D", "week": "W-SUN", "month": "M", "quarter": "Q-DEC", "year": "Y-DEC"}
_DAYS = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}
_SIGNIFICANT_DIGITS = 7  # as many as float32 holds


def resample(table: pd.DataFrame, schema: Schema) -> pd.Series:
    """Average the values of each step; a step without a value is NaN.

    The first and the last step are dropped where the dates cover only a part of them.
    """
    dates, frequency = table["date"], FREQUENCIES[schema.step]
    means: pd.Series = table["value"].groupby(dates.dt.to_period(frequency)).mean()
    means = means.reindex(pd.period_range(means.index[0], means.index[-1], freq=frequency))
    spacing = float(dates.drop_duplicates().diff().dt.days.median())
    if spacing < _DAYS[schema.step] / 2:
        margin = pd.Timedelta(days=spacing)
        if (dates.iloc[0] - margin).to_period(frequency) == means.index[0]:
            means = means.iloc[1:]
        if (dates.iloc[-1] + margin).to_period(frequency) == means.index[-1]:
            means = means.iloc[:-1]
    return _round(means)


def fill_gaps(series: pd.Series, schema: Schema) -> tuple[pd.Series, pd.Series]:
    """Fill missing steps from earlier ones only, so that no value leaks from the future into a history.

    A missing step gets the value of one season before plus the growth over the season up to the step before. Years
    have no season: a missing year repeats the one before. The series starts at the first `season + 1` consecutive
    measured steps, which the first fill needs.

    Returns:
        The series without gaps, and a Boolean series that is true at the filled steps.

    Raises:
        DataError: there is no such start, or a gap is longer than `schema.max_gap`.
    """
    season, measured = schema.season, series.notna()
    complete = measured[::-1].rolling(season + 1).sum()[::-1] == season + 1
    if not complete.any():
        raise DataError(f"the series never has {season + 1} consecutive {schema.step}s with a value{_advice(schema)}")
    series, measured = series[complete.idxmax() :], measured[complete.idxmax() :]
    gaps = (~measured).groupby(measured.cumsum()).sum()
    if gaps.max() > schema.max_gap:
        start = series.index[measured.cumsum() == gaps.idxmax()][1]
        raise DataError(
            f"no values for {gaps.max()} {schema.step}s from {period_names([start], schema)[0]} on; at most "
            f"{schema.max_gap} are filled; remove the rows before that gap{_advice(schema)}"
        )
    values = series.to_numpy(dtype=np.float64, copy=True)
    for index in np.flatnonzero(~measured):
        growth = values[index - 1] - values[index - season - 1] if season > 1 else 0.0
        values[index] = values[index - season] + growth
    return _round(pd.Series(values, index=series.index, name=series.name)), ~measured


def _advice(schema: Schema) -> str:
    if schema.step == "year":
        return ""
    return ", or choose a longer `step` in schema.yaml and adapt the lengths under `prepare` in params.yaml"


def _round(series: pd.Series) -> pd.Series:
    return series.map(lambda value: float(f"{value:.{_SIGNIFICANT_DIGITS}g}"))


def first_day(period: pd.Period) -> date:
    """Return the first day of a period; `Period.start_time` fails outside the years 1677 to 2262."""
    day = period.asfreq("D", "start")
    return date(day.year, day.month, day.day)


def period_names(periods: pd.Index | list[pd.Period], schema: Schema) -> list[str]:
    """Return the names of the periods, such as "1998-01"."""
    return [period_name(period_ordinal(first_day(period), schema.step), schema.step) for period in periods]
