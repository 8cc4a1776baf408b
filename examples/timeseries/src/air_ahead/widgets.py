"""What a demo of forecasts shows of its own: a day to pretend it is, the forecast, and where that comes from.

The page around it is `app.py`.
"""

import html
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import gradio as gr

from .serving import Explanation, Forecast, InvalidInputError, Part, Predictor, month_name

BLUE, ORANGE, GREY = "#2563eb", "#ea580c", "#64748b"
# What the picture shows of the time before, in months.
BEFORE = 36
WIDTH, HEIGHT = 900, 380
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 34, 30
KEY = (("measured before", GREY), ("forecast, with 80 % interval", BLUE), ("what came", ORANGE))


def try_it(predictor: Predictor, concurrency: int) -> None:
    """The day and the months ahead on the left, the forecast beside them, the reasons below; the API's `/predict`."""
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
            months = gr.Slider(
                horizon["minimum"], horizon["maximum"], horizon["default"], step=1, label=horizon["label"]
            )
            button = gr.Button("Forecast", variant="primary", elem_id="predict")
        with gr.Column(scale=5):
            picture = gr.HTML(chart(predictor, {}))
    with gr.Row(equal_height=False):
        with gr.Column(scale=3):
            target = predictor.champion.record["target"]
            answer = gr.Dataframe(
                rows_of(predictor.predict({})),
                headers=["month", "forecast", "low", "high", "measured"],
                datatype=["str", "number", "number", "number", "number"],
                label=f"{target['label']} ({target['unit']})",
                interactive=False,
            )
        with gr.Column(scale=3):
            explanation = gr.HTML(reasons(predictor, predictor.explain({})))
    inputs = {"today": day, "horizon": months}
    asked = gr.on(
        [button.click, months.release, day.submit],
        _speaking(lambda **row: rows_of(predictor.predict(row))),
        inputs_kwargs=inputs,
        outputs=answer,
        api_name="predict",
        api_description=(f"{target['label']}: forecast, 80 % interval, and what was measured where that is known."),
        concurrency_limit=concurrency,
        preprocess=False,  # `Predictor` checks both values itself, and says what is wrong in words
    )
    asked.success(
        _speaking(lambda **row: (chart(predictor, row), reasons(predictor, predictor.explain(row)))),
        inputs_kwargs=inputs,
        outputs=[picture, explanation],
        api_visibility="private",
        preprocess=False,
    )
    for example, chosen in examples:
        values = [example["inputs"][name] for name in inputs]
        chosen.click(lambda values=values: values, outputs=list(inputs.values()), api_visibility="private").then(
            None, js="() => document.querySelector('#predict').click()", api_visibility="private"
        )


def _example_buttons(predictor: Predictor) -> list[tuple[Any, Any]]:
    gr.Markdown("Years that the model has not seen: it did well, as usual, and worst from")
    with gr.Row():
        return [
            (example, gr.Button(example["inputs"]["today"], size="sm", min_width=80))
            for example in predictor.champion.record["examples"]
        ]


def rows_of(forecast: Forecast) -> list[list[str | float | None]]:
    """A row a month: month, forecast, low, high, and what was measured, with two decimals."""
    return [
        [month, round(median, 2), round(low, 2), round(high, 2), None if truth is None else round(truth, 2)]
        for month, median, low, high, truth in zip(
            forecast.months, forecast.median, forecast.low, forecast.high, forecast.truth, strict=True
        )
    ]


