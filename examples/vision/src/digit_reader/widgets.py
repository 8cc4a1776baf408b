"""What the demo of an image model shows of its own: a pad or an upload, the answer, and what it rests on.

The page around it is `app.py`.
"""

import html
from importlib import import_module
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.utils import get_upload_folder
from PIL import Image

from .asking import BUTTON, REVEAL, ask
from .pictures import Array, Grid, InvalidInputError, as_url, from_url, to_picture
from .serving import Answer, Predictor

HEIGHT, THUMB = 360, 64  # pixels
SUPPORTS, OPPOSES = (234, 88, 12), (37, 99, 235)  # orange, blue
COVER = 0.75  # how much of a cell the strongest colour hides
FAINTEST_SHIFT = 0.05  # of a probability; without a stronger one the colours stay pale


def try_it(predictor: Predictor, concurrency: int) -> None:
    """A pad where pictures are drawn, an upload and examples on the left; on the right the answer and what it rests on.

    The upload is the API's `/predict`.
    """
    first = predictor.predict()
    target = predictor.champion.record["target"]["label"]
    with gr.Row(equal_height=False):
        with gr.Column(scale=1):
            if predictor.grid.drawn:
                pad = import_module(".pad", __package__)  # only a project of drawn pictures has the module
                with gr.Tab("Draw"):
                    sheet = pad.make(target)
                with gr.Tab("Upload"):
                    picture, button = _upload(predictor, first, f"A picture of one {target.lower()}")
            else:
                picture, button = _upload(predictor, first, "A picture")
            examples = _examples(predictor)
        with gr.Column(scale=1):
            answer = gr.Label(first.probabilities, num_top_classes=4, label=target, elem_id="answer")
            explanation = gr.HTML(explained(predictor, first), label="What it rests on")
    if predictor.grid.drawn:
        pad.follow(
            sheet, lambda drawing: _shown(predictor, predictor.predict(contents(drawing))), [answer, explanation]
        )
    ask(
        [button.click, picture.upload],
        {"picture": picture},
        predict=lambda picture: predictor.predict(contents(picture)).probabilities,
        answer=answer,
        explain=lambda picture: explained(predictor, predictor.predict(contents(picture))),
        explanation=[explanation],
        description=f"Predict the {target.lower()} on a picture; without one, on that which the page starts from.",
        concurrency=concurrency,
    )

    def take(chosen: gr.SelectData) -> tuple[Image.Image, dict[str, float], str]:
        url = predictor.champion.record["examples"][chosen.index]["inputs"]["picture"]
        found = predictor.predict(from_url(url))
        return to_picture(found.reading.pixels, predictor.grid), *_shown(predictor, found)

    if examples:
        chosen = examples.select(take, outputs=[picture, answer, explanation], api_visibility="private")
        chosen.success(None, js=REVEAL, api_visibility="private")


def _upload(predictor: Predictor, first: Answer, label: str) -> tuple[Any, Any]:
    picture = gr.Image(
        to_picture(first.reading.pixels, predictor.grid),
        label=label,
        format="png",  # the default would lose what was counted
        sources=["upload", "clipboard"],
        height=HEIGHT,
    )
    return picture, gr.Button("Predict", variant="primary", elem_id=BUTTON)


def _examples(predictor: Predictor) -> Any:
    """Test pictures to choose from, where the record holds any."""
    examples = predictor.champion.record["examples"]
    if not examples:
        return None
    gr.Markdown("Or take a real one that the model has not seen, with its truth. It is least sure of the last two.")
    pictures = [
        (to_picture(predictor.read(from_url(one["inputs"]["picture"])).pixels, predictor.grid, THUMB), one["truth"])
        for one in examples
    ]
    return gr.Gallery(
        pictures,
        label="Examples",
        show_label=False,
        format="png",
        height="fit-content",
        object_fit="contain",
        allow_preview=False,
        buttons=[],
        interactive=False,
        elem_id="examples",
    )


def _shown(predictor: Predictor, answer: Answer) -> tuple[dict[str, float], str]:
    return answer.probabilities, explained(predictor, answer)


def contents(payload: Any) -> bytes:
    """The bytes of a picture as Gradio hands it over: a file that it has received, or a `data:` address.

    Whoever calls the API writes the path, and Gradio passes on one that names any file of this machine.

    Raises:
        InvalidInputError: there is no picture.
    """
    place = payload if isinstance(payload, dict) else {}
    if path := place.get("path"):
        return received(str(path)).read_bytes()
    return from_url(str(place.get("url") or ""))


def received(path: str) -> Path:
    """The path of a file that Gradio has received.

    Raises:
        InvalidInputError: there is no such file among them.
    """
    try:
        file = Path(path).resolve()
    except (OSError, ValueError):  # a name that no file can have
        file = Path()
    if not (file.is_file() and file.is_relative_to(Path(get_upload_folder()).resolve())):
        raise InvalidInputError("There is no such picture here: send one.")
    return file


def explained(predictor: Predictor, answer: Answer) -> str:
    """Doubts first, then the picture as the model was shown it, coloured by what each part did for the answer."""
    grid = predictor.grid
    shifts = predictor.explain(answer.reading.pixels)
    doubts = "".join(f'<p role="alert">⚠️ {html.escape(doubt)}</p>' for doubt in answer.doubts)
    url = as_url(coloured(answer.reading.pixels, shifts, grid))
    label = html.escape(answer.label)
    what = "ink" if grid.drawn else "parts"
    return (
        f"{doubts}<p><b>What it rests on:</b> this is the picture as the model is shown it. Orange {what} "
        f"{'speaks' if grid.drawn else 'speak'} for {label}: without {'it' if grid.drawn else 'them'} the probability "
        f"falls. Blue {what} {'speaks' if grid.drawn else 'speak'} against it.</p>"
        f'<img src="{url}" alt="The picture in {grid.height} × {grid.width} cells, coloured by their part in '
        f'the answer {label}" style="width:100%;max-width:20em;image-rendering:pixelated;border:1px solid #cbd5e1">'
    )


def coloured(pixels: Array, shifts: Array, grid: Grid) -> Image.Image:
    """The occlusion map over the picture: one pixel a cell."""
    shown = np.asarray(to_picture(pixels, grid, shown=grid.height).convert("RGB"), dtype=np.float64)
    strength = (np.abs(shifts) / max(float(np.abs(shifts).max()), FAINTEST_SHIFT))[..., None]
    colours = np.where(shifts[..., None] > 0, SUPPORTS, OPPOSES)
    weight = COVER * strength
    if grid.drawn:  # a cell without ink has nothing to say, also where its square had
        weight = weight * (pixels > 0)
    return Image.fromarray((shown * (1 - weight) + colours * weight).round().astype(np.uint8))
