"""The demo page of an image classifier: upload an image, see the prediction and its explanation."""

import gradio as gr

from . import components
from .predictor import Predictor


def demo_tab(predictor: Predictor, concurrency: int) -> None:
    """Add the content of the demo tab."""
    first = predictor.predict()
    with gr.Row(equal_height=False):
        with gr.Column():
            gr.Markdown("### Upload an image")
            image, button = components.upload(predictor, first)
            examples = components.gallery(predictor)
        with gr.Column():
            shown = components.outputs(predictor, first)
    components.connect_upload(predictor, image, button, shown, concurrency)
    components.connect_gallery(predictor, examples, image, shown)
