"""Uploaded images."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from ..data.images import decode_data_url
from ..data.preprocessing import to_image
from .events import BUTTON
from .payloads import INPUT
from .predictor import InvalidInputError, Prediction, Predictor
from .request_log import RequestLog

Predict = Callable[[Any], tuple[Predictor, Prediction]]


def add_upload(predictor: Predictor, first: Prediction) -> tuple[Any, Any]:
    """Add an upload, which shows the image of the first prediction, and a button; return both."""
    image = gr.Image(
        to_image(first.pixels, predictor.spec),
        label="Image",
        format="png",  # lossless
        sources=["upload", "clipboard"],
        height=360,
    )
    return image, gr.Button("Predict", variant="primary", elem_id=BUTTON)


def read_payload(payload: Any) -> bytes:
    """Return the content of an image as Gradio passes it on: an uploaded file or a `data:` URL.

    Raises:
        InvalidInputError: There is no image.
    """
    payload = payload if isinstance(payload, dict) else {}
    if path := payload.get("path"):
        return _uploaded_file(str(path)).read_bytes()
    return decode_data_url(str(payload.get("url") or ""))


def read_inputs(picture: Any) -> dict[str, bytes]:
    """Return the inputs, as the REST API takes them, for an image as Gradio passes it on."""
    return {INPUT: read_payload(picture)}


def watched_prediction(log: RequestLog) -> Predict:
    """Return a function that returns model and prediction for an image as Gradio passes it on, and logs its calls."""

    def predict(model: Predictor, picture: Any) -> tuple[Predictor, Prediction]:
        return model, model.predict(read_payload(picture))

    watched = log.watch(predict, read_inputs)
    return lambda picture: watched(picture=picture)


def _uploaded_file(path: str) -> Path:
    """Return the path if it is in Gradio's upload folder: an API client could name any file of the server."""
    try:
        file = Path(path).resolve()
    except (OSError, ValueError):  # an invalid name
        file = Path()
    if not (file.is_file() and file.is_relative_to(Path(get_upload_folder()).resolve())):
        raise InvalidInputError("The image was not uploaded. Upload it first.")
    return file
