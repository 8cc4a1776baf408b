"""The demo tab: a text, the prediction, the words that contributed to it, and wrong predictions."""

import html
from typing import Any

import gradio as gr

from .events import BUTTON, PREDICTION, Output, add_errors, connect, fill_from_example
from .feedback_collector import FeedbackCollector
from .feedback_form import add_feedback_form
from .odds import NEGLIGIBLE, format_odds
from .predictor import Explanation, Piece, Predictor
from .request_log import RequestLog
from .summary import describe_error, format_summary

# Classes shown in a prediction, the most likely first.
MAX_CLASSES = 10
# Words listed below an explanation, the strongest first.
MAX_WORDS = 3
# Characters of a text on a button.
MAX_LENGTH = 60
ORANGE, BLUE = "234, 88, 12", "37, 99, 235"


def demo_tab(predictor: Predictor, concurrency: int, collector: FeedbackCollector, log: RequestLog) -> None:
    """Add the input and examples on the left, prediction and explanation on the right, and the API `/predict`."""
    record = predictor.champion.record
    target, name = record["target"]["label"], predictor.input["name"]
    first = predictor.predict().probabilities

    def read(**inputs: Any) -> dict[str, str]:
        return {name: inputs[name] or ""}

    with gr.Row(equal_height=False, elem_classes="try"):
        with gr.Column(scale=3):
            textbox = gr.Textbox(
                predictor.input["default"],
                label=predictor.input["label"],
                info=f"{predictor.input.get('advice', '')} Up to {predictor.input['maximum']:,} characters.".lstrip(),
                lines=3,
                max_lines=12,
            )
            button = gr.Button("Predict", variant="primary", elem_id=BUTTON)
            with gr.Column(elem_classes="last"):
                examples = _example_buttons(record, name)
        with gr.Column(scale=2):
            summary = gr.HTML(format_summary(first, record), elem_id=PREDICTION)
            label = gr.Label(first, num_top_classes=MAX_CLASSES, label=target)
            add_feedback_form(collector, {name: textbox}, read)
            explanation = gr.HTML(format_explanation(predictor.explain()), label="Explanation")
    if versions := ", ".join(f"{source} {version}" for source, version in record.get("versions", {}).items()):
        gr.Markdown(f"Trained on {versions}.")

    def predict(model: Predictor, **inputs: Any) -> dict[str, float]:
        return model.predict(inputs[name] or "").probabilities

    def explain(model: Predictor, **inputs: Any) -> tuple[str, str]:
        text = inputs[name] or ""
        summary = format_summary(model.predict(text).probabilities, model.champion.record)
        return summary + model.champion.note, format_explanation(model.explain(text))

    connect(
        [button.click, textbox.submit],
        {name: textbox},
        prediction=Output(log.watch(predict, read), [label]),
        explanation=Output(log.route(explain, read), [summary, explanation]),
        description=f"Predict {target.lower()} from a text; there is a default.",
        concurrency=concurrency,
    )
    for example, text in examples:
        fill_from_example(example, {name: text}, {name: textbox})
    add_errors(
        [(_error_text(predictor, error), error["inputs"]) for error in record.get("errors", [])], {name: textbox}
    )


def _error_text(predictor: Predictor, error: Any) -> str:
    """Return the true and the predicted class of a text, and its beginning."""
    text = error["inputs"][predictor.input["name"]]
    start = text if len(text) <= MAX_LENGTH else f"{text[:MAX_LENGTH]}…"
    record, probabilities = predictor.champion.record, predictor.predict(text).probabilities
    return f"{describe_error(error['truth'], probabilities, record)}: {start}"


def _example_buttons(record: Any, name: str) -> list[tuple[Any, str]]:
    buttons = []
    if questions := record.get("questions"):
        gr.Markdown("Try a question:")
        buttons += [(gr.Button(question["ask"], size="sm"), question["ask"]) for question in questions]
    if examples := record.get("examples"):
        gr.Markdown("Or try a text from the test split, labeled with its true class:")
        with gr.Row():
            buttons += [
                (gr.Button(example["truth"], size="sm", min_width=100), example["inputs"][name]) for example in examples
            ]
    return buttons


def format_explanation(explanation: Explanation) -> str:
    """Return the text as HTML, words colored by their contribution, and the strongest words with numbers."""
    contributions = [(piece, piece.contribution) for piece in explanation.pieces if piece.contribution is not None]
    strongest = sorted(contributions, key=lambda item: -abs(item[1]))[:MAX_WORDS]
    largest = abs(strongest[0][1]) if strongest else 0.0
    text = "".join(_format_piece(piece, largest or 1.0) for piece in explanation.pieces)
    summary = ", ".join(f"<b>{html.escape(piece.text)}</b> {format_odds(value)}" for piece, value in strongest)
    if largest <= NEGLIGIBLE:
        summary = "No word that the model knows changes the prediction noticeably."
    if explanation.truncated:
        text += f'<span style="opacity:.45">{_escape(explanation.truncated)}</span>'
        summary += ".</p><p>The model reads the beginning of a text only; the pale part is ignored."
    return (
        f"<p><b>Explanation:</b> the contribution of each word to the odds of {html.escape(explanation.label)}. "
        "Orange words increase it, blue words decrease it; the others have little effect or are unknown.</p>"
        f'<p style="line-height:1.9">{text}</p><p>{summary}</p>'
    )


def _format_piece(piece: Piece, largest: float) -> str:
    text = _escape(piece.text)
    if piece.contribution is None:
        return text
    color = ORANGE if piece.contribution > 0 else BLUE
    opacity = round(0.75 * abs(piece.contribution) / largest, 3)
    return (
        f'<span title="{format_odds(piece.contribution)}" '
        f'style="background:rgba({color}, {opacity});border-radius:.25em;padding:.1em .15em">{text}</span>'
    )


def _escape(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")
