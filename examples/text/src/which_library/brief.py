"""What the demo must know of a champion beside its file: the question to begin with, and documents to try."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .data import Schema, Split, encode_target, words_of
from .params import Params

# The longest question that is answered, in characters; twice as long as nine of ten documents.
LONGEST = 2000
# An example fits on a few lines.
EXAMPLE_WORDS = (12, 45)


def brief_of(
    exported: bytes,  # noqa: ARG001  # every domain is asked alike
    predictions: Mapping[str, NDArray[Any]],
    splits: dict[str, Split],
    schema: Schema,
    params: Params,  # noqa: ARG001  # as above
) -> dict[str, Any]:
    """The keys of `champion.json` that only a demo for text reads.

    Args:
        exported: the champion as ONNX.
        predictions: its answers, by split.
        splits: the documents.
        schema: the libraries, and questions to start from.
        params: every number that may be turned.
    """
    question = {
        "name": "question",
        "label": "The question",
        "kind": "text",
        "default": schema.questions[0].ask,
        "maximum": LONGEST,
    }
    return {
        "inputs": [question],
        "questions": [{"ask": one.ask, "library": one.library} for one in schema.questions],
        "examples": pick_examples(schema, splits["test"], predictions["test"]),
        "libraries": versions_of(splits),
    }


def versions_of(splits: dict[str, Split]) -> dict[str, str]:
    """The version of each library whose documentation the model learnt from."""
    rows = pd.concat([part.features.assign(library=part.target) for part in splits.values()])
    return {str(library): str(group.iloc[0]) for library, group in rows.groupby("library")["version"]}


def pick_examples(schema: Schema, test: Split, prediction: NDArray[np.float64]) -> list[dict[str, Any]]:
    """A short document of the test split for each library, with the truth: the one whose answer is the median one.

    So they are typical, not the best: the model is as sure of them as of half of the library's short documents.
    """
    target = encode_target(test.target, schema)
    sizes = test.features["text"].map(lambda text: len(words_of(text))).to_numpy()
    short = (sizes >= EXAMPLE_WORDS[0]) & (sizes <= EXAMPLE_WORDS[1])
    examples = []
    for position, library in enumerate(schema.classes):
        rows = np.flatnonzero(target == position)
        rows = rows[short[rows]] if short[rows].any() else rows
        order = rows[prediction[rows, position].argsort(kind="stable")]
        text = str(test.features["text"].iloc[order[len(order) // 2]])[:LONGEST]
        examples.append({"inputs": {"question": text}, "truth": library})
    return examples
