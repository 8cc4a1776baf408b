"""Preprocessing of drawn digits; the pipeline and the demo use the same code.

Images of the data set are used as they are. Drawings are normalized as the authors of the data set did it (`ink`).
"""

import numpy as np
from PIL import Image

from . import ink
from .images import Array, ImageSpec, InvalidInputError, Pixels, Preprocessed, flatten_alpha, upscale

# Share of the raw files that may be unreadable: they were written by the fetch stage.
MAX_UNREADABLE = 0.0
MIN_CONTRAST = 32.0  # tones of 255; smaller differences are noise
MIN_SIZE = 6  # pixels
MAX_ASPECT = 1.8  # width / height; wider drawings are usually several digits


def preprocess(image: Image.Image, spec: ImageSpec) -> Preprocessed:
    """Find the ink in an image and count it in a grid as the data set does.

    Raises:
        InvalidInputError: The image is blank, too small, or not a drawing.
    """
    tones = _tones(image)
    if np.ptp(tones) < MIN_CONTRAST:
        raise InvalidInputError("The image is blank. Draw a digit, or upload an image of one.")
    if (pixels := _data_set_pixels(tones, spec)) is not None:
        return Preprocessed(pixels)
    box = ink.crop(ink.find_ink(tones))
    height, width = box.shape
    if max(height, width) < MIN_SIZE:
        raise InvalidInputError(f"The drawing is only {width} × {height} pixels. Draw a larger digit.")
    warnings = ("The drawing is wider than a digit: draw one digit at a time.",) if width > MAX_ASPECT * height else ()
    return Preprocessed(_scale(ink.count_ink(ink.normalize(box), spec), spec), warnings)


def preprocess_raw(image: Image.Image, spec: ImageSpec) -> Pixels:
    """Return the pixels of an image of the data set.

    Raises:
        InvalidInputError: The image differs in size or layout from the images of the data set.
    """
    if (pixels := _data_set_pixels(_tones(image), spec)) is None:
        raise InvalidInputError(
            f"Expected {spec.height} × {spec.width} pixels with ink in the first and the last row, as in all images of "
            "the data set. The image may be blank, rotated or shifted."
        )
    return pixels


def to_image(pixels: Pixels, spec: ImageSpec, height: int = 256) -> Image.Image:
    """Return black ink on white, about `height` pixels high; `preprocess` converts it back to `pixels`."""
    tones = 255 - np.round(np.round(pixels[..., 0] * spec.maximum) * (255 / spec.maximum)).astype(np.uint8)
    return Image.fromarray(upscale(tones, max(1, height // spec.height)))


def occlusion_value(_pixels: Pixels) -> Array:
    """Return what replaces occluded pixels in an explanation: blank paper."""
    return np.zeros(1, dtype=np.float32)


def _tones(image: Image.Image) -> Array:
    """Return gray tones, 0 (black) to 255 (white), shape (rows, columns)."""
    on_white, on_black = (
        np.asarray(flatten_alpha(image, color).convert("L"), dtype=np.float32) for color in ("white", "black")
    )
    # White ink on a transparent background is visible on black only.
    return on_black if np.ptp(on_white) < MIN_CONTRAST else on_white


def _data_set_pixels(tones: Array, spec: ImageSpec) -> Pixels | None:
    """Return the pixels of an image of the data set, enlarged by any integer factor; None for other images."""
    factor = tones.shape[0] // spec.height
    if tones.shape != (spec.height * factor, spec.width * factor):
        return None
    squares = tones.reshape(spec.height, factor, spec.width, factor)
    if np.ptp(squares, axis=(1, 3)).max() > 0:
        return None
    reduced = squares[:, 0, :, 0]
    light_paper = reduced[:, [0, -1]].mean() > 255 / 2
    counts = np.round((255 - reduced if light_paper else reduced) * (spec.maximum / 255))
    # All images of the data set fill the full height; others may be small drawings.
    return _scale(counts, spec) if counts[0].any() and counts[-1].any() else None


def _scale(counts: Array, spec: ImageSpec) -> Pixels:
    return (counts / spec.maximum).astype(np.float32).reshape(spec.shape)
