"""Exploration of the series of the training split."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from statsmodels.tsa.seasonal import STL
from statsmodels.tsa.stattools import acf

from ..data.schema import Schema
from ..data.series import period_names
from ..data.splits import Split, join_windows
from ..evaluation.figures import BLUE, GRAY, ORANGE
from ..evaluation.markdown import rounded
from .report import Exploration, Finding, percent

OUTLYING = 5.0  # median absolute deviations
MAX_LISTED = 5


def explore(train: Split, validation: Split, schema: Schema) -> Exploration:
    """Return what the training split shows; a step that no window covers is taken from its neighbors."""
    series = _fill(join_windows(train))
    trend, season, rest = decompose(series, schema.season)
    lags = min(max(2 * schema.season, 12), len(series) // 2 - 1)
    correlation = pd.Series(acf(series.diff().dropna(), nlags=lags), range(lags + 1))
    findings = [
        *_trend_and_season(trend, season, rest, schema),
        *_outliers(series, rest, schema),
        _memory(correlation, schema),
        _filled(train, series, schema),
        _change_of_level(series, join_windows(validation), schema),
    ]
    figures = {
        "series": ("The series, its trend, its season and the rest", draw_parts(series, trend, season, rest)),
        "autocorrelation": ("How steps resemble earlier ones", draw_autocorrelation(correlation, schema)),
    }
    return Exploration(findings, {"The changes from one step to the next": _changes(series)}, figures)


def _fill(series: pd.Series) -> pd.Series:
    steps = pd.period_range(series.index[0], series.index[-1], freq=pd.PeriodIndex(series.index).freqstr)
    return series.reindex(steps).interpolate().astype(float)


def decompose(series: pd.Series, season: int) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Return trend, season and rest, whose sum is the series (STL; without a season, a moving median as trend)."""
    if season > 1 and len(series) > 2 * season:
        parts = STL(series.to_numpy(), period=season, robust=True).fit()
        trend, seasonal, rest = (pd.Series(part, series.index) for part in (parts.trend, parts.seasonal, parts.resid))
        return trend, seasonal, rest
    width = max(3, len(series) // 20)
    trend = series.rolling(width, center=True, min_periods=1).median()
    return trend, pd.Series(0.0, series.index), series - trend


def _strength(part: pd.Series, rest: pd.Series) -> float:
    """Return how much of the variance of part and rest the part has, 0 to 1 (Wang, Smith and Hyndman, 2006)."""
    whole = float((part + rest).var())
    return max(0.0, 1 - float(rest.var()) / whole) if whole > 0 else 0.0


def _trend_and_season(trend: pd.Series, season: pd.Series, rest: pd.Series, schema: Schema) -> list[Finding]:
    rise = float(trend.iloc[-1] - trend.iloc[0])
    strength = _strength(trend, rest)
    found = [
        Finding(
            0.5 + 0.4 * strength,
            f"The level {'rises' if rise > 0 else 'falls'} by {_in_unit(abs(rise), schema)} over {len(trend)} "
            f"{schema.step}s; the trend makes up {percent(strength)} of what is not season.",
        )
    ]
    if schema.season > 1:
        strength, height = _strength(season, rest), float(season.max() - season.min())
        found.append(
            Finding(
                0.4 + 0.5 * strength,
                f"The season of {schema.season} {schema.step}s makes up {percent(strength)} of what is not trend; "
                f"from its lowest to its highest {schema.step} it is {_in_unit(height, schema)}.",
            )
        )
    return found


def _in_unit(value: float, schema: Schema) -> str:
    return f"{rounded(value)} {schema.target.unit}".strip()


def _outliers(series: pd.Series, rest: pd.Series, schema: Schema) -> list[Finding]:
    distance = (rest - rest.median()).abs()
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
        f"A change resembles most that of {lag} {schema.step}{'s' * (lag > 1)} before "
        f"(autocorrelation {lags[lag]:.2f}).",
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
        return Finding(0.6 + 0.3 * outside, f"{text}: a model must extrapolate, which trees can't.")
    return Finding(0.2, f"{text}.")


def _changes(series: pd.Series) -> pd.DataFrame:
    changes = series.diff().dropna()
    levels = (0.0, 0.05, 0.5, 0.95, 1.0)
    table = pd.DataFrame(
        {"change": changes.quantile(list(levels)).to_numpy()}, [f"{100 * level:.0f}%" for level in levels]
    )
    table.index.name = "share of the changes below"
    return table


def draw_parts(series: pd.Series, trend: pd.Series, season: pd.Series, rest: pd.Series) -> Figure:
    """Draw the series and the parts that add up to it."""
    figure = Figure(figsize=(5.4, 4.6), dpi=144, layout="constrained")
    panels = figure.subplots(3, sharex=True)
    positions = np.arange(len(series))
    panels[0].plot(positions, series, color=GRAY, linewidth=1)
    panels[0].plot(positions, trend, color=BLUE, linewidth=1.5)
    panels[1].plot(positions, season, color=BLUE, linewidth=1)
    panels[2].plot(positions, rest, color=ORANGE, linewidth=1)
    for axes, title in zip(panels, ("series and trend", "season", "rest"), strict=True):
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
    axes.set_xlabel(f"{schema.step}s before", fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    return figure
