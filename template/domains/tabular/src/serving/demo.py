"""The demo tab: inputs and examples, the prediction, and its explanation."""

import html
from typing import Any

import gradio as gr

from .events import BUTTON, PREDICTION, Output, connect, fill_from_example
from .prediction import NEGLIGIBLE, explained_quantity, format_shift, format_truth, output_component, output_value
from .predictor import Contribution, Predictor

# The most important inputs are visible, the others in an accordion.
VISIBLE_INPUTS, VISIBLE_CONTRIBUTIONS = 8, 6
PLACEHOLDER = (
    "<p>The prediction for default values. Choose an example or change inputs, and press Predict: the contribution of "
    "each input will be shown here.</p>"
)


def demo_tab(predictor: Predictor, concurrency: int) -> None:
    """Build the tab, and the API endpoint `/predict`."""
    record = predictor.champion.record
    with gr.Row(equal_height=False):
        with gr.Column(scale=3):
            examples = _example_buttons(predictor)
            inputs = _input_components(predictor)
            button = gr.Button("Predict", variant="primary", elem_id=BUTTON)
        with gr.Column(scale=2):
            prediction = output_component(predictor.predict({}), record, PREDICTION)
            explanation = gr.HTML(PLACEHOLDER, label="Explanation")
    connect(
        [button.click],
        inputs,
        prediction=Output(lambda **row: output_value(predictor.predict(row)), [prediction]),
        explanation=Output(lambda **row: contribution_bars(predictor, predictor.explain(row)), [explanation]),
        description=f"Predict {record['target']['label'].lower()}; every input has a default.",
        concurrency=concurrency,
    )
    for example, example_button in examples:
        fill_from_example(example_button, example["inputs"], inputs)


def _example_buttons(predictor: Predictor) -> list[tuple[dict[str, Any], Any]]:
    record = predictor.champion.record
    gr.Markdown("Examples of the test split:")
    with gr.Row():
        return [
            (example, gr.Button(f"truth: {format_truth(example['truth'], record)}", size="sm"))
            for example in record["examples"]
        ]


def _input_components(predictor: Predictor) -> dict[str, Any]:
    visible, others = predictor.inputs[:VISIBLE_INPUTS], predictor.inputs[VISIBLE_INPUTS:]
    components = {column["name"]: _input_component(column) for column in visible}
    with gr.Accordion(f"Less important inputs ({len(others)})", open=False, visible=bool(others)):
        return components | {column["name"]: _input_component(column) for column in others}


def _input_component(column: Any) -> Any:
    label = f"{column['label']} ({column['unit']})" if column["unit"] else column["label"]
    if column["kind"] == "category":
        return gr.Dropdown(choices=column["choices"], value=column["default"], label=label)
    if column["kind"] == "date":
        return gr.DateTime(include_time=False, type="string", value=column["default"], label=label)
    if column["nullable"]:
        return gr.Number(value=column["default"], label=f"{label}, optional")
    return gr.Slider(
        minimum=column["minimum"],
        maximum=column["maximum"],
        value=column["default"],
        step=1 if column["whole"] else (column["maximum"] - column["minimum"]) / 1000,
        label=label,
    )


def contribution_bars(predictor: Predictor, contributions: list[Contribution]) -> str:
    """Return the largest contributions as HTML bars: orange increases the prediction, blue decreases it."""
    shown = contributions[:VISIBLE_CONTRIBUTIONS]
    largest = max(abs(contribution.shift) for contribution in shown)
    if largest <= NEGLIGIBLE:
        return "<p><b>Explanation:</b> no input changes the prediction noticeably compared with its default value.</p>"
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
