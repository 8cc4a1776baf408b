"""The forecast as an SVG chart: history, forecast with its interval, and actual values."""

import html
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .predictor import Prediction

BLUE, ORANGE, GRAY = "#2563eb", "#ea580c", "#64748b"
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 16, 10, 30  # margins

Points = Sequence[tuple[float, float]]


class Size(NamedTuple):
    """Size of a chart in SVG units, and the number of labels on its x axis."""

    width: int
    height: int
    labels: int


WIDE, NARROW = Size(900, 360, 7), Size(420, 340, 4)


@dataclass(frozen=True)
class Chart:
    """What a chart shows."""

    title: str  # for screen readers
    history: Sequence[float]  # values before the forecast
    names: Sequence[str]  # of the steps, from the first value of the history to the last step ahead
    prediction: Prediction
    decimals: int  # in tooltips

    def svg(self, size: Size) -> str:
        """Return the chart as an SVG element."""
        forecast, start = self.prediction, len(self.history)
        ahead = range(start, len(self.names))
        median: Points = list(zip(ahead, forecast.median, strict=True))
        actual = [(x, value) for x, value in zip(ahead, forecast.actual, strict=True) if value is not None]
        axes = _Axes(size, len(self.names), [*self.history, *forecast.low, *forecast.high, *(y for _, y in actual)])
        origin = axes.x(start - 0.5)
        parts = [
            *axes.grid(),
            *axes.time_labels(self.names),
            f'<polygon points="{axes.points(self._band(ahead))}" fill="{BLUE}" fill-opacity="0.18"/>',
            f'<line x1="{origin}" x2="{origin}" y1="{_TOP}" y2="{size.height - _BOTTOM}" stroke="{GRAY}" '
            'stroke-dasharray="4 4"/>',
            axes.line(list(enumerate(self.history)), GRAY),
            axes.line(median, BLUE),
            axes.line(actual, ORANGE),
            *self._markers(axes, median, BLUE, "forecast"),
            *self._markers(axes, actual, ORANGE, "actual"),
        ]
        return (
            f'<svg viewBox="0 0 {size.width} {size.height}" role="img" aria-label="{html.escape(self.title)}" '
            f'font-family="inherit" font-size="13" fill="currentColor">{"".join(parts)}</svg>'
        )

    def _band(self, ahead: range) -> Points:
        """Return the outline of the interval, half a step wider at both ends so that one step is visible."""
        xs = [ahead[0] - 0.5, *ahead, ahead[-1] + 0.5]
        low, high = ([side[0], *side, side[-1]] for side in (self.prediction.low, self.prediction.high))
        return [*zip(xs, high, strict=True), *zip(xs[::-1], low[::-1], strict=True)]

    def _markers(self, axes: "_Axes", points: Points, color: str, kind: str) -> Iterable[str]:
        for x, y in points:
            yield (
                f'<circle cx="{axes.x(x)}" cy="{axes.y(y)}" r="4" fill="{color}">'
                f"<title>{self.names[int(x)]}, {kind}: {y:.{self.decimals}f}</title></circle>"
            )


class _Axes:
    """Scales from steps and values to SVG coordinates."""

    def __init__(self, size: Size, steps: int, values: Sequence[float]) -> None:
        margin = (max(values) - min(values)) * 0.06 or 1.0
        self.size, self.steps = size, steps
        self.low, self.high = min(values) - margin, max(values) + margin

    def x(self, step: float) -> float:
        return round(_LEFT + (step + 0.5) / self.steps * (self.size.width - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self.size.height - _BOTTOM - share * (self.size.height - _TOP - _BOTTOM), 1)

    def points(self, points: Points) -> str:
        return " ".join(f"{self.x(x)},{self.y(y)}" for x, y in points)

    def line(self, points: Points, color: str) -> str:
        return f'<polyline points="{self.points(points)}" fill="none" stroke="{color}" stroke-width="2"/>'

    def grid(self) -> Iterable[str]:
        for value in axis_ticks(self.low, self.high):
            y = self.y(value)
            yield (
                f'<line x1="{_LEFT}" x2="{self.size.width - _RIGHT}" y1="{y}" y2="{y}" stroke="{GRAY}" '
                f'stroke-opacity="0.25"/><text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">{value:g}</text>'
            )

    def time_labels(self, names: Sequence[str]) -> Iterable[str]:
        """Label the first step of each year, or evenly spaced steps where there are few or many years."""
        years = {step: name[:4] for step, name in enumerate(names) if step and name[:4] != names[step - 1][:4]}
        even = {step: names[step] for step in range(0, len(names), math.ceil(len(names) / self.size.labels))}
        bottom = self.size.height - _BOTTOM
        for step, name in (years if 2 < len(years) <= self.size.labels else even).items():
            x = self.x(step)
            yield (
                f'<text x="{x}" y="{self.size.height - 8}" text-anchor="middle">{name}</text>'
                f'<line x1="{x}" x2="{x}" y1="{bottom}" y2="{bottom + 6}" stroke="{GRAY}"/>'
            )


def axis_ticks(low: float, high: float) -> list[float]:
    """Return three to eight round values: multiples of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10((high - low) / 3))
    step = max(factor * power for factor in (1, 2, 5) if factor * power <= (high - low) / 3)
    return [round(index * step, 6) for index in range(math.ceil(low / step), math.floor(high / step) + 1)]
