"""What a demo of forecasts shows of its own: a day to pretend it is, the forecast, and where that comes from.

The page around it is `app.py`.
"""

import html
import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import gradio as gr

from .asking import BUTTON, ask, offer
from .markdown import signed
from .serving import Explanation, Forecast, Part, Predictor
from .steps import CYCLES

BLUE, ORANGE, GREY = "#2563eb", "#ea580c", "#64748b"
# What the picture shows of the time before: three seasons, within limits, in steps.
BEFORE = (24, 60)
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 10, 30
# What `brief.pick_examples` has picked.
EXAMPLES = ("it did well", "as usual", "worst")


class Sheet(NamedTuple):
    """How large a picture is drawn; `labels` is how many names of steps stand below it."""

    width: int
    height: int
    labels: int


# On a phone the wide picture's letters would be too small to read. The page shows the one that suits its width.
WIDE, NARROW = Sheet(900, 360, 7), Sheet(420, 340, 4)
STYLE = (
    ".forecast{container-type:inline-size}.forecast .narrow{display:none}.forecast svg{width:100%;height:auto}"
    ".forecast .key{display:flex;flex-wrap:wrap;gap:0 1.5em}"
    "@container(max-width:560px){.forecast .narrow{display:block}.forecast .wide{display:none}}"
)
# What the colours mean.
KEY = (("measured before", GREY), ("forecast, with 80 % interval", BLUE), ("what came", ORANGE))


def try_it(predictor: Predictor, concurrency: int) -> None:
    """The day and the steps ahead on the left, the forecast beside them, the reasons below; the API's `/predict`."""
    today, horizon = predictor.inputs
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=260):
            examples = _example_buttons(predictor)
            day = gr.DateTime(
                today["default"],
                include_time=False,
                type="string",
                label="Pretend that today is",
                info=f"from {today['minimum']} to {today['maximum']}",
            )
            ahead = gr.Slider(
                horizon["minimum"], horizon["maximum"], horizon["default"], step=1, label=horizon["label"]
            )
            button = gr.Button("Forecast", variant="primary", elem_id=BUTTON)
        with gr.Column(scale=5):
            picture = gr.HTML(pictures(predictor, {}), elem_id="answer")
    with gr.Row(equal_height=False):
        with gr.Column(scale=3):
            target = predictor.champion.record["target"]
            answer = gr.Dataframe(
                rows_of(predictor.predict({}), predictor.decimals),
                headers=[predictor.step, "forecast", "low", "high", "measured"],
                datatype=["str", "number", "number", "number", "number"],
                label=_in_unit(predictor),
                interactive=False,
            )
        with gr.Column(scale=3):
            explanation = gr.HTML(reasons(predictor, predictor.explain({})))
    inputs = {"today": day, "horizon": ahead}
    ask(
        [button.click, ahead.release, day.submit],
        inputs,
        predict=lambda **row: rows_of(predictor.predict(row), predictor.decimals),
        answer=answer,
        explain=lambda **row: (pictures(predictor, row), reasons(predictor, predictor.explain(row))),
        explanation=[picture, explanation],
        description=f"{target['label']}: forecast, 80 % interval, and what was measured where that is known.",
        concurrency=concurrency,
    )
    for example, chosen in examples:
        offer(chosen, example["inputs"], inputs)


def _example_buttons(predictor: Predictor) -> list[tuple[Any, Any]]:
    gr.Markdown("Start from a day that the model has not seen:")
    return [
        (example, gr.Button(f"{how}: {example['inputs']['today']}", size="sm"))
        for how, example in zip(EXAMPLES, predictor.champion.record["examples"], strict=True)
    ]


def rows_of(forecast: Forecast, decimals: int) -> list[list[str | float | None]]:
    """A row a step: its name, forecast, low, high, and what was measured."""
    numbers = zip(forecast.median, forecast.low, forecast.high, forecast.truth, strict=True)
    return [
        [time, *(None if value is None else round(value, decimals) for value in row)]
        for time, row in zip(forecast.times, numbers, strict=True)
    ]


def _in_unit(predictor: Predictor) -> str:
    target = predictor.champion.record["target"]
    return f"{target['label']} ({target['unit']})" if target["unit"] else str(target["label"])