def _speaking(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with what is wrong with an input told to the person in the page and to the caller of the API."""

    def told(**row: Any) -> Any:
        try:
            return function(**row)
        except InvalidInputError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return told


def chart(predictor: Predictor, row: dict[str, Any]) -> str:
    """The forecast as SVG, with the months before it, its interval, and the truth where it is known."""
    forecast = predictor.predict(row)
    known = predictor.known(predictor.complete(row)["today"])
    before = [float(value) for value in known[-BEFORE:]]
    names = [month_name(predictor.begins + len(known) - len(before) + place) for place in range(len(before))]
    ahead = range(len(before), len(before) + len(forecast.months))
    truths = [(place, value) for place, value in zip(ahead, forecast.truth, strict=True) if value is not None]
    shown = [*before, *forecast.low, *forecast.high, *(value for _, value in truths)]
    plane = _Plane(len(before) + len(forecast.months), min(shown), max(shown))
    # A band is as wide as a month, also where one month is all that is asked for.
    edges = [ahead[0] - 0.5, *ahead, ahead[-1] + 0.5]
    low = [forecast.low[0], *forecast.low, forecast.low[-1]]
    high = [forecast.high[0], *forecast.high, forecast.high[-1]]
    band = plane.points([*zip(edges, high, strict=True), *zip(edges[::-1], low[::-1], strict=True)])
    today = plane.across(len(before) - 0.5)
    median = list(zip(ahead, forecast.median, strict=True))
    parts = [
        *plane.grid([*names, *forecast.months]),
        f'<polygon points="{band}" fill="{BLUE}" fill-opacity="0.18"/>',
        f'<line x1="{today}" x2="{today}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="{GREY}" stroke-dasharray="4 4"/>',
        plane.line(list(enumerate(before)), GREY),
        plane.line(median, BLUE),
        plane.line(truths, ORANGE),
        *plane.dots(median, BLUE, forecast.months, "forecast"),
        *plane.dots(truths, ORANGE, forecast.months[: len(truths)], "measured"),
        *_legend(KEY if truths else KEY[:-1]),
    ]
    target = predictor.champion.record["target"]
    title = html.escape(f"{target['label']} ({target['unit']}), forecast from {forecast.months[0]} on")
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}" style="width:100%;height:auto" '
        f'font-family="inherit" font-size="13" fill="currentColor">{"".join(parts)}</svg>'
    )


class _Plane:
    """Months across, the quantity upwards."""

    def __init__(self, months: int, lowest: float, highest: float) -> None:
        margin = (highest - lowest) * 0.06 or 1.0
        self.months, self.lowest, self.highest = months, lowest - margin, highest + margin

    def across(self, month: float) -> float:
        return round(LEFT + (month + 0.5) / self.months * (WIDTH - LEFT - RIGHT), 1)

    def up(self, value: float) -> float:
        share = (value - self.lowest) / (self.highest - self.lowest)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    def points(self, pairs: Iterable[tuple[float, float]]) -> str:
        return " ".join(f"{self.across(month)},{self.up(value)}" for month, value in pairs)

    def line(self, pairs: Sequence[tuple[float, float]], colour: str) -> str:
        return f'<polyline points="{self.points(pairs)}" fill="none" stroke="{colour}" stroke-width="2"/>'

    def dots(self, pairs: Sequence[tuple[int, float]], colour: str, names: Sequence[str], what: str) -> Iterable[str]:
        """A dot a month, whose words appear under the mouse."""
        for (month, value), name in zip(pairs, names, strict=True):
            yield (
                f'<circle cx="{self.across(month)}" cy="{self.up(value)}" r="4" fill="{colour}">'
                f"<title>{name}, {what}: {value:.2f}</title></circle>"
            )

    def grid(self, names: Sequence[str]) -> Iterable[str]:
        """Round values on the left, and each January below."""
        for value in _round_values(self.lowest, self.highest):
            height = self.up(value)
            yield (
                f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{height}" y2="{height}" stroke="{GREY}" '
                f'stroke-opacity="0.25"/><text x="{LEFT - 8}" y="{height + 4}" text-anchor="end">{value:g}</text>'
            )
        for month, name in enumerate(names):
            if name.endswith("-01"):
                yield (
                    f'<text x="{self.across(month)}" y="{HEIGHT - 8}" text-anchor="middle">{name[:4]}</text>'
                    f'<line x1="{self.across(month)}" x2="{self.across(month)}" y1="{HEIGHT - BOTTOM}" '
                    f'y2="{HEIGHT - BOTTOM + 6}" stroke="{GREY}"/>'
                )


def _round_values(lowest: float, highest: float) -> list[float]:
    """Three to eight values in between: multiples of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10((highest - lowest) / 3))
    step = max(size * power for size in (1, 2, 5) if size * power <= (highest - lowest) / 3)
    first = math.ceil(lowest / step)
    return [round(place * step, 6) for place in range(first, math.floor(highest / step) + 1)]


def _legend(entries: Sequence[tuple[str, str]]) -> Iterable[str]:
    for place, (words, colour) in enumerate(entries):
        left = LEFT + place * 230
        yield f'<circle cx="{left + 6}" cy="14" r="5" fill="{colour}"/><text x="{left + 18}" y="18">{words}</text>'


def reasons(predictor: Predictor, explanation: Explanation) -> str:
    """What the last month's forecast is made of, and which years of the past it leans on."""
    unit = html.escape(predictor.champion.record["target"]["unit"])
    first, *others = explanation.parts
    whole = sum(part.value for part in explanation.parts)
    lines = [f"<tr><td>{html.escape(first.label)}</td><td style='text-align:right'>{first.value:.2f}</td></tr>"]
    lines += [
        f"<tr><td>{html.escape(part.label)}</td><td style='text-align:right'>{part.value:+.2f}</td></tr>"
        for part in others
    ]
    lines.append(f"<tr><td><b>forecast</b></td><td style='text-align:right'><b>{whole:.2f}</b></td></tr>")
    return (
        f"<p><b>Where {explanation.month} comes from</b> ({unit})</p><table style='width:100%'>{''.join(lines)}</table>"
        f"<p style='margin-top:1em'><b>Which years it leans on:</b> how far this forecast would move, had that year "
        f"been 1 {unit} higher. Orange moves with it, blue against it.</p>{''.join(_bars(explanation.leaning))}"
    )


def _bars(parts: Sequence[Part]) -> Iterable[str]:
    longest = max((abs(part.value) for part in parts), default=0.0) or 1.0
    for part in parts:
        colour = ORANGE if part.value > 0 else BLUE
        yield (
            f'<div style="margin:.4em 0"><div style="display:flex;justify-content:space-between">'
            f"<span>{html.escape(part.label)}</span><span>{part.value:+.2f}</span></div>"
            f'<div style="background:{colour};height:.6em;border-radius:.3em;'
            f'width:{max(abs(part.value) / longest * 100, 1):.0f}%"></div></div>'
        )
