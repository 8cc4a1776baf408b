"""Slices of the test split: groups of images that are evaluated separately."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import UserError
from .images import Pixels
from .schema import Schema
from .splits import Split

Values = NDArray[np.float64]


def slice_labels(splits: dict[str, Split], schema: Schema, names: Sequence[str]) -> dict[str, pd.Categorical]:
    """Return the slice of each test image, for each of `evaluate.slices`; keys are the labels of the properties.

    `class` slices by class. The other properties are binned by the terciles of the training split.

    Raises:
        UserError: A name is unknown.
    """
    train, test = splits["train"], splits["test"]
    slices: dict[str, pd.Categorical] = {}
    for name in names:
        if name == "class":
            slices[schema.target.label] = pd.Categorical(test.target.astype(object), categories=schema.classes)
        elif measure := MEASURES.get(name):
            slices[name.capitalize()] = bin_by_terciles(measure(test.features), measure(train.features))
        else:
            raise UserError(
                f"params.yaml: evaluate.slices: unknown slice {name!r}; choose from class, {', '.join(MEASURES)}"
            )
    return slices


def brightness(pixels: Pixels) -> Values:
    """Return the mean of each image's pixels; for drawings, the amount of ink."""
    return np.asarray(pixels.mean(axis=(1, 2, 3)), dtype=np.float64)


def contrast(pixels: Pixels) -> Values:
    """Return the standard deviation of each image's pixels."""
    return np.asarray(pixels.std(axis=(1, 2, 3)), dtype=np.float64)


def stroke(pixels: Pixels) -> Values:
    """Return the mean of the pixels with ink: how thick the stroke is."""
    inked = (pixels > 0).mean(axis=(1, 2, 3)).clip(min=1e-9)
    return np.asarray(brightness(pixels) / inked, dtype=np.float64)


MEASURES: dict[str, Callable[[Pixels], Values]] = {
    "brightness": brightness,
    "contrast": contrast,
    "ink": brightness,
    "stroke": stroke,
}


def bin_by_terciles(values: Values, train: Values) -> pd.Categorical:
    """Return which tercile of the training values each value falls into."""
    low, high = np.quantile(train, [1 / 3, 2 / 3])
    labels = [f"below {low:.3g}", f"{low:.3g} to {high:.3g}", f"above {high:.3g}"]
    return pd.Categorical(np.select([values < low, values <= high], labels[:2], labels[2]), categories=labels)
