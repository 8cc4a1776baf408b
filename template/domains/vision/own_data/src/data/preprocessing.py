"""Preprocessing of photos and other images; the pipeline and the demo use the same code."""

import numpy as np
from PIL import Image, ImageOps

from .images import Array, ImageSpec, Pixels, Preprocessed, flatten_alpha, upscale

# Share of the raw files that may be unreadable.
MAX_UNREADABLE = 0.1


def preprocess(image: Image.Image, spec: ImageSpec) -> Preprocessed:
    """Crop the center of an image to the aspect ratio of the spec and resize it.

    Padding instead of cropping would add bars from which a model could learn which camera took the picture.
    """
    flat = flatten_alpha(image, "white").convert("RGB" if spec.channels == 3 else "L")
    resized = ImageOps.fit(flat, (spec.width, spec.height), Image.Resampling.BOX)
    return Preprocessed(np.asarray(resized, dtype=np.float32).reshape(spec.shape) / np.float32(255))


def preprocess_raw(image: Image.Image, spec: ImageSpec) -> Pixels:
    """Preprocess an image of the data set."""
    return preprocess(image, spec).pixels


def to_image(pixels: Pixels, spec: ImageSpec, height: int = 256) -> Image.Image:
    """Return an image about `height` pixels high, which `preprocess` converts back to `pixels`."""
    tones = np.round(np.round(pixels * spec.maximum) * (255 / spec.maximum)).astype(np.uint8)
    enlarged = upscale(tones, max(1, height // spec.height))
    return Image.fromarray(enlarged[..., 0] if spec.channels == 1 else enlarged)


def occlusion_value(pixels: Pixels) -> Array:
    """Return what replaces occluded pixels in an explanation: the mean color."""
    return np.asarray(pixels.mean(axis=(0, 1)))
