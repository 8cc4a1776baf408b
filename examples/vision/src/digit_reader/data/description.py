"""Numbers that describe an image, for the request log, which has no images."""

import numpy as np

from .images import Pixels


def describe_image(pixels: Pixels) -> dict[str, float]:
    """Return brightness, contrast and sharpness of the model's input: pixels of shape (height, width, channels).

    Brightness is their mean, contrast their standard deviation, sharpness the mean difference of neighbors.
    """
    gray = np.asarray(pixels, dtype=np.float64).mean(axis=-1)
    differences = [np.abs(np.diff(gray, axis=axis)).mean() for axis in (0, 1)]
    numbers = {"brightness": gray.mean(), "contrast": gray.std(), "sharpness": np.mean(differences)}
    return {name: round(float(value), 6) for name, value in numbers.items()}
