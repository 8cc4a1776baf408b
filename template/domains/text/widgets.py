"""What a text demo shows of its own: the text, the answer, and the words that moved it. The page is `app.py`."""

import html
from typing import Any

import gradio as gr

from .asking import BUTTON, ask, offer
from .serving import Explanation, Piece, Predictor

# So many of the classes, the likeliest ones, are named in an answer.
MOST_CLASSES = 10


def try_it(predictor: Predictor, concurrency: int) -> None:
    """The text and examples on the left, the answer and its explanation on the right; the API's `/predict`."""
    record = predictor.champion.record
    label, name = record["target"]["label"], predictor.input["name"]
    with gr.Row(equal_height=False):
        with gr.Column(scale=3):
            box = gr.Textbox(
                predictor.input["default"],
                label=predictor.input["label"],
                info=f"{predictor.input.get('advice', '')} Up to {predictor.input['maximum']:,} characters.".lstrip(),
                lines=3,
                max_lines=12,
            )
            button = gr.Button("Predict", variant="primary", elem_id=BUTTON)
            examples = _examples(record, name)
        with gr.Column(scale=2):
            answer = gr.Label(
                predictor.predict().probabilities, num_top_classes=MOST_CLASSES, label=label, elem_id="answer"
            )
            explanation = gr.HTML(highlighted(predictor.explain()), label="What moved it")
    if versions := ", ".join(f"{name} {version}" for name, version in record.get("versions", {}).items()):
        gr.Markdown(f"Learnt from {versions}.")
    ask(
        [button.click, box.submit],
        {name: box},
        predict=lambda **row: predictor.predict(row[name] or "").probabilities,
        answer=answer,
        explain=lambda **row: highlighted(predictor.explain(row[name] or "")),
        explanation=[explanation],
        description=f"Predict {label.lower()} from a text; there is a default.",
        concurrency=concurrency,
    )
    for chosen, text in examples:
        offer(chosen, {name: text}, {name: box})


def _examples(record: Any, name: str) -> list[tuple[Any, str]]:
    """Buttons that ask for a person: questions in everyday words, and texts that the model has not seen."""
    buttons = []
    if record["questions"]:
        gr.Markdown("Ask what a person would ask:")
        buttons += [(gr.Button(one["ask"], size="sm"), one["ask"]) for one in record["questions"]]
    if record["examples"]:
        gr.Markdown("Or start from a text that the model has not seen:" if buttons else "Start from an unseen text:")
        with gr.Row():
            buttons += [(_truth(one["truth"]), one["inputs"][name]) for one in record["examples"]]
    return buttons


def _truth(truth: str) -> Any:
    return gr.Button(f"truth: {truth}", size="sm", min_width=100)


def highlighted(explanation: Explanation, most: int = 3) -> str:
    """The text with its words coloured: orange speaks for the answer, blue against it; the strongest in words."""
    moved = [piece for piece in explanation.pieces if piece.shift is not None]
    strongest = sorted(moved, key=lambda piece: -abs(piece.shift or 0.0))[:most]
    longest = max((abs(piece.shift or 0.0) for piece in strongest), default=0.0) or 1.0
    told = ", ".join(
        f"<b>{html.escape(piece.text)}</b> {(piece.shift or 0.0) * 100:+.1f} points" for piece in strongest
    )
    text = "".join(_coloured(piece, longest) for piece in explanation.pieces)
    if explanation.unread:
        text += f'<span style="opacity:.45">{_lines(explanation.unread)}</span>'
        told += ".</p><p>The model reads the beginning of a text: it has not seen the pale part."
    return (
        f"<p><b>What moved it:</b> how far each word pulls the probability of {html.escape(explanation.label)}. "
        "Orange words speak for it, blue ones against it; words without colour do little or are not known.</p>"
        f'<p style="line-height:1.9">{text}</p><p>{told}</p>'
    )


def _coloured(piece: Piece, longest: float) -> str:
    text = _lines(piece.text)
    if piece.shift is None:
        return text
    colour = "234, 88, 12" if piece.shift > 0 else "37, 99, 235"
    strength = round(0.75 * abs(piece.shift) / longest, 3)
    return (
        f'<span title="{piece.shift * 100:+.1f} points" '
        f'style="background:rgba({colour}, {strength});border-radius:.25em;padding:.1em .15em">{text}</span>'
    )


def _lines(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")
