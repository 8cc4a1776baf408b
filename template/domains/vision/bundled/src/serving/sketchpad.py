"""A sketchpad on which visitors draw with the mouse or a finger."""

import html
from typing import Any

import gradio as gr
from PIL import Image

from .components import Outputs, format_explanation, read_payload
from .predictor import InvalidInputError, Predictor

SIZE = 320  # pixels
BRUSH_SIZE = 13  # relative to a digit, as thick as the pens of the data set


def create() -> Any:
    """Add a sketchpad."""
    return gr.Sketchpad(
        _blank(),
        label="Sketchpad",
        format="png",
        canvas_size=(SIZE, SIZE),
        fixed_canvas=True,
        brush=gr.Brush(default_size=BRUSH_SIZE, colors=["#000000"], default_color="#000000", color_mode="fixed"),
        layers=False,
        transforms=(),
        buttons=[],
        height=SIZE + 120,
        elem_id="sketchpad",
    )


def _blank() -> Image.Image:
    # Without an image, visitors would have to choose the brush first.
    return Image.new("RGB", (SIZE, SIZE), "white")


def connect(predictor: Predictor, pad: Any, shown: Outputs) -> None:
    """Predict after each stroke; not part of the API."""
    pad.clear(_blank, outputs=pad, api_visibility="private")
    # `change` is not triggered by the first stroke.
    gr.on(
        [pad.input, pad.change],
        lambda drawing: predict(predictor, drawing),
        pad,
        list(shown),
        trigger_mode="always_last",
        api_visibility="private",
        preprocess=False,
        show_progress="hidden",
    )


def predict(predictor: Predictor, drawing: Any) -> tuple[dict[str, float] | None, str]:
    """Return the probabilities and the explanation, or no probabilities and an error message."""
    try:
        prediction = predictor.predict(read_payload((drawing or {}).get("composite")))
    except InvalidInputError as error:
        return None, f"<p>{html.escape(str(error))}</p>"
    return prediction.probabilities, format_explanation(predictor, prediction)
