"""Image files for the tests."""

import io
from typing import Any

from PIL import Image

from digit_reader.data.images import ImageSpec, Pixels
from digit_reader.data.preprocessing import to_image


def encode(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """Return the image as the content of a file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def encode_pixels(pixels: Pixels, spec: ImageSpec) -> bytes:
    """Return a PNG file that is preprocessed to `pixels`."""
    return encode(to_image(pixels, spec))
