"""The inputs in reports: of the hardest cases, of groups with errors, and those that `monitor` compares."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from ..data.description import describe_image
from ..data.preprocessing import to_image
from ..data.schema import Schema
from ..data.splits import Split
from .error_groups import Feature
from .markdown import rounded
from .slices import MEASURES

COLUMNS = 5
NOTE = ""  # about the inputs that are shown


def case_inputs(_record: dict[str, Any], schema: Schema, test: Split, position: int) -> dict[str, str]:
    """Return brightness (ink of a drawing) and contrast of an image; the figure of the hardest cases shows it."""
    return {name: rounded(float(MEASURES[name](test.features[[position]])[0])) for name in _shown(schema)}


def error_features(schema: Schema, test: Split) -> list[Feature]:
    """Return brightness and contrast of each image; its class is not known when the model is used."""
    return [Feature(name, MEASURES[name](test.features)) for name in _shown(schema)]


def _shown(schema: Schema) -> tuple[str, str]:
    return "ink" if schema.picture.drawn else "brightness", "contrast"


def case_figures(schema: Schema, test: Split, positions: list[int]) -> dict[str, Figure]:
    """Return a figure of the hardest cases, numbered as in the report, if test images may be published."""
    if not schema.examples:
        return {}
    rows = -(-len(positions) // COLUMNS)
    figure = Figure(figsize=(5.4, 1.3 * rows + 0.25), dpi=144, layout="constrained")
    figure.suptitle("Test split", x=0.01, ha="left", fontsize=9, fontweight="bold")
    for number, axes in enumerate(figure.subplots(rows, COLUMNS, squeeze=False).ravel()):
        axes.set_axis_off()
        if number < len(positions):
            position = positions[number]
            image = to_image(test.features[position], schema.picture, height=schema.picture.height).convert("RGB")
            axes.imshow(image, interpolation="nearest")
            axes.set_title(f"{number + 1}", fontsize=8)
    return {"hardest": figure}


def reference_inputs(_exported: bytes, splits: Mapping[str, Split], _schema: Schema) -> pd.DataFrame:
    """Return the description of each image."""
    return pd.DataFrame([describe_image(pixels) for pixels in splits["train"].features])
