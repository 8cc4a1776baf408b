"""The inputs in reports: of the hardest cases, of groups with errors, and those that `monitor` compares."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..data.cleaning import words_of
from ..data.description import describe_text
from ..data.schema import Schema
from ..data.splits import Split
from ..models.onnx_file import read_tokenizer
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


def reference_inputs(exported: bytes, splits: Mapping[str, Split], _schema: Schema) -> pd.DataFrame:
    """Return the description of each text."""
    texts = splits["validation"].features["text"].tolist()
    tokenizer = read_tokenizer(exported)
    return pd.DataFrame([describe_text(text, tokenizer.encode(text).ids) for text in texts])
