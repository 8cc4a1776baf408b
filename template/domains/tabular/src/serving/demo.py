"""The demo tab: inputs and examples, the prediction, and its explanation."""

import html
from typing import Any

import gradio as gr

from .counterfactual import INPUTS, Change, smallest_change
from .events import BUTTON, PREDICTION, Output, add_errors, connect, fill_from_example
from .feedback_collector import FeedbackCollector
from .feedback_form import add_feedback_form
from .prediction import (
    NEGLIGIBLE,
    describe_error,
    explained_quantity,
    format_outcome,
    format_shift,
    format_summary,
    format_truth,
    output_component,
    output_value,
)
from .predictor import Contribution, Predictor, Row
from .request_log import RequestLog

# The most important inputs are visible, the others in an accordion.
VISIBLE_INPUTS, VISIBLE_CONTRIBUTIONS = 8, 6
# Of an input, in pixels: three are beside each other below a heading.
MIN_WIDTH = 180


def demo_tab(predictor: Predictor, concurrency: int, collector: FeedbackCollector, log: RequestLog) -> None:
    """Build the tab, and the API endpoint `/predict`."""
    record = predictor.champion.record
    with gr.Row(equal_height=False, elem_classes="try"):
        with gr.Column(scale=3):
            examples = _example_buttons(predictor)
            inputs = _input_components(predictor)
            button = gr.Button("Predict", variant="primary", elem_id=BUTTON)
        with gr.Column(scale=2, elem_classes="sticky"):
            summary = gr.HTML(summary_html(predictor, {}), elem_id=PREDICTION)
            prediction = output_component(predictor.predict({}), record, "probabilities")
            add_feedback_form(collector, inputs)
            explanation = gr.HTML(explanation_html(predictor, {}), label="Explanation")

    def predict(model: Predictor, **row: Any) -> Any:
        return output_value(model.predict(row))

    def explain(model: Predictor, **row: Any) -> tuple[str, str]:
        return summary_html(model, row), explanation_html(model, row)

    connect(
        [button.click],
        inputs,
        prediction=Output(log.watch(predict), [prediction]),
        explanation=Output(log.route(explain), [summary, explanation]),
        description=f"Predict {record['target']['label'].lower()}; every input has a default.",
        concurrency=concurrency,
    )
    for example, example_button in examples:
        fill_from_example(example_button, example["inputs"], inputs)
    add_errors(
        [
            (describe_error(error["truth"], predictor.predict(error["inputs"]), record), error["inputs"])
            for error in record.get("errors", [])
        ],
        inputs,
    )


def _example_buttons(predictor: Predictor) -> list[tuple[dict[str, Any], Any]]:
    record = predictor.champion.record
    gr.Markdown("Examples of the test split:")
    with gr.Row():
        return [
            (example, gr.Button(f"truth: {format_truth(example['truth'], record)}", size="sm", min_width=90))
            for example in record["examples"]
        ]


def _input_components(predictor: Predictor) -> dict[str, Any]:
    visible, others = predictor.inputs[:VISIBLE_INPUTS], predictor.inputs[VISIBLE_INPUTS:]
    if any("section" in column for column in predictor.inputs):
        return _input_sections(predictor)
    components = {column["name"]: _input_component(column) for column in visible}
    with gr.Accordion(f"Less important inputs ({len(others)})", open=False, visible=bool(others)):
        return components | {column["name"]: _input_component(column) for column in others}


def _input_sections(predictor: Predictor) -> dict[str, Any]:
    """Return the inputs below the headings of `schema.yaml`; headings without an important input are closed."""
    sections: dict[str, list[Any]] = {}
    for column in predictor.inputs:
        sections.setdefault(column.get("section", "Other inputs"), []).append(column)
    important = {column["name"] for column in predictor.inputs[:VISIBLE_INPUTS]}
    components: dict[str, Any] = {}
    for title, columns in sections.items():
        is_open = any(column["name"] in important for column in columns)
        with gr.Accordion(title, open=is_open), gr.Row():
            components |= {column["name"]: _input_component(column) for column in columns}
    return components


