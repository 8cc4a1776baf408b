"""Word n-grams: what the models that count them share, from their parameters to the ONNX operator."""

from functools import partial
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field
from pydantic.dataclasses import dataclass
from sklearn.feature_extraction.text import CountVectorizer
from tokenizers import Tokenizer

from ..config import STRICT
from ..data.cleaning import words_of
from ..data.schema import Schema
from ..data.splits import Split
from .special_tokens import PAD, SPECIAL_TOKENS, START, UNKNOWN
from .tokenizer import Tokens, tokenize_batches, word_tokenizer

NGram = tuple[int, ...]


@dataclass(frozen=True, config=STRICT)
class NGramParams:
    """Hyperparameters of `CountVectorizer` and `TfidfVectorizer`."""

    ngram_range: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(le=3)]]
    min_df: Annotated[int, Field(gt=0)]
    max_features: Annotated[int, Field(gt=0)]

    def __post_init__(self) -> None:
        shortest, longest = self.ngram_range
        if shortest > longest:
            raise ValueError(f"ngram_range is [{shortest}, {longest}]; the first number must not exceed the second")

    def options(self) -> dict[str, Any]:
        """Return the arguments of a vectorizer that counts tokens."""
        analyzer = partial(ngrams, ngram_range=self.ngram_range)
        return {"analyzer": analyzer, "min_df": self.min_df, "max_features": self.max_features}


def fit_vectorizer(vectorizer: CountVectorizer, train: Split, schema: Schema, min_df: int) -> tuple[Tokenizer, Any]:
    """Fit the vocabulary of words and that of n-grams; return the tokenizer and the matrix of the training texts.

    `prepare` cleaned these texts, so splitting them is enough, which takes a tenth of the time of the tokenizer.
    """
    tokenizer = word_tokenizer(train, schema, min_df)
    vocabulary = tokenizer.get_vocab()
    words = (words_of(text, schema) for text in train.features["text"])
    rows = (np.array([START, *(vocabulary.get(word, UNKNOWN) for word in row)], dtype=np.int64) for row in words)
    return tokenizer, vectorizer.fit_transform(rows)


def count_ngrams(vectorizer: CountVectorizer, tokenizer: Tokenizer, features: pd.DataFrame) -> Any:
    """Return the vectorizer's sparse matrix of any texts."""
    return vectorizer.transform(row for batch in tokenize_batches(tokenizer, features) for row in batch)


def ngrams(tokens: Tokens, ngram_range: tuple[int, int]) -> list[NGram]:
    """Return every n-gram of a row of tokens, as often as it occurs; none contains a special token."""
    row = tokens[tokens != PAD].tolist()
    sizes = range(ngram_range[0], ngram_range[1] + 1)
    runs = (tuple(row[start : start + size]) for size in sizes for start in range(len(row) - size + 1))
    return [run for run in runs if min(run) >= len(SPECIAL_TOKENS)]


def ngram_pool(vocabulary: dict[NGram, int]) -> dict[str, Any]:
    """Return the attributes of the ONNX operator: the n-grams by length, and the column of each."""
    pool = sorted(vocabulary, key=lambda ngram: (len(ngram), ngram))
    longest = len(pool[-1])
    return {
        "mode": "TF",
        "min_gram_length": len(pool[0]),
        "max_gram_length": longest,
        "max_skip_count": 0,
        "ngram_counts": [sum(len(ngram) for ngram in pool if len(ngram) < size) for size in range(1, longest + 1)],
        "ngram_indexes": [vocabulary[ngram] for ngram in pool],
        "pool_int64s": [token for ngram in pool for token in ngram],
    }
