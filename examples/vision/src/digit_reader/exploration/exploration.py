"""Exploration of the images of the training split."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..data.schema import Schema
from ..data.splits import Split
from .report import Exploration
from .samples import Presentation, explore_samples

MAX_CLASSES, ACROSS = 20, 10
SHOWN = Presentation(columns="measures")


def explore(train: Split, validation: Split, schema: Schema) -> Exploration:
    """Return what the training split shows."""
    target = pd.Series(train.target)
    samples, others = (describe(split, schema) for split in (train, validation))
    found = explore_samples(samples, others, target, to_vectors(train), schema.sample_noun, SHOWN)
    found.figures["means"] = ("The mean image of each class", draw_means(train, schema))
    return found


def describe(split: Split, schema: Schema) -> pd.DataFrame:
    """Return brightness, contrast and the share of dark and light pixels of each image, and the center of its light.

    The center is 0 at the top or left and 1 at the bottom or right. In a drawing, ink is light.
    """
    mean, dark, light, what = "brightness", "dark pixels", "light pixels", "light"
    if schema.picture.drawn:
        mean, dark, light, what = "ink", "pixels without ink", "pixels full of ink", "ink"
    gray = split.features.mean(axis=3)
    rows, columns = np.linspace(0, 1, gray.shape[1]), np.linspace(0, 1, gray.shape[2])
    total = np.maximum(gray.sum(axis=(1, 2)), 1e-9)
    return pd.DataFrame(
        {
            mean: gray.mean(axis=(1, 2)),
            "contrast": gray.std(axis=(1, 2)),
            dark: (gray < 0.1).mean(axis=(1, 2)),
            light: (gray > 0.9).mean(axis=(1, 2)),
            f"vertical center of the {what}": (gray.sum(axis=2) @ rows) / total,
            f"horizontal center of the {what}": (gray.sum(axis=1) @ columns) / total,
        }
    )


def to_vectors(split: Split) -> NDArray[np.float64]:
    """Return the pixels of each image, at most a few hundred of them."""
    step = max(1, round((split.features[0].size / 768) ** 0.5))
    return split.features[:, ::step, ::step].reshape(len(split.features), -1).astype(np.float64)


def draw_means(split: Split, schema: Schema) -> Figure:
    """Draw the mean of the images of each class."""
    classes = schema.classes[:MAX_CLASSES]
    down, across = -(-len(classes) // ACROSS), min(len(classes), ACROSS)
    figure = Figure(figsize=(0.9 * across, 1.1 * down + 0.25), dpi=144, layout="constrained")
    figure.suptitle("Training split", x=0.01, ha="left", fontsize=9, fontweight="bold")
    for axes, label in zip(np.ravel(figure.subplots(down, across, squeeze=False)), classes, strict=False):
        mean = split.features[split.target == label].mean(axis=0)
        axes.imshow(mean if mean.shape[2] == 3 else mean[..., 0], cmap="gray", vmin=0, vmax=1)
        axes.set_title(str(label)[:12], fontsize=8)
    for axes in figure.axes:
        axes.set_axis_off()
    return figure