def _input_component(column: Any) -> Any:
    label = f"{column['label']} ({column['unit']})" if column["unit"] else column["label"]
    shared: dict[str, Any] = {"value": column["default"], "min_width": MIN_WIDTH}
    if column["kind"] == "category":
        return gr.Dropdown(choices=column["choices"], label=label, **shared)
    if column["kind"] == "date":
        return gr.DateTime(include_time=False, type="string", label=label, **shared)
    if column["nullable"]:
        # Without a placeholder, Gradio turns an empty field into 0.
        return gr.Number(label=f"{label}, optional", placeholder="unknown", **shared)
    return gr.Slider(
        minimum=column["minimum"],
        maximum=column["maximum"],
        step=1 if column["whole"] else (column["maximum"] - column["minimum"]) / 1000,
        label=label,
        **shared,
    )


def summary_html(predictor: Predictor, row: Row) -> str:
    """Return the prediction and its uncertainty as a sentence, in HTML."""
    return format_summary(predictor.predict(row), predictor.champion.record) + predictor.champion.note


def explanation_html(predictor: Predictor, row: Row) -> str:
    """Return the contributions of the inputs, and the smallest change that would change the prediction."""
    change = format_change(smallest_change(predictor, row), predictor)
    return f"{contribution_bars(predictor, predictor.explain(row))}<p><b>What would change it:</b> {change}</p>"


def format_change(change: Change | None, predictor: Predictor) -> str:
    """Return the change as a sentence, in HTML."""
    if change is None:
        return "the inputs have no other values."
    unit = f" {change.column['unit']}" if change.column["unit"] else ""
    old, new = (f"{value:g}" if isinstance(value, float) else str(value) for value in (change.old, change.new))
    text = f"{change.column['label']} {new}{unit} instead of {old}"
    if change.decisive:
        outcome = format_outcome(change.prediction, predictor.champion.record)
        return html.escape(f"with {text}, and all other inputs the same, {outcome}.")
    count = min(INPUTS, len(predictor.inputs))
    return html.escape(
        f"no other value of one of the {count} most important inputs alone is enough; {text} has the largest effect "
        f"({format_shift(change.shift)})."
    )


def contribution_bars(predictor: Predictor, contributions: list[Contribution]) -> str:
    """Return the largest contributions as HTML bars: orange increases the prediction, blue decreases it."""
    shown = contributions[:VISIBLE_CONTRIBUTIONS]
    largest = max(abs(contribution.shift) for contribution in shown)
    if largest <= NEGLIGIBLE:
        return (
            "<p><b>Explanation:</b> no input changes the prediction noticeably compared with its default value. The "
            f"model depends most on {_list_labels(predictor)}.</p>"
        )
    bars = []
    for contribution in shown:
        color = "#ea580c" if contribution.shift > 0 else "#2563eb"
        width = max(abs(contribution.shift) / largest * 100, 1)
        bars.append(
            f'<div style="margin:.5em 0"><div style="display:flex;justify-content:space-between">'
            f"<span>{html.escape(contribution.label)}</span><span>{format_shift(contribution.shift)}</span></div>"
            f'<div style="background:{color};height:.6em;border-radius:.3em;width:{width:.0f}%"></div></div>'
        )
    quantity = html.escape(explained_quantity(predictor.champion.record))
    return (
        f"<p><b>Explanation:</b> by how much each input changes {quantity}, compared with its default value. Orange "
        f"increases it, blue decreases it.</p>{''.join(bars)}"
    )


def _list_labels(predictor: Predictor) -> str:
    """Return the labels of the three most important inputs."""
    *first, last = (html.escape(column["label"]) for column in predictor.inputs[:3])
    return f"{', '.join(first)} and {last}" if first else last
