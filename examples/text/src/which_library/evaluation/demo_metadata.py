"""What only the demo reads of `champion.json`: the input, texts of the test split, versions of the sources."""

import textwrap
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..config import Params
from ..data.cleaning import words_of
from ..data.schema import Schema
from ..data.splits import Split, encode_target
from ..models.inference import predict_onnx
from ..models.onnx_file import read_tokenizer
from ..models.special_tokens import SPECIAL_TOKENS
from .candidate import Candidate
from .decision import predicted_classes
from .scores import Outcome, Truth

# Limits of the accepted length in characters; between them, the length of the training texts decides.
MIN_LIMIT, MAX_LIMIT = 2_000, 10_000
# An example is a text that fits on a few lines, else the start of a longer one.
EXAMPLE_WORDS = (12, 45)
EXCERPT_LENGTH = 200
MAX_EXAMPLES = 8
# Errors, and the wrong predictions among which they are selected.
MAX_ERRORS, MAX_CANDIDATES = 6, 60


def demo_metadata(
    selected: Candidate, decision: Any, splits: dict[str, Split], schema: Schema, params: Params
) -> dict[str, Any]:
    """Return the entries for the demo."""
    test, exported = splits["test"], selected.exported
    outcome = Outcome(Truth(encode_target(test.target, schema)), selected.predictions["test"], decision)
    examples = select_examples(schema, test, outcome.predictions, exported) if schema.extracts else []
    texts = [*(question.ask for question in schema.questions), *(row["inputs"][schema.text.name] for row in examples)]
    text_input = {
        "name": schema.text.name,
        "label": schema.text.label,
        "kind": "text",
        "default": texts[0],
        "maximum": length_limit(splits["train"]),
        "advice": schema.text.advice,
    }
    return {
        "inputs": [text_input],
        "questions": [{"ask": question.ask, "answer": question.answer} for question in schema.questions],
        "examples": examples,
        "errors": select_errors(schema, test, outcome, exported) if schema.extracts else [],
        "versions": source_versions(splits),
    }


def length_limit(train: Split) -> int:
    """Return the length that 95% of the training texts don't exceed, rounded up to thousands, within the limits."""
    length = float(train.features["text"].str.len().quantile(0.95))
    return min(MAX_LIMIT, max(MIN_LIMIT, 1000 * int(np.ceil(length / 1000))))


def source_versions(splits: dict[str, Split]) -> dict[str, str]:
    """Return the version of each class's source, if the data has versions."""
    rows = pd.concat([part.features.assign(label=part.target) for part in splits.values()])
    if "version" not in rows:
        return {}
    return {str(label): str(group.iloc[0]) for label, group in rows.groupby("label")["version"]}


def excerpt(text: str) -> str:
    """Return the start of a text on one line, cut between words if the text has spaces."""
    line = " ".join(text.split())
    if len(line) <= EXCERPT_LENGTH:
        return line
    shortened = textwrap.shorten(line, EXCERPT_LENGTH, placeholder=" …")
    return shortened if len(shortened) > EXCERPT_LENGTH // 2 else f"{line[: EXCERPT_LENGTH - 2]} …"


def select_examples(
    schema: Schema, test: Split, probabilities: NDArray[np.float64], exported: bytes
) -> list[dict[str, Any]]:
    """Return one short test text for each of the most frequent classes, with its class.

    The probability of its class is the median of the class's short texts: a typical example, not the best.
    """
    excerpts = test.features["text"].map(excerpt)
    encodings = read_tokenizer(exported).encode_batch(excerpts.tolist())
    # The demo rejects a text without a known word.
    known = np.array([max(encoding.ids) >= len(SPECIAL_TOKENS) for encoding in encodings])
    words = test.features["text"].map(lambda text: len(words_of(text, schema)))
    short = words.between(*EXAMPLE_WORDS).to_numpy()
    target = encode_target(test.target, schema)
    frequent = np.bincount(target, minlength=len(schema.classes)).argsort(kind="stable")[::-1][:MAX_EXAMPLES]
    examples = []
    for position in sorted(frequent):
        rows = np.flatnonzero((target == position) & known)
        rows = rows[short[rows]] if short[rows].any() else rows
        if len(rows):
            ranked = rows[probabilities[rows, position].argsort(kind="stable")]
            text = str(excerpts.iloc[ranked[len(ranked) // 2]])
            examples.append({"inputs": {schema.text.name: text}, "truth": schema.classes[position]})
    return examples


def select_errors(schema: Schema, test: Split, outcome: Outcome, exported: bytes) -> list[dict[str, Any]]:
    """Return the test texts whose excerpts have the most confident wrong predictions, with their classes."""
    target = outcome.truth.target
    predicted = predicted_classes(outcome.predictions, schema, outcome.decision)
    wrong = np.flatnonzero(predicted != target)
    wrong = wrong[(-outcome.predictions[wrong, predicted[wrong]]).argsort(kind="stable")][:MAX_CANDIDATES]
    if not len(wrong):
        return []
    # The demo shows excerpts, whose predictions may be right.
    excerpts = test.features["text"].iloc[wrong].map(excerpt)
    scores = predict_onnx(exported, excerpts.to_frame(), schema)
    predicted = predicted_classes(scores, schema, outcome.decision)
    ranked = (-scores[np.arange(len(scores)), predicted]).argsort(kind="stable")
    still = [position for position in ranked if predicted[position] != target[wrong[position]]]
    return [
        {"inputs": {schema.text.name: str(excerpts.iloc[position])}, "truth": schema.classes[target[wrong[position]]]}
        for position in still[:MAX_ERRORS]
    ]
