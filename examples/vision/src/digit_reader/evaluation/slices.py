"""Slices of the test split: groups of images that are evaluated separately."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..data.images import Pixels
from ..data.schema import Schema
from ..data.splits import Split
from ..errors import UserError

Values = NDArray[Any]
_IMAGE = (1, 2, 3)  # the axes of an image


def _mean(pixels: Pixels) -> Values:
    return np.asarray(pixels.mean(axis=_IMAGE))


# The mean of a drawing, in which 1 is ink and 0 is paper, is called its ink.
MEASURES: dict[str, Callable[[Pixels], Values]] = {
    "brightness": _mean,
    "contrast": lambda pixels: pixels.std(axis=_IMAGE),
    "ink": _mean,
    # The mean of the pixels with ink: how thick the stroke is.
    "stroke": lambda pixels: _mean(pixels) / (pixels > 0).mean(axis=_IMAGE).clip(min=1e-9),
}


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


def bin_by_terciles(values: Values, train: Values) -> pd.Categorical:
    """Return which tercile of the training values each value falls into."""
    values, train = values.astype(np.float64), train.astype(np.float64)
    low, high = np.quantile(train, [1 / 3, 2 / 3])
    labels = [f"below {low:.3g}", f"{low:.3g} to {high:.3g}", f"above {high:.3g}"]
    return pd.Categorical(np.select([values < low, values <= high], labels[:2], labels[2]), categories=labels)
