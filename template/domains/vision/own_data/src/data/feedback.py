"""Feedback in the form of the raw data."""

from collections.abc import Mapping
from typing import Any

from .images import InvalidInputError, decode_data_url, decode_image
from .schema import Schema


def to_record(inputs: Mapping[str, Any], truth: Any, schema: Schema) -> dict[str, Any] | None:
    """Return an image as a data URL and its class, or None if it differs from the schema."""
    url = str(inputs.get("picture"))
    try:
        decode_image(decode_data_url(url))
    except InvalidInputError:
        return None
    return {"picture": url, schema.target.name: truth} if truth in schema.classes else None