def pictures(predictor: Predictor, row: dict[str, Any]) -> str:
    """The forecast for wide and for narrow pages, below what its colours mean."""
    forecast = predictor.predict(row)
    learnt = f"<p>⚠️ The model learnt from these {predictor.step}s, so this is no test of it; a later day is.</p>"
    key = KEY if any(value is not None for value in forecast.truth) else KEY[:-1]
    words = "".join(f'<span><span style="color:{colour}">●</span> {meaning}</span>' for meaning, colour in key)
    return (
        f'<style>{STYLE}</style><div class="forecast"><div class="key">{words}</div>'
        f'<div class="wide">{chart(predictor, row, WIDE)}</div>'
        f'<div class="narrow">{chart(predictor, row, NARROW)}</div>{learnt if forecast.learnt else ""}</div>'
    )


def chart(predictor: Predictor, row: dict[str, Any], sheet: Sheet = WIDE) -> str:
    """The forecast as SVG, with the time before it, its interval, and the truth where it is known."""
    forecast = predictor.predict(row)
    known = predictor.known(predictor.complete(row)["today"])
    before = [float(value) for value in known[-min(max(3 * predictor.season, BEFORE[0]), BEFORE[1]) :]]
    names = [predictor.name(len(known) - len(before) + place) for place in range(len(before))]
    ahead = range(len(before), len(before) + len(forecast.times))
    truths = [(place, value) for place, value in zip(ahead, forecast.truth, strict=True) if value is not None]
    shown = [*before, *forecast.low, *forecast.high, *(value for _, value in truths)]
    plane = _Plane(sheet, len(before) + len(forecast.times), min(shown), max(shown), predictor.decimals)
    # A band is as wide as a step, also where one step is all that is asked for.
    edges = [ahead[0] - 0.5, *ahead, ahead[-1] + 0.5]
    low = [forecast.low[0], *forecast.low, forecast.low[-1]]
    high = [forecast.high[0], *forecast.high, forecast.high[-1]]
    band = plane.points([*zip(edges, high, strict=True), *zip(edges[::-1], low[::-1], strict=True)])
    today, foot = plane.across(len(before) - 0.5), sheet.height - BOTTOM
    median = list(zip(ahead, forecast.median, strict=True))
    parts = [
        *plane.grid([*names, *forecast.times]),
        f'<polygon points="{band}" fill="{BLUE}" fill-opacity="0.18"/>',
        f'<line x1="{today}" x2="{today}" y1="{TOP}" y2="{foot}" stroke="{GREY}" stroke-dasharray="4 4"/>',
        plane.line(list(enumerate(before)), GREY),
        plane.line(median, BLUE),
        plane.line(truths, ORANGE),
        *plane.dots(median, BLUE, forecast.times, "forecast"),
        *plane.dots(truths, ORANGE, [forecast.times[place - len(before)] for place, _ in truths], "measured"),
    ]
    title = html.escape(f"{_in_unit(predictor)}, forecast from {forecast.times[0]} on")
    return (
        f'<svg viewBox="0 0 {sheet.width} {sheet.height}" role="img" aria-label="{title}" '
        f'font-family="inherit" font-size="13" fill="currentColor">{"".join(parts)}</svg>'
    )


