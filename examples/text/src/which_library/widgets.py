"""What a text demo shows of its own: the question, the answer, and the words that moved it. The page is `app.py`."""

import html
from collections.abc import Callable
from typing import Any

import gradio as gr

from .serving import Explanation, InvalidInputError, Piece, Predictor


def try_it(predictor: Predictor, concurrency: int) -> None:
    """The question and examples on the left, the answer and its explanation on the right; the API's `/predict`."""
    record = predictor.champion.record
    label = record["target"]["label"]
    with gr.Row(equal_height=False):
        with gr.Column(scale=3):
            box = gr.Textbox(
                predictor.input["default"],
                label=predictor.input["label"],
                info=f"In English, up to {predictor.input['maximum']:,} characters; code and names are not looked at.",
                lines=3,
                max_lines=12,
            )
            button = gr.Button("Ask", variant="primary")
            chosen = _examples(record)
        with gr.Column(scale=2):
            answer = gr.Label(predictor.predict().probabilities, label=label)
            explanation = gr.HTML(highlighted(predictor.explain()), label="What moved it")
    versions = ", ".join(f"{name} {version}" for name, version in record["libraries"].items())
    gr.Markdown(f"Learnt from the documentation of {versions}.")
    asked = gr.on(
        [button.click, box.submit],
        _speaking(lambda question: predictor.predict(question).probabilities),
        inputs_kwargs={"question": box},
        outputs=answer,
        api_name="predict",
        api_description=f"Predict {label.lower()} from a question in English; there is a default.",
        concurrency_limit=concurrency,
        preprocess=False,  # `Predictor` checks the question itself, and says what is wrong in words
    )
    asked.success(
        _speaking(lambda question: highlighted(predictor.explain(question))),
        inputs_kwargs={"question": box},
        outputs=explanation,
        api_visibility="private",
        preprocess=False,
    )
    # The words of the question before say nothing of one that was refused.
    asked.failure(lambda: "", outputs=explanation, api_visibility="private")
    for example, text in chosen:
        example.click(lambda text=text: text, outputs=box, api_visibility="private").then(
            None, js="() => document.querySelector('#ask').click()", api_visibility="private"
        )
    button.elem_id = "ask"


def _examples(record: Any) -> list[tuple[Any, str]]:
    """Buttons that ask for a person: questions in everyday words, and documents that the model has not seen."""
    gr.Markdown("Ask what a person would ask:")
    buttons = [(gr.Button(one["ask"], size="sm"), one["ask"]) for one in record["questions"]]
    gr.Markdown("Or start from documentation that the model has not seen:")
    with gr.Row():
        unseen = record["examples"]
        buttons += [(_truth(one["truth"]), one["inputs"]["question"]) for one in unseen]
    return buttons


def _truth(truth: str) -> Any:
    return gr.Button(f"truth: {truth}", size="sm", min_width=100)


def _speaking(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with what is wrong with the question told to who asks: in the page, by the API."""

    def told(question: Any) -> Any:
        try:
            return function("" if question is None else question)
        except InvalidInputError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return told


def highlighted(explanation: Explanation, most: int = 3) -> str:
    """The question with its words coloured: orange speaks for the answer, blue against it; the strongest in words."""
    moved = [piece for piece in explanation.pieces if piece.shift is not None]
    strongest = sorted(moved, key=lambda piece: -abs(piece.shift or 0.0))[:most]
    longest = max((abs(piece.shift or 0.0) for piece in strongest), default=0.0) or 1.0
    told = ", ".join(
        f"<b>{html.escape(piece.text)}</b> {(piece.shift or 0.0) * 100:+.1f} points" for piece in strongest
    )
    text = "".join(_coloured(piece, longest) for piece in explanation.pieces)
    return (
        f"<p><b>What moved it:</b> how far each word pulls the probability of {html.escape(explanation.label)}. "
        "Orange words speak for it, blue ones against it; words without colour do little or are not known.</p>"
        f'<p style="line-height:1.9">{text}</p><p>{told}</p>'
    )


def _coloured(piece: Piece, longest: float) -> str:
    text = html.escape(piece.text).replace("\n", "<br>")
    if piece.shift is None:
        return text
    colour = "234, 88, 12" if piece.shift > 0 else "37, 99, 235"
    strength = round(0.75 * abs(piece.shift) / longest, 3)
    return (
        f'<span title="{piece.shift * 100:+.1f} points" '
        f'style="background:rgba({colour}, {strength});border-radius:.25em;padding:.1em .15em">{text}</span>'
    )
