"""Exploration of the series of the training split."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from statsmodels.tsa.seasonal import STL
from statsmodels.tsa.stattools import acf

from ..data.schema import Schema
from ..data.series import period_names
from ..data.splits import Split, join_windows
from ..evaluation.figures import BLUE, GRAY, ORANGE, literal
from ..evaluation.markdown import rounded
from .report import Exploration, Finding, percent

OUTLYING = 5.0  # median absolute deviations
MAX_LISTED = 5
TITLE = "Training split"


def explore(train: Split, validation: Split, schema: Schema) -> Exploration:
    """Return what the training split shows; a step that no window covers is taken from its neighbors."""
    series = _fill(join_windows(train))
    trend, season, remainder = decompose(series, schema.season)
    lags = min(max(2 * schema.season, 12), len(series) // 2 - 1)
    correlation = pd.Series(acf(series.diff().dropna(), nlags=lags), range(lags + 1))
    changes = f"changes from one {schema.step} to the next"
    findings = [
        *_trend_and_season(trend, season, remainder, schema),
        *_outliers(series, remainder, schema),
        _memory(correlation, schema),
        _filled(train, series, schema),
        _change_of_level(series, _after(series, join_windows(validation)), schema),
    ]
    figures = {
        "series": ("The series: trend, season and remainder", draw_parts(series, trend, season, remainder, schema)),
        "autocorrelation": (f"Autocorrelation of the {changes}", draw_autocorrelation(correlation, schema)),
    }
    return Exploration(findings, {f"The {changes}": _changes(series)}, figures)


def _after(series: pd.Series, other: pd.Series) -> pd.Series:
    """Return the steps of another series after the last one of a series: the history of its windows overlaps."""
    later: pd.Series = other[pd.PeriodIndex(other.index) > series.index[-1]]
    return later


def _fill(series: pd.Series) -> pd.Series:
    steps = pd.period_range(series.index[0], series.index[-1], freq=pd.PeriodIndex(series.index).freqstr)
    return series.reindex(steps).interpolate().astype(float)


def decompose(series: pd.Series, season: int) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Return trend, season and remainder, whose sum is the series (STL; without a season, a moving median)."""
    if season > 1 and len(series) > 2 * season:
        parts = STL(series.to_numpy(), period=season, robust=True).fit()
        found = (pd.Series(part, series.index) for part in (parts.trend, parts.seasonal, parts.resid))
        trend, seasonal, remainder = found
        return trend, seasonal, remainder
    width = max(3, len(series) // 20)
    trend = series.rolling(width, center=True, min_periods=1).median()
    return trend, pd.Series(0.0, series.index), series - trend


def _strength(part: pd.Series, remainder: pd.Series) -> float:
    """Return how much of the variance of part and remainder the part has, 0 to 1 (Wang, Smith and Hyndman, 2006)."""
    whole = float((part + remainder).var())
    return max(0.0, 1 - float(remainder.var()) / whole) if whole > 0 else 0.0


def _trend_and_season(trend: pd.Series, season: pd.Series, remainder: pd.Series, schema: Schema) -> list[Finding]:
    rise = float(trend.iloc[-1] - trend.iloc[0])
    strength = _strength(trend, remainder)
    found = [
        Finding(
            0.5 + 0.4 * strength,
            f"The level {'rises' if rise > 0 else 'falls'} by {_in_unit(abs(rise), schema)} over {len(trend)} "
            f"{schema.step}s; of the variance without the season, {percent(strength)} is the trend's.",
        )
    ]
    if schema.season > 1:
        strength, height = _strength(season, remainder), float(season.max() - season.min())
        found.append(
            Finding(
                0.4 + 0.5 * strength,
                f"Of the variance without the trend, {percent(strength)} is that of the season of {schema.season} "
                f"{schema.step}s; from its lowest to its highest {schema.step} it is {_in_unit(height, schema)}.",
            )
        )
    return found


def _in_unit(value: float, schema: Schema) -> str:
    return f"{rounded(value)} {schema.target.unit}".strip()


def _outliers(series: pd.Series, remainder: pd.Series, schema: Schema) -> list[Finding]:
    distance = (remainder - remainder.median()).abs()
    limit = OUTLYING * 1.4826 * float(distance.median())
    far = distance[distance > limit].sort_values(ascending=False) if limit > 0 else distance.iloc[:0]
    if far.empty:
        return [Finding(0.1, f"No {schema.step} is far from trend and season.")]
    listed = ", ".join(period_names(list(far.index[:MAX_LISTED]), schema)) + (", …" if len(far) > MAX_LISTED else "")
    text = f"{len(far)} {schema.step}s are far from trend and season: {listed}. Errors, or events to explain?"
    return [Finding(min(0.8, 0.4 + 5 * len(far) / len(series)), text)]


def _memory(correlation: pd.Series, schema: Schema) -> Finding:
    lags = correlation.iloc[1:]
    lag = int(lags.abs().argmax()) + 1
    return Finding(
        0.3 + 0.3 * float(lags.abs().max()),
        f"The autocorrelation of the changes from one {schema.step} to the next is largest at a lag of {lag} "
        f"{schema.step}{'s' * (lag > 1)}: {lags[lag]:.2f}.",
    )


def _filled(train: Split, series: pd.Series, schema: Schema) -> Finding:
    count = len(set(train.filled) & set(period_names(list(series.index), schema)))
    if not count:
        return Finding(0.05, f"No {schema.step} is missing.")
    return Finding(
        0.3 + count / len(series), f"{count} of {len(series)} {schema.step}s were not measured, and are filled."
    )


def _change_of_level(train: pd.Series, validation: pd.Series, schema: Schema) -> Finding:
    outside = float(((validation < train.min()) | (validation > train.max())).mean())
    text = f"{percent(outside)} of the {schema.step}s of the validation split are outside the range of training"
    if outside > 0.1:
        return Finding(0.6 + 0.3 * outside, f"{text}: a model must extrapolate.")
    return Finding(0.2, f"{text}.")


def _changes(series: pd.Series) -> pd.DataFrame:
    changes = series.diff().dropna()
    levels = (0.0, 0.05, 0.5, 0.95, 1.0)
    table = pd.DataFrame(
        {"change": changes.quantile(list(levels)).to_numpy()}, [f"{100 * level:.0f}%" for level in levels]
    )
    table.index.name = "share of the changes below"
    return table


def draw_parts(series: pd.Series, trend: pd.Series, season: pd.Series, remainder: pd.Series, schema: Schema) -> Figure:
    """Draw the series and the parts that add up to it."""
    figure = Figure(figsize=(5.4, 4.6), dpi=144, layout="constrained")
    figure.suptitle(TITLE, x=0.01, ha="left", fontsize=10, fontweight="bold")
    figure.supylabel(literal(schema.target.unit or schema.target.label), fontsize=8)
    panels = figure.subplots(3, sharex=True)
    positions = np.arange(len(series))
    panels[0].plot(positions, series, color=GRAY, linewidth=1)
    panels[0].plot(positions, trend, color=BLUE, linewidth=1.5)
    panels[1].plot(positions, season, color=BLUE, linewidth=1)
    panels[2].plot(positions, remainder, color=ORANGE, linewidth=1)
    for axes, title in zip(panels, ("series and trend", "season", "remainder"), strict=True):
        axes.set_title(title, loc="left", fontsize=9)
        axes.spines[["top", "right"]].set_visible(False)
    ticks = np.linspace(0, len(series) - 1, 6).astype(int)
    panels[2].set_xticks(ticks, [str(series.index[tick]) for tick in ticks], fontsize=8)
    return figure


def draw_autocorrelation(correlation: pd.Series, schema: Schema) -> Figure:
    """Draw the autocorrelation of the changes by lag."""
    figure = Figure(figsize=(5.4, 2.4), dpi=144, layout="constrained")
    axes = figure.subplots()
    axes.bar(correlation.index[1:], correlation.iloc[1:], color=BLUE)
    axes.axhline(0, color=GRAY, linewidth=0.8)
    axes.set_title(TITLE, loc="left", fontsize=10, fontweight="bold")
    axes.set_xlabel(f"lag ({schema.step}s)", fontsize=8)
    axes.set_ylabel("autocorrelation", fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    return figure
