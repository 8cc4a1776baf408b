"""Inputs of the demo: an upload."""

from typing import Any

import gradio as gr

from .explanation import Outputs
from .predictor import Prediction, Predictor
from .uploads import Predict, add_upload


def add_inputs(predictor: Predictor, first: Prediction, _outputs: Outputs, _predict: Predict) -> tuple[Any, Any]:
    """Add an upload and a button; return both."""
    gr.Markdown("### Upload an image")
    return add_upload(predictor, first)
