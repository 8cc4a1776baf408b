"""The tab of the demo: choose a date, see the forecast, its interval and an explanation."""

import html
from collections.abc import Iterable, Sequence
from typing import Any

import gradio as gr

from ..data.periods import CYCLES
from ..evaluation.markdown import signed
from ..paths import ProjectPaths
from .chart import BLUE, GRAY, NARROW, ORANGE, WIDE, Chart
from .decision import format_decision
from .events import BUTTON, PREDICTION, Output, add_errors, connect, fill_from_example
from .feedback_collector import FeedbackCollector
from .feedback_form import add_feedback_form
from .predictor import Explanation, Part, Prediction, Predictor
from .request_log import RequestLog
from .track_record import LOG, describe_log

# In the order in which `demo_metadata.pick_examples` returns them, and the order of the buttons: a picture of the demo
# shows the first one.
EXAMPLES = ("Accurate forecast", "Typical forecast", "Worst forecast")
BUTTONS = (1, 0, 2)
LEGEND = (("history", GRAY), ("forecast with 80% interval", BLUE), ("actual", ORANGE))
# The narrow chart has letters that are readable on a phone.
STYLE = (
    ".forecast{container-type:inline-size}.forecast .narrow{display:none}.forecast svg{width:100%;height:auto}"
    ".forecast .legend{display:flex;flex-wrap:wrap;gap:0 1.5em}"
    "@container(max-width:560px){.forecast .narrow{display:block}.forecast .wide{display:none}}"
)


def demo_tab(predictor: Predictor, concurrency: int, collector: FeedbackCollector, log: RequestLog) -> None:
    """Add inputs, forecast and explanation to the page, and the API endpoint `/predict`."""
    with gr.Row(equal_height=False, elem_classes="try"):
        with gr.Column(scale=2, min_width=260):
            inputs = _input_components(predictor)
            button = gr.Button("Forecast", variant="primary", elem_id=BUTTON)
            with gr.Column(elem_classes="last"):
                gr.Markdown("Pretend that it is an earlier day, and compare the forecast with what happened.")
                inputs_of = [example["inputs"] for example in predictor.champion.record["examples"]]
                examples = [
                    (gr.Button(f"{EXAMPLES[index]}: {inputs_of[index]['today']}", size="sm"), inputs_of[index])
                    for index in BUTTONS
                ]
        with gr.Column(scale=5):
            summary = gr.HTML(summary_html(predictor, predictor.predict({})), elem_id=PREDICTION)
            chart = gr.HTML(chart_html(predictor, {}))
            add_feedback_form(collector, inputs)
    with gr.Row(equal_height=False):
        with gr.Column(scale=3):
            table = gr.Dataframe(
                table_rows(predictor.predict({}), predictor.decimals),
                headers=[predictor.step, "forecast", "low", "high", "actual"],
                datatype=["str", "number", "number", "number", "number"],
                label=label_with_unit(predictor),
                interactive=False,
            )
        with gr.Column(scale=3):
            explanation = gr.HTML(explanation_html(predictor, predictor.explain({})))

    def predict(model: Predictor, **values: Any) -> list[list[str | float | None]]:
        return table_rows(model.predict(values), model.decimals)

    def explain(model: Predictor, **values: Any) -> tuple[str, str, str]:
        prediction, parts = model.predict(values), model.explain(values)
        summary = summary_html(model, prediction) + model.champion.note
        return summary, chart_html(model, values), explanation_html(model, parts)

    connect(
        [button.click, inputs["today"].submit],
        inputs,
        prediction=Output(log.watch(predict), [table]),
        explanation=Output(log.route(explain), [summary, chart, explanation]),
        description=f"{label_with_unit(predictor)}: forecast, 80% interval, and the actual value where it is known.",
        concurrency=concurrency,
    )
    gr.Markdown(f"**Track record:** {describe_log(predictor, ProjectPaths().root / LOG)}", elem_id="record")
    for example_button, values in examples:
        fill_from_example(example_button, values, inputs)
    errors = [error["inputs"] for error in predictor.champion.record.get("errors", [])]
    described = [(describe_error(predictor, values), values) for values in errors]
    add_errors([(text, values) for text, values in described if text], inputs)


def _input_components(predictor: Predictor) -> dict[str, Any]:
    today, horizon = predictor.inputs
    return {
        "today": gr.DateTime(
            today["default"],
            include_time=False,
            type="string",
            label=today["label"],
            info=f"from {today['minimum']} to {today['maximum']}",
        ),
        "horizon": gr.Slider(
            horizon["minimum"], horizon["maximum"], horizon["default"], step=1, label=horizon["label"]
        ),
    }


