"""What a tabular demo shows of its own: the inputs, the answer, and what moved it. The page around it is `app.py`."""

import html
from typing import Any

import gradio as gr

from . import markdown
from .asking import BUTTON, ask, offer
from .serving import Answer, Contribution, Predictor

# The inputs that the model leans on most come first; the others wait behind a fold.
SHOWN_FIRST = 8
# So many of the classes, the likeliest ones, are named in an answer.
MOST_CLASSES = 10
# What there is to explain before anything was asked.
TYPICAL = (
    "<p>This is the answer to typical values. Start from a real case, or change what you like and press Predict: "
    "what moved the answer will stand here.</p>"
)


def try_it(predictor: Predictor, concurrency: int) -> None:
    """The inputs and examples on the left, the answer and its explanation on the right; the API's `/predict`."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=3):
            examples = _example_buttons(predictor)
            inputs = _inputs(predictor)
            button = gr.Button("Predict", variant="primary", elem_id=BUTTON)
        with gr.Column(scale=2):
            answer = _answer(predictor)
            explanation = gr.HTML(TYPICAL, label="What moved it")
    ask(
        [button.click],
        inputs,
        predict=lambda **row: _show(predictor.predict(row)),
        answer=answer,
        explain=lambda **row: bars(predictor, predictor.explain(row)),
        explanation=[explanation],
        description=f"Predict {predictor.champion.record['target']['label'].lower()}; every input has a default.",
        concurrency=concurrency,
    )
    for example, chosen in examples:
        offer(chosen, example["inputs"], inputs)


def _inputs(predictor: Predictor) -> dict[str, Any]:
    first, others = predictor.inputs[:SHOWN_FIRST], predictor.inputs[SHOWN_FIRST:]
    components = {column["name"]: _component(column) for column in first}
    if others:
        noun = "input" if len(others) == 1 else "inputs"
        with gr.Accordion(f"{len(others)} more {noun}, of less weight", open=False):
            components |= {column["name"]: _component(column) for column in others}
    return components


def _component(column: Any) -> Any:
    label = f"{column['label']} ({column['unit']})" if column["unit"] else column["label"]
    if column["kind"] == "category":
        return gr.Dropdown(choices=column["choices"], value=column["default"], label=label)
    if column["kind"] == "date":
        return gr.DateTime(include_time=False, type="string", value=column["default"], label=label)
    if column["nullable"]:
        return gr.Number(value=column["default"], label=f"{label}, may be left empty")
    span = column["maximum"] - column["minimum"]
    return gr.Slider(
        minimum=column["minimum"],
        maximum=column["maximum"],
        value=column["default"],
        step=1 if column["whole"] else span / 1000,
        label=label,
    )


def _example_buttons(predictor: Predictor) -> list[tuple[Any, Any]]:
    gr.Markdown("Start from a real case that the model has not seen:")
    with gr.Row():
        return [
            (example, gr.Button(f"truth: {_truth(predictor, example['truth'])}", size="sm"))
            for example in predictor.champion.record["examples"]
        ]


def _truth(predictor: Predictor, truth: Any) -> str:
    return truth if isinstance(truth, str) else f"{truth:g} {predictor.champion.record['target']['unit']}".strip()


def _answer(predictor: Predictor) -> Any:
    target = predictor.champion.record["target"]
    if predictor.classes:
        return gr.Label(
            predictor.predict({}).probabilities, num_top_classes=MOST_CLASSES, label=target["label"], elem_id="answer"
        )
    label = f"{target['label']} ({target['unit']})" if target["unit"] else target["label"]
    return gr.Number(_rounded(predictor.predict({}).value), label=label, interactive=False, elem_id="answer")


def _show(answer: Answer) -> dict[str, float] | float | None:
    return answer.probabilities or _rounded(answer.value)


def _rounded(value: float | None) -> float | None:
    """A number to five digits, whatever its size: more of them no model deserves."""
    return None if value is None else float(f"{value:.5g}")


def bars(predictor: Predictor, contributions: list[Contribution], most: int = 6) -> str:
    """The strongest contributions as bars: orange pulls up, blue pulls down."""
    record = predictor.champion.record
    about = f"the probability of {record['positive']}" if record["positive"] else "the answer"
    strongest = contributions[:most]
    if not any(one.shift for one in strongest):
        return "<p><b>What moved it:</b> nothing; no input pulls it away from what typical values would give.</p>"
    longest = max((abs(one.shift) for one in strongest), default=0.0) or 1.0
    rows = []
    for one in strongest:
        colour = "#ea580c" if one.shift > 0 else "#2563eb"
        shift = f"{one.shift * 100:+.1f} points" if predictor.classes else markdown.signed(one.shift)
        width = max(abs(one.shift) / longest * 100, 1)
        rows.append(
            f'<div style="margin:.5em 0"><div style="display:flex;justify-content:space-between">'
            f"<span>{html.escape(one.label)}</span><span>{shift}</span></div>"
            f'<div style="background:{colour};height:.6em;border-radius:.3em;width:{width:.0f}%"></div></div>'
        )
    return (
        f"<p><b>What moved it:</b> how far each input pulls {html.escape(about)} away from what its typical value "
        f"would give. Orange pulls up, blue pulls down.</p>{''.join(rows)}"
    )
