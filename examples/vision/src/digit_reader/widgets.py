"""What the demo of an image model shows of its own: a pad to draw on, an upload, the answer, and what it rests on.

The page around it is `app.py`.
"""

import base64
import binascii
import html
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from .serving import Answer, Array, InvalidInputError, Predictor, Reading, from_text, to_picture

PAD = 320  # pixels
BRUSH = 13  # the radius: as thick a line, against a digit, as the pens of the data drew
SUPPORTS, OPPOSES = (234, 88, 12), (37, 99, 235)  # orange, blue
FAINTEST_SHIFT = 0.05  # of a probability; without a stronger one the colours stay pale


def try_it(predictor: Predictor, concurrency: int) -> None:
    """A pad, an upload and examples on the left, the answer and its explanation on the right; the API's `/predict`."""
    first = predictor.predict()
    target = predictor.champion.record["target"]["label"]
    with gr.Row(equal_height=False):
        with gr.Column(scale=1):
            with gr.Tab("Draw"):
                pad = _pad(target)
            with gr.Tab("Upload"):
                picture = gr.Image(
                    to_picture(first.reading.counts, predictor.input["maximum"]),
                    label=f"A picture of one {target.lower()}",
                    format="png",  # the default would lose what was counted
                    sources=["upload", "clipboard"],
                    height=PAD + 40,
                )
                button = gr.Button("Predict", variant="primary", elem_id="predict")
            examples = _examples(predictor)
        with gr.Column(scale=1):
            answer = gr.Label(first.probabilities, num_top_classes=4, label=target)
            explanation = gr.HTML(explained(predictor, first), label="What it rests on")
    pad.clear(_sheet, outputs=pad, api_visibility="private")
    # Reading what is drawn, stroke by stroke, is for the page alone.
    # `change` alone does not tell of the first stroke.
    gr.on(
        [pad.input, pad.change],
        lambda drawing: _drawn(predictor, drawing),
        pad,
        [answer, explanation],
        trigger_mode="always_last",
        api_visibility="private",
        concurrency_limit=concurrency,
        preprocess=False,
        show_progress="hidden",
    )
    asked = gr.on(
        [button.click, picture.upload],
        _speaking(lambda picture: predictor.predict(contents(picture)).probabilities),
        inputs_kwargs={"picture": picture},
        outputs=answer,
        api_name="predict",
        api_description=f"Predict the {target.lower()} on a picture; without one, on a picture from the test split.",
        concurrency_limit=concurrency,
        preprocess=False,  # `Predictor` reads every file itself, and says what is wrong in words
    )
    asked.success(
        _speaking(lambda picture: explained(predictor, predictor.predict(contents(picture)))),
        inputs_kwargs={"picture": picture},
        outputs=explanation,
        api_visibility="private",
        preprocess=False,
    )

    def take(chosen: gr.SelectData) -> tuple[dict[str, float], str]:
        text = predictor.champion.record["examples"][chosen.index]["inputs"]["picture"]
        return _shown(predictor, predictor.answer(Reading(from_text(text))))

    examples.select(take, outputs=[answer, explanation], api_visibility="private")


def _pad(target: str) -> Any:
    return gr.Sketchpad(
        _sheet(),
        label=f"Draw one {target.lower()} with the mouse, as large as you like",
        format="png",
        canvas_size=(PAD, PAD),
        fixed_canvas=True,
        brush=gr.Brush(default_size=BRUSH, colors=["#000000"], default_color="#000000", color_mode="fixed"),
        layers=False,
        transforms=(),
        buttons=[],
        height=PAD + 120,
        elem_id="pad",
    )


def _sheet() -> Image.Image:
    # On a pad without a picture one must choose the brush first.
    return Image.new("RGB", (PAD, PAD), "white")


def _examples(predictor: Predictor) -> Any:
    maximum = predictor.input["maximum"]
    pictures = [
        (to_picture(from_text(example["inputs"]["picture"]), maximum, cell=8), example["truth"])
        for example in predictor.champion.record["examples"]
    ]
    gr.Markdown("Or take a real one that the model has not seen, with its truth. It is least sure of the last two.")
    return gr.Gallery(
        pictures,
        label="Examples",
        show_label=False,
        format="png",
        columns=5,
        height=360,
        object_fit="contain",
        allow_preview=False,
        buttons=[],
        interactive=False,
        elem_id="examples",
    )


def _drawn(predictor: Predictor, drawing: Any) -> tuple[dict[str, float] | None, str]:
    """The answer to a drawing; while there is none yet, what to do, where the explanation will be."""
    try:
        return _shown(predictor, predictor.predict(contents((drawing or {}).get("composite"))))
    except InvalidInputError as error:
        return None, f"<p>{html.escape(str(error))}</p>"


def _shown(predictor: Predictor, answer: Answer) -> tuple[dict[str, float], str]:
    return answer.probabilities, explained(predictor, answer)


def _speaking(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with what is wrong with a picture told to the person in the page and to the caller of the API."""

    def told(**inputs: Any) -> Any:
        try:
            return function(**inputs)
        except InvalidInputError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return told


def contents(payload: Any) -> bytes:
    """The bytes of a picture as Gradio hands it over: a file that it has received, or a `data:` address.

    Raises:
        InvalidInputError: there is no picture.
    """
    place = payload if isinstance(payload, dict) else {}
    # Gradio has made sure that this path lies among the files that it received.
    if path := place.get("path"):
        return Path(path).read_bytes()
    head, _, body = str(place.get("url") or "").partition(",")
    if head.startswith("data:") and head.endswith(";base64"):
        try:
            return base64.b64decode(body, validate=True)
        except binascii.Error:
            raise InvalidInputError("The picture's base64 is broken.") from None
    raise InvalidInputError("There is no picture yet: draw or send one.")


def explained(predictor: Predictor, answer: Answer) -> str:
    """Doubts first, then the picture as the model was shown it, coloured by what each cell did for the answer."""
    shifts = predictor.explain(answer.reading.counts)
    doubts = "".join(f'<p role="alert">⚠️ {html.escape(doubt)}</p>' for doubt in answer.doubts)
    url = as_url(coloured(answer.reading.counts, shifts, predictor.input["maximum"]))
    label = html.escape(answer.label)
    return (
        f"{doubts}<p><b>What it rests on:</b> this is the picture as the model is shown it. Orange ink speaks for "
        f"{label}: without it the probability falls. Blue ink speaks against it.</p>"
        f'<img src="{url}" alt="The picture in {shifts.shape[0]} × {shifts.shape[1]} cells, coloured by their part in '
        f'the answer {label}" style="width:100%;max-width:20em;image-rendering:pixelated;border:1px solid #cbd5e1">'
    )


def coloured(counts: Array, shifts: Array, maximum: int) -> Image.Image:
    """The occlusion map over the picture: one pixel a cell."""
    grey = np.repeat((255 - counts * (255 / maximum))[..., None], 3, axis=2)
    strength = (np.abs(shifts) / max(float(np.abs(shifts).max()), FAINTEST_SHIFT))[..., None]
    colours = np.where(shifts[..., None] > 0, SUPPORTS, OPPOSES)
    # A cell without ink has nothing to say, also where its square had.
    weight = 0.75 * strength * (counts > 0)[..., None]
    return Image.fromarray((grey * (1 - weight) + colours * weight).round().astype(np.uint8))


def as_url(picture: Image.Image) -> str:
    """The picture as a `data:` address, which needs no file."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