def summary_html(predictor: Predictor, prediction: Prediction) -> str:
    """Return the forecast of the last step with its interval, and how often that had the actual value."""
    unit, decimals = html.escape(predictor.champion.record["target"]["unit"]), predictor.decimals
    median, low, high = (f"{side[-1]:.{decimals}f}" for side in (prediction.median, prediction.low, prediction.high))
    steps = zip(prediction.low, prediction.actual, prediction.high, strict=True)
    inside = [low <= actual <= high for low, actual, high in steps if actual is not None]
    record, ahead = predictor.champion.record, len(prediction.times)
    text = f"<b>{median} {unit} in {prediction.times[-1]}</b>; 80% interval from {low} to {high}"
    if tested := record.get("tested"):  # older records have none
        counts = f"{tested['covered'][ahead - 1]:,} of {tested['forecasts']:,} test forecasts"
        text += f", which contained the actual value in {counts} {ahead} {predictor.step}{'s' * (ahead > 1)} ahead"
    if decision := format_decision(record, ahead):
        text += f"<br>{decision}"
    if inside:
        text += f"<br>{sum(inside)} of {len(inside)} actual values of this forecast are in their intervals"
    return f'<p class="summary" role="status">{text}</p>'


def describe_error(predictor: Predictor, inputs: dict[str, Any]) -> str:
    """Return the first step of a past forecast and its mean absolute error; nothing if no step was measured."""
    prediction = predictor.predict(inputs)
    pairs = zip(prediction.median, prediction.actual, strict=True)
    misses = [abs(median - actual) for median, actual in pairs if actual is not None]
    if not misses:
        return ""
    unit = predictor.champion.record["target"]["unit"]
    error = f"{sum(misses) / len(misses):.{predictor.decimals}f} {unit}".rstrip()
    return f"from {prediction.times[0]}: {error} off on average"


def label_with_unit(predictor: Predictor) -> str:
    """Return the target's label, with its unit if it has one."""
    target = predictor.champion.record["target"]
    return f"{target['label']} ({target['unit']})" if target["unit"] else str(target["label"])


def table_rows(prediction: Prediction, decimals: int) -> list[list[str | float | None]]:
    """Return one row per step: name, forecast, low, high and actual value."""
    columns = zip(prediction.median, prediction.low, prediction.high, prediction.actual, strict=True)
    return [
        [time, *(None if value is None else round(value, decimals) for value in row)]
        for time, row in zip(prediction.times, columns, strict=True)
    ]


def forecast_chart(predictor: Predictor, inputs: dict[str, Any]) -> Chart:
    """Return the chart of a forecast, with up to three seasons of history (24 to 60 steps)."""
    prediction, known = predictor.predict(inputs), predictor.known(predictor.complete(inputs)["today"])
    shown = known[-min(max(3 * predictor.season, 24), 60) :].tolist()
    names = [predictor.name(index) for index in range(len(known) - len(shown), len(known))]
    title = f"{label_with_unit(predictor)}, forecast from {prediction.times[0]} on"
    return Chart(title, shown, [*names, *prediction.times], prediction, predictor.decimals)


def chart_html(predictor: Predictor, inputs: dict[str, Any]) -> str:
    """Return the chart for wide and for narrow pages with a legend, and a note if the model was trained on it."""
    chart = forecast_chart(predictor, inputs)
    has_actual = any(value is not None for value in chart.prediction.actual)
    shown = [entry for entry in LEGEND if has_actual or entry[0] != "actual"]
    legend = "".join(f'<span><span style="color:{color}">●</span> {label}</span>' for label, color in shown)
    note = (
        f"<p>⚠️ The model was trained on these {predictor.step}s, so they say nothing about its accuracy. "
        "Choose a later day.</p>"
    )
    return (
        f'<style>{STYLE}</style><div class="forecast"><div class="legend">{legend}</div>'
        f'<div class="wide">{chart.svg(WIDE)}</div><div class="narrow">{chart.svg(NARROW)}</div>'
        f"{note if chart.prediction.in_training else ''}</div>"
    )


def explanation_html(predictor: Predictor, explanation: Explanation) -> str:
    """Return the contributions to the last step's forecast, and its sensitivity to each cycle of the history."""
    unit = html.escape(predictor.champion.record["target"]["unit"])
    cycle, decimals = CYCLES[predictor.step], predictor.decimals
    first, *changes = explanation.parts
    rows = [
        (html.escape(first.label), f"{first.value:.{decimals}f}"),
        *((html.escape(part.label), f"{part.value:+.{decimals}f}") for part in changes),
        ("<b>forecast</b>", f"<b>{sum(part.value for part in explanation.parts):.{decimals}f}</b>"),
    ]
    table = "".join(f"<tr><td>{label}</td><td style='text-align:right'>{value}</td></tr>" for label, value in rows)
    return (
        f"<p><b>Explanation of {explanation.time}</b>{f' ({unit})' if unit else ''}</p>"
        f"<table style='width:100%'>{table}</table>"
        f"<p style='margin-top:1em'><b>Sensitivity:</b> change of the forecast if all values of one past {cycle} were "
        f"{f'1 {unit}' if unit else '1'} higher</p>{''.join(_bars(explanation.sensitivity))}"
    )


def _bars(parts: Sequence[Part]) -> Iterable[str]:
    longest = max((abs(part.value) for part in parts), default=0.0) or 1.0
    for part in parts:
        color = ORANGE if part.value > 0 else BLUE
        yield (
            f'<div style="margin:.4em 0"><div style="display:flex;justify-content:space-between">'
            f"<span>{html.escape(part.label)}</span><span>{signed(part.value)}</span></div>"
            f'<div style="background:{color};height:.6em;border-radius:.3em;'
            f'width:{max(abs(part.value) / longest * 100, 1):.0f}%"></div></div>'
        )
