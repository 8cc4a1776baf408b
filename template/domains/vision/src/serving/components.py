"""Parts of the demo page: upload, example images, prediction and explanation."""

import html
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
import numpy as np
from gradio.utils import get_upload_folder
from PIL import Image

from ..data.images import Array, ImageSpec, Pixels, decode_data_url, encode_data_url
from ..data.preprocessing import to_image
from .events import connect, scroll_to_prediction
from .predictor import InvalidInputError, Prediction, Predictor

SUPPORTS, OPPOSES = (234, 88, 12), (37, 99, 235)  # orange, blue
MAX_OPACITY = 0.75
FULL_OPACITY_DROP = 0.05  # weaker explanations are drawn in paler colors


class Outputs(NamedTuple):
    """Components that show a prediction and its explanation."""

    prediction: Any
    explanation: Any


def upload(predictor: Predictor, first: Prediction) -> tuple[Any, Any]:
    """Add an image upload that shows the first prediction's image, and a button."""
    image = gr.Image(
        to_image(first.pixels, predictor.spec),
        label="Image",
        format="png",  # lossless
        sources=["upload", "clipboard"],
        height=360,
    )
    return image, gr.Button("Predict", variant="primary", elem_id="predict")


def gallery(predictor: Predictor) -> Any:
    """Add the example images, or nothing if `champion.json` has none."""
    examples = predictor.champion.record["examples"]
    if not examples:
        return None
    gr.Markdown("Or choose a test image, labeled with its true class. The last two are the hardest for the model.")
    pixels = [predictor.preprocess(decode_data_url(example["inputs"]["picture"])).pixels for example in examples]
    images = [
        (to_image(image, predictor.spec, height=64), example["truth"])
        for image, example in zip(pixels, examples, strict=True)
    ]
    return gr.Gallery(
        images,
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


def outputs(predictor: Predictor, first: Prediction) -> Outputs:
    """Add the components for predictions, which show the first one."""
    label = predictor.champion.record["target"]["label"]
    return Outputs(
        gr.Label(first.probabilities, num_top_classes=4, label=f"Prediction: {label}", elem_id="prediction"),
        gr.HTML(format_explanation(predictor, first), label="Explanation"),
    )


def connect_upload(predictor: Predictor, image: Any, button: Any, shown: Outputs, concurrency: int) -> None:
    """Predict when an image is uploaded or the button is pressed; this is the API's `/predict`."""
    connect(
        [button.click, image.upload],
        {"picture": image},
        predict=lambda picture: predictor.predict(read_payload(picture)).probabilities,
        explain=lambda picture: format_explanation(predictor, predictor.predict(read_payload(picture))),
        outputs=shown,
        description="Classify an image file; without one, the example that the page shows first.",
        concurrency=concurrency,
    )


def connect_gallery(predictor: Predictor, examples: Any, image: Any, shown: Outputs) -> None:
    """Show the prediction for an example image when it is chosen."""

    def choose(event: gr.SelectData) -> tuple[Image.Image, dict[str, float], str]:
        return predict_example(predictor, event.index)

    if examples:
        chosen = examples.select(choose, outputs=[image, *shown], api_visibility="private")
        chosen.success(None, js=REVEAL, api_visibility="private")


def predict_example(predictor: Predictor, index: int) -> tuple[Image.Image, dict[str, float], str]:
    """Return an example image, its probabilities and its explanation."""
    url = predictor.champion.record["examples"][index]["inputs"]["picture"]
    prediction = predictor.predict(decode_data_url(url))
    image = to_image(prediction.pixels, predictor.spec)
    return image, prediction.probabilities, format_explanation(predictor, prediction)


def read_payload(payload: Any) -> bytes:
    """Return the content of an image as Gradio passes it on: an uploaded file or a `data:` URL.

    Raises:
        InvalidInputError: There is no image.
    """
    payload = payload if isinstance(payload, dict) else {}
    if path := payload.get("path"):
        return uploaded_file(str(path)).read_bytes()
    return decode_data_url(str(payload.get("url") or ""))


def uploaded_file(path: str) -> Path:
    """Return the path if it is in Gradio's upload folder: API clients could name any file of the server.

    Raises:
        InvalidInputError: The file is missing or elsewhere.
    """
    try:
        file = Path(path).resolve()
    except (OSError, ValueError):  # invalid file name
        file = Path()
    if not (file.is_file() and file.is_relative_to(Path(get_upload_folder()).resolve())):
        raise InvalidInputError("The image was not uploaded. Upload it first.")
    return file


def format_explanation(predictor: Predictor, prediction: Prediction) -> str:
    """Return warnings and the explained image as HTML."""
    support = predictor.explain(prediction.pixels)
    warnings = "".join(f'<p role="alert">⚠️ {html.escape(warning)}</p>' for warning in prediction.warnings)
    url = encode_data_url(overlay(prediction.pixels, support, predictor.spec))
    label = html.escape(prediction.label)
    return (
        f"{warnings}<p><b>Explanation.</b> This is the image as the model sees it. <b>Orange</b> parts support the "
        f"prediction {label}: without them, its probability falls. <b>Blue</b> parts speak against it.</p>"
        f'<img src="{url}" alt="The preprocessed image; orange parts support the prediction {label}, blue parts '
        'oppose it" style="width:100%;max-width:20em;image-rendering:pixelated;border:1px solid #cbd5e1">'
    )


def overlay(pixels: Pixels, support: Array, spec: ImageSpec) -> Image.Image:
    """Return the image with each pixel tinted by how much it supports or opposes the prediction."""
    image = np.asarray(to_image(pixels, spec, height=spec.height).convert("RGB"), dtype=np.float64)
    strength = np.abs(support) / max(float(np.abs(support).max()), FULL_OPACITY_DROP)
    opacity = (MAX_OPACITY * strength)[..., None]
    tint = np.where(support[..., None] > 0, SUPPORTS, OPPOSES)
    return Image.fromarray((image * (1 - opacity) + tint * opacity).round().astype(np.uint8))
