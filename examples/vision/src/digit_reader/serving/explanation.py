"""The explanation of a prediction as HTML: warnings, and the image tinted by what each part contributes."""

import html
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from ..data.images import Array, ImageSpec, Pixels, encode_data_url
from ..data.preprocessing import to_image
from .predictor import Prediction, Predictor
from .summary import format_summary

SUPPORTS, OPPOSES = (234, 88, 12), (37, 99, 235)  # orange, blue
MAX_OPACITY = 0.75
FULL_OPACITY_DROP = 0.05  # smaller drops of the probability have paler colors


class Outputs(NamedTuple):
    """The components that show a prediction, its summary and its explanation, and the state that has the picture."""

    prediction: Any
    summary: Any
    explanation: Any
    picture: Any

    @staticmethod
    def values(
        predictor: Predictor, prediction: Prediction, picture: dict[str, Any]
    ) -> tuple[dict[str, float], str, str, dict[str, Any]]:
        """Return what they show; the picture is as Gradio passes it on."""
        summary = format_summary(prediction.probabilities, predictor.champion.record)
        summary += predictor.champion.note
        return prediction.probabilities, summary, format_explanation(predictor, prediction), picture


def format_explanation(predictor: Predictor, prediction: Prediction) -> str:
    """Return the warnings and the tinted image as HTML."""
    support = predictor.explain(prediction.pixels)
    url = encode_data_url(overlay(prediction.pixels, support, predictor.spec))
    warnings = "".join(f'<p role="alert">⚠️ {html.escape(warning)}</p>' for warning in prediction.warnings)
    label = html.escape(prediction.label)
    return (
        f"{warnings}<p><b>Explanation.</b> This is the image as the model sees it. <b>Orange</b> parts support the "
        f"prediction {label}: without them, its probability falls. <b>Blue</b> parts oppose it.</p>"
        f'<img src="{url}" alt="The preprocessed image: orange parts support the prediction {label}, blue parts '
        'oppose it" style="width:100%;max-width:20em;image-rendering:pixelated;border:1px solid #cbd5e1">'
    )


def overlay(pixels: Pixels, support: Array, spec: ImageSpec) -> Image.Image:
    """Return the image with each pixel tinted by how much it supports or opposes the prediction."""
    image = np.asarray(to_image(pixels, spec, height=spec.height).convert("RGB"), dtype=np.float64)
    strength = np.abs(support) / max(float(np.abs(support).max()), FULL_OPACITY_DROP)
    opacity = (MAX_OPACITY * strength)[..., None]
    tint = np.where(support[..., None] > 0, SUPPORTS, OPPOSES)
    return Image.fromarray((image * (1 - opacity) + tint * opacity).round().astype(np.uint8))
