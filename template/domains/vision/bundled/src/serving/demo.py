"""The demo page of the digit classifier: draw a digit or upload an image, see the prediction and its explanation."""

import gradio as gr

from . import components, sketchpad
from .predictor import Predictor


def demo_tab(predictor: Predictor, concurrency: int) -> None:
    """Add the content of the demo tab."""
    first = predictor.predict()
    with gr.Row(equal_height=False):
        with gr.Column():
            gr.Markdown("### Draw a digit or upload an image")
            with gr.Tab("Draw"):
                pad = sketchpad.create()
            with gr.Tab("Upload"):
                image, button = components.upload(predictor, first)
            examples = components.gallery(predictor)
        with gr.Column():
            shown = components.outputs(predictor, first)
    sketchpad.connect(predictor, pad, shown)
    components.connect_upload(predictor, image, button, shown, concurrency)
    components.connect_gallery(predictor, examples, image, shown)
