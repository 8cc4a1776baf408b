"""Exploration of the texts of the training split."""

from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from ..data.cleaning import words_of
from ..data.schema import Schema
from ..data.splits import Split
from .report import Exploration
from .samples import Presentation, explore_samples

COMPONENTS, MIN_COUNT, MAX_TYPICAL, MAX_CLASSES = 100, 3, 6, 20


def explore(train: Split, validation: Split, schema: Schema) -> Exploration:
    """Return what the training split shows."""
    found = explore_samples(
        describe(train, schema),
        describe(validation, schema),
        train.target,
        to_vectors(train, schema),
        schema.sample_noun,
        Presentation(columns="measures", groups=(train.groups, validation.groups)),
    )
    found.tables["Typical words and word pairs of each class"] = typical_words(train, schema)
    return found


def describe(split: Split, schema: Schema) -> pd.DataFrame:
    """Return the length of each text, and what it consists of."""
    texts = split.features["text"].reset_index(drop=True)
    words = texts.map(lambda text: words_of(text, schema))
    count = words.map(len)
    letters = texts.str.len().clip(lower=1)
    return pd.DataFrame(
        {
            "words": count.astype(float),
            "letters per word": words.map(lambda found: float(np.mean([len(word) for word in found] or [0]))),
            "repeated words": 1 - words.map(lambda found: len(set(found))) / count.clip(lower=1),
            "digits": texts.str.count(r"\d") / letters,
            "capital letters": texts.str.count(r"[A-Z]") / letters,
            "punctuation": texts.str.count(r"[^\w\s]") / letters,
        }
    )


def to_vectors(split: Split, schema: Schema) -> NDArray[np.float64]:
    """Return the main components of the TF-IDF matrix (latent semantic analysis)."""
    vectorizer = TfidfVectorizer(analyzer=lambda text: words_of(text, schema), sublinear_tf=True, min_df=2)
    matrix = vectorizer.fit_transform(split.features["text"])
    count = min(COMPONENTS, min(matrix.shape) - 1)
    return np.asarray(TruncatedSVD(count, random_state=0).fit_transform(matrix), dtype=np.float64)


def typical_words(split: Split, schema: Schema) -> pd.DataFrame:
    """Return the words and word pairs that are more frequent in texts of a class than in others, by class.

    They are ranked by the difference of the square roots of the shares, which puts rare words that only the class has
    before frequent ones that it has more often.
    """
    counts: dict[str, pd.Series] = {}
    for label, texts in split.features["text"].groupby(split.target.to_numpy()):
        found = [word for text in texts for word in _words_and_pairs(words_of(text, schema))]
        counts[str(label)] = pd.Series(found, dtype=object).value_counts() / len(texts)
    everywhere = pd.DataFrame(counts).fillna(0)
    rows = {}
    for name, shares in list(counts.items())[:MAX_CLASSES]:
        frequent = shares[shares * int((split.target == name).sum()) >= MIN_COUNT]
        others = everywhere.drop(columns=name).mean(axis=1).reindex(frequent.index).fillna(0)
        difference = (np.sqrt(frequent) - np.sqrt(others)).sort_values(ascending=False, kind="stable")
        rows[name] = ", ".join(map(str, difference.index[:MAX_TYPICAL]))
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["typical"])
    table.index.name = "class"
    return table


def _words_and_pairs(words: list[str]) -> set[str]:
    return {*words, *(" ".join(pair) for pair in pairwise(words))}
