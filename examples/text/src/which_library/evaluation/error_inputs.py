"""The texts in `reports/errors.md`, and what may explain errors."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..data.cleaning import words_of
from ..data.schema import Schema
from ..data.splits import Split
from .demo_metadata import excerpt
from .error_groups import Feature

NOTE = ""  # about the inputs that are shown


def case_inputs(_record: dict[str, Any], schema: Schema, test: Split, position: int) -> dict[str, str]:
    """Return the number of words of a text, and the start of the text if it may be published."""
    text = str(test.features["text"].iloc[position])
    words = {"words": str(len(words_of(text, schema)))}
    return words | {"text": excerpt(text)} if schema.extracts else words


def error_features(schema: Schema, test: Split) -> list[Feature]:
    """Return the number of words of each text, and their mean length; its class is not known in use."""
    words = test.features["text"].map(lambda text: words_of(text, schema))
    lengths = words.map(lambda found: float(np.mean([len(word) for word in found] or [0])))
    return [Feature("words", np.asarray(words.map(len))), Feature("letters per word", np.asarray(lengths))]


def case_figures(_schema: Schema, _test: Split, _positions: list[int]) -> dict[str, Figure]:
    """Return no figure: a text is shown as text."""
    return {}
