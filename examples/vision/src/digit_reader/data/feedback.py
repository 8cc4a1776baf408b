"""Feedback in the form of the raw data: a drawing is reduced to a grid of ink, like the images of the data set."""

from collections.abc import Mapping
from typing import Any

from .images import InvalidInputError, decode_data_url, decode_image, encode_data_url
from .preprocessing import preprocess, preprocess_raw, to_image
from .schema import Schema


def to_record(inputs: Mapping[str, Any], truth: Any, schema: Schema) -> dict[str, Any] | None:
    """Return an image as a data URL and its class, or None if it differs from the schema."""
    spec = schema.picture
    try:
        pixels = preprocess(decode_image(decode_data_url(str(inputs.get("picture")))), spec).pixels
        image = to_image(pixels, spec, height=spec.height)
        preprocess_raw(image.convert("RGBA"), spec)
    except InvalidInputError:
        return None
    return {"picture": encode_data_url(image), schema.target.name: truth} if truth in schema.classes else None
