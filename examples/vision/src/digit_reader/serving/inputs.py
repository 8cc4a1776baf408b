"""Inputs of the demo: a sketchpad for the mouse or a finger, or an upload."""

from typing import Any

import gradio as gr
from PIL import Image

from .events import format_error
from .explanation import Outputs
from .predictor import InvalidInputError, Prediction, Predictor
from .uploads import Predict, add_upload

SIZE = 320  # pixels
BRUSH_SIZE = 13  # relative to a digit, as thick as the pens of the data set


def add_inputs(predictor: Predictor, first: Prediction, outputs: Outputs, predict: Predict) -> tuple[Any, Any]:
    """Add a sketchpad, an upload and a button; return the last two."""
    gr.Markdown("### Draw a digit or upload an image", elem_classes="wide")
    with gr.Tab("Draw"):
        _add_sketchpad(outputs, predict)
    with gr.Tab("Upload"):
        return add_upload(predictor, first)


def _add_sketchpad(outputs: Outputs, predict: Predict) -> None:
    """Add a sketchpad that shows a prediction after each stroke; it is not part of the API."""
    sketchpad = gr.Sketchpad(
        blank_image(),
        show_label=False,
        format="png",
        canvas_size=(SIZE, SIZE),
        fixed_canvas=True,
        brush=gr.Brush(default_size=BRUSH_SIZE, colors=["#000000"], default_color="#000000", color_mode="fixed"),
        layers=False,
        transforms=(),
        buttons=[],
        height=SIZE + 110,
        elem_id="sketchpad",
    )
    sketchpad.clear(blank_image, outputs=sketchpad, api_visibility="private")
    # The pad is still blank.
    initial = outputs.summary.value = f"<p>The first example, until you draw:</p>{outputs.summary.value}"

    def update(drawing: Any, shown: str) -> Any:
        values = predict_drawing(predict, drawing)
        # Gradio reports the blank pad when the page opens, while the first example is still shown.
        return gr.skip() if values[0] is None and shown == initial else values

    # `change` is not triggered by the first stroke.
    gr.on(
        [sketchpad.input, sketchpad.change],
        update,
        [sketchpad, outputs.summary],
        list(outputs),
        trigger_mode="always_last",
        api_visibility="private",
        preprocess=False,
        show_progress="hidden",
    )


def blank_image() -> Image.Image:
    """Return white paper: without an image, visitors would have to choose the brush first."""
    return Image.new("RGB", (SIZE, SIZE), "white")


def predict_drawing(predict: Predict, drawing: Any) -> tuple[Any, ...]:
    """Return what the outputs show; an error message instead of the summary if there is no prediction."""
    picture: Any = (drawing or {}).get("composite")
    try:
        model, prediction = predict(picture)
    except InvalidInputError as error:
        return None, format_error(error), "", None
    return Outputs.values(model, prediction, picture)