class _Plane:
    """Steps across, the quantity upwards."""

    def __init__(self, sheet: Sheet, steps: int, lowest: float, highest: float, decimals: int) -> None:
        margin = (highest - lowest) * 0.06 or 1.0
        self.sheet, self.steps, self.lowest, self.highest = sheet, steps, lowest - margin, highest + margin
        self.decimals = decimals

    def across(self, step: float) -> float:
        return round(LEFT + (step + 0.5) / self.steps * (self.sheet.width - LEFT - RIGHT), 1)

    def up(self, value: float) -> float:
        share = (value - self.lowest) / (self.highest - self.lowest)
        return round(self.sheet.height - BOTTOM - share * (self.sheet.height - TOP - BOTTOM), 1)

    def points(self, pairs: Iterable[tuple[float, float]]) -> str:
        return " ".join(f"{self.across(step)},{self.up(value)}" for step, value in pairs)

    def line(self, pairs: Sequence[tuple[float, float]], colour: str) -> str:
        return f'<polyline points="{self.points(pairs)}" fill="none" stroke="{colour}" stroke-width="2"/>'

    def dots(self, pairs: Sequence[tuple[int, float]], colour: str, names: Sequence[str], what: str) -> Iterable[str]:
        """A dot a step, whose words appear under the mouse."""
        for (step, value), name in zip(pairs, names, strict=True):
            yield (
                f'<circle cx="{self.across(step)}" cy="{self.up(value)}" r="4" fill="{colour}">'
                f"<title>{name}, {what}: {value:.{self.decimals}f}</title></circle>"
            )

    def grid(self, names: Sequence[str]) -> Iterable[str]:
        """Round values on the left, the first step of each year below; a name now and then if these are few or many."""
        for value in _round_values(self.lowest, self.highest):
            height = self.up(value)
            yield (
                f'<line x1="{LEFT}" x2="{self.sheet.width - RIGHT}" y1="{height}" y2="{height}" stroke="{GREY}" '
                f'stroke-opacity="0.25"/><text x="{LEFT - 8}" y="{height + 4}" text-anchor="end">{value:g}</text>'
            )
        years = {step: name[:4] for step, name in enumerate(names) if step and name[:4] != names[step - 1][:4]}
        spread = {step: names[step] for step in range(0, len(names), -(-len(names) // self.sheet.labels))}
        for step, name in (years if 2 < len(years) <= self.sheet.labels else spread).items():
            yield (
                f'<text x="{self.across(step)}" y="{self.sheet.height - 8}" text-anchor="middle">{name}</text>'
                f'<line x1="{self.across(step)}" x2="{self.across(step)}" y1="{self.sheet.height - BOTTOM}" '
                f'y2="{self.sheet.height - BOTTOM + 6}" stroke="{GREY}"/>'
            )


def _round_values(lowest: float, highest: float) -> list[float]:
    """Three to eight values in between: multiples of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10((highest - lowest) / 3))
    step = max(size * power for size in (1, 2, 5) if size * power <= (highest - lowest) / 3)
    first = math.ceil(lowest / step)
    return [round(place * step, 6) for place in range(first, math.floor(highest / step) + 1)]


def reasons(predictor: Predictor, explanation: Explanation) -> str:
    """What the last step's forecast is made of, and which cycles of the past it leans on."""
    unit = html.escape(predictor.champion.record["target"]["unit"])
    cycle, digits = CYCLES[predictor.step], predictor.decimals
    first, *others = explanation.parts
    whole = sum(part.value for part in explanation.parts)
    lines = [f"<tr><td>{html.escape(first.label)}</td><td style='text-align:right'>{first.value:.{digits}f}</td></tr>"]
    lines += [
        f"<tr><td>{html.escape(part.label)}</td><td style='text-align:right'>{part.value:+.{digits}f}</td></tr>"
        for part in others
    ]
    lines.append(f"<tr><td><b>forecast</b></td><td style='text-align:right'><b>{whole:.{digits}f}</b></td></tr>")
    of_unit, by_one = (f" ({unit})", f"1 {unit}") if unit else ("", "1")
    return (
        f"<p><b>Where {explanation.time} comes from</b>{of_unit}</p><table style='width:100%'>{''.join(lines)}</table>"
        f"<p style='margin-top:1em'><b>Which {cycle}s it leans on:</b> how far this forecast would move, had that "
        f"{cycle} been {by_one} higher. Orange moves with it, blue against it.</p>{''.join(_bars(explanation.leaning))}"
    )


def _bars(parts: Sequence[Part]) -> Iterable[str]:
    longest = max((abs(part.value) for part in parts), default=0.0) or 1.0
    for part in parts:
        colour = ORANGE if part.value > 0 else BLUE
        yield (
            f'<div style="margin:.4em 0"><div style="display:flex;justify-content:space-between">'
            f"<span>{html.escape(part.label)}</span><span>{signed(part.value)}</span></div>"
            f'<div style="background:{colour};height:.6em;border-radius:.3em;'
            f'width:{max(abs(part.value) / longest * 100, 1):.0f}%"></div></div>'
        )
