"""What the demo must know of a champion beside its file: the text to begin with, and texts to try."""

import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from . import models
from .data import Schema, Split, encode_target, words_of
from .params import Params

# The longest text that is answered, in characters: two thousand, more where the texts are longer than that.
LONGEST, MOST = 2000, 10_000
# An example is best a text that fits on a few lines; of a longer one, it is the beginning.
EXAMPLE_WORDS = (12, 45)
EXTRACT = 200
# A page with more buttons is no choice.
MOST_EXAMPLES = 8


def brief_of(
    exported: bytes,
    predictions: Mapping[str, NDArray[Any]],
    splits: dict[str, Split],
    schema: Schema,
    params: Params,  # noqa: ARG001  # every domain is asked alike
) -> dict[str, Any]:
    """The keys of `champion.json` that only a demo for text reads.

    Args:
        exported: the champion as ONNX.
        predictions: its answers, by split.
        splits: the texts.
        schema: the classes, and questions to start from.
        params: every number that may be turned.
    """
    examples = pick_examples(schema, splits["test"], predictions["test"], exported) if schema.extracts else []
    starts = [*(one.ask for one in schema.questions), *(one["inputs"][schema.text.name] for one in examples)]
    question = {
        "name": schema.text.name,
        "label": schema.text.label,
        "kind": "text",
        "default": starts[0],
        "maximum": longest(splits),
        "advice": schema.text.advice,
    }
    return {
        "inputs": [question],
        "questions": [{"ask": one.ask, "answer": one.answer} for one in schema.questions],
        "examples": examples,
        "versions": versions_of(splits),
    }


def longest(splits: dict[str, Split]) -> int:
    """As many characters as nineteen of twenty training texts have at most, in thousands, within limits."""
    usual = float(splits["train"].features["text"].str.len().quantile(0.95))
    return min(MOST, max(LONGEST, 1000 * int(np.ceil(usual / 1000))))


def versions_of(splits: dict[str, Split]) -> dict[str, str]:
    """The version of each class's source, where the texts state it."""
    rows = pd.concat([part.features.assign(label=part.target) for part in splits.values()])
    if "version" not in rows:
        return {}
    return {str(label): str(group.iloc[0]) for label, group in rows.groupby("label")["version"]}


def extract(text: str) -> str:
    """The beginning of a text, on one line; it ends with a word where the text has blanks."""
    line = " ".join(text.split())
    if len(line) <= EXTRACT:
        return line
    short = textwrap.shorten(line, EXTRACT, placeholder=" …")
    return short if len(short) > EXTRACT // 2 else f"{line[: EXTRACT - 2]} …"


def pick_examples(
    schema: Schema, test: Split, prediction: NDArray[np.float64], exported: bytes
) -> list[dict[str, Any]]:
    """A short text of the test split for each of the most frequent classes, with the truth: the median one.

    So they are typical, not the best: the model is as sure of them as of half of the class's short texts.
    """
    extracts = test.features["text"].map(extract)
    encoded = models.tokenizer_of(exported).encode_batch(extracts.tolist())
    # The demo refuses a text without a word that the model knows.
    known = np.array([max(one.ids) >= len(models.SPECIAL) for one in encoded])
    target = encode_target(test.target, schema)
    sizes = test.features["text"].map(lambda text: len(words_of(text, schema))).to_numpy()
    short = (sizes >= EXAMPLE_WORDS[0]) & (sizes <= EXAMPLE_WORDS[1])
    frequent = np.bincount(target, minlength=len(schema.classes)).argsort(kind="stable")[::-1][:MOST_EXAMPLES]
    examples = []
    for position in sorted(frequent):
        rows = np.flatnonzero((target == position) & known)
        rows = rows[short[rows]] if short[rows].any() else rows
        if len(rows):
            order = rows[prediction[rows, position].argsort(kind="stable")]
            text = str(extracts.iloc[order[len(order) // 2]])
            examples.append({"inputs": {schema.text.name: text}, "truth": schema.classes[position]})
    return examples
