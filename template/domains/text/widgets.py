"""What a text demo shows of its own: the text, the answer, and the words that moved it. The page is `app.py`."""

import html
from collections.abc import Callable
from typing import Any

import gradio as gr

from .serving import Explanation, InvalidInputError, Piece, Predictor

# So many of the classes, the likeliest ones, are named in an answer.
MOST_CLASSES = 10
# On a phone the answer stands below the screen, and whoever asks would see nothing happen.
REVEAL = """() => {
    const answer = document.querySelector('#answer'), box = answer.getBoundingClientRect();
    if (box.top < 0 || box.bottom > innerHeight) answer.scrollIntoView({behavior: 'smooth'});
}"""


def try_it(predictor: Predictor, concurrency: int) -> None:
    """The text and examples on the left, the answer and its explanation on the right; the API's `/predict`."""
    record = predictor.champion.record
    label = record["target"]["label"]
    with gr.Row(equal_height=False):
        with gr.Column(scale=3):
            box = gr.Textbox(
                predictor.input["default"],
                label=predictor.input["label"],
                info=f"{predictor.input.get('advice', '')} Up to {predictor.input['maximum']:,} characters.".lstrip(),
                lines=3,
                max_lines=12,
            )
            button = gr.Button("Predict", variant="primary")
            chosen = _examples(record, predictor.input["name"])
        with gr.Column(scale=2):
            answer = gr.Label(
                predictor.predict().probabilities, num_top_classes=MOST_CLASSES, label=label, elem_id="answer"
            )
            explanation = gr.HTML(highlighted(predictor.explain()), label="What moved it")
    if versions := ", ".join(f"{name} {version}" for name, version in record.get("versions", {}).items()):
        gr.Markdown(f"Learnt from {versions}.")
    asked = gr.on(
        [button.click, box.submit],
        _speaking(lambda text: predictor.predict(text).probabilities),
        inputs_kwargs={predictor.input["name"]: box},
        outputs=answer,
        api_name="predict",
        api_description=f"Predict {label.lower()} from a text; there is a default.",
        concurrency_limit=concurrency,
        preprocess=False,  # `Predictor` checks the text itself, and says what is wrong in words
    )
    asked.success(
        _speaking(lambda text: highlighted(predictor.explain(text))),
        inputs_kwargs={predictor.input["name"]: box},
        outputs=explanation,
        api_visibility="private",
        preprocess=False,
    ).success(None, js=REVEAL, api_visibility="private")
    # The words of the text before say nothing of one that was refused.
    asked.failure(lambda: "", outputs=explanation, api_visibility="private")
    for example, text in chosen:
        example.click(lambda text=text: text, outputs=box, api_visibility="private").then(
            None, js="() => document.querySelector('#predict').click()", api_visibility="private"
        )
    button.elem_id = "predict"


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


def _speaking(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function of a text, with what is wrong with the text told to who asks: in the page, by the API."""

    def told(**inputs: Any) -> Any:
        (text,) = inputs.values()
        try:
            return function("" if text is None else text)
        except InvalidInputError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return told


def highlighted(explanation: Explanation, most: int = 3) -> str:
    """The text with its words coloured: orange speaks for the answer, blue against it; the strongest in words."""
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
