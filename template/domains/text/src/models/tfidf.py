"""TF-IDF of word n-grams and logistic regression (scikit-learn), exported to ONNX.

Term frequencies are sublinear, 1 + log(count), and rows have unit length (Salton and Buckley, 1988).
"""

from dataclasses import dataclass as plain_dataclass
from functools import partial
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from onnx import helper
from pydantic import Field
from pydantic.dataclasses import dataclass
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits
from tokenizers import Tokenizer

from ..config import STRICT
from ..data.schema import Schema
from ..data.splits import Split, encode_target
from .base import TrainingContext
from .onnx_file import build_onnx
from .special_tokens import PAD, SPECIAL_TOKENS
from .tokenizer import Tokens, tokenize_batches, word_tokenizer

NGram = tuple[int, ...]


@dataclass(frozen=True, config=STRICT)
class Params:
    """Hyperparameters of `TfidfVectorizer` and `LogisticRegression`."""

    ngram_range: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(le=3)]]
    min_df: Annotated[int, Field(gt=0)]
    max_features: Annotated[int, Field(gt=0)]
    C: Annotated[float, Field(gt=0)]
    max_iter: Annotated[int, Field(gt=0)]

    def __post_init__(self) -> None:
        shortest, longest = self.ngram_range
        if shortest > longest:
            raise ValueError(f"ngram_range is [{shortest}, {longest}]; the first number must not exceed the second")


@plain_dataclass(frozen=True)
class TfidfModel:
    """A fitted tokenizer, vectorizer and classifier."""

    tokenizer: Tokenizer
    vectorizer: TfidfVectorizer
    classifier: LogisticRegression

    def predict(self, features: pd.DataFrame) -> NDArray[np.float64]:
        """Return probabilities of shape (rows, classes)."""
        tfidf = self.vectorizer.transform(_token_rows(self.tokenizer, features))
        probabilities: NDArray[np.float64] = self.classifier.predict_proba(tfidf)
        return probabilities

    def export_onnx(self) -> bytes:
        """Export the same arithmetic: count n-grams, sublinear term frequency, IDF, normalize, linear, softmax."""
        weights, bias = self.classifier.coef_, self.classifier.intercept_
        if len(bias) == 1:
            # For two classes scikit-learn has the score of the second only; that of the first is 0.
            weights, bias = np.vstack([np.zeros_like(weights), weights]), np.append(0.0, bias)
        constants = {
            "one": np.array(1, dtype=np.float32),
            "idf": self.vectorizer.idf_.astype(np.float32),
            "weights": weights.astype(np.float32),
            "bias": bias.astype(np.float32),
        }
        nodes = [
            helper.make_node("TfIdfVectorizer", ["tokens"], ["counts"], **_ngram_pool(self.vectorizer.vocabulary_)),
            # log(max(count, 1)) + min(count, 1) is 1 + log(count), and 0 for a count of 0.
            helper.make_node("Max", ["counts", "one"], ["positive_counts"]),
            helper.make_node("Log", ["positive_counts"], ["log_counts"]),
            helper.make_node("Min", ["counts", "one"], ["occurs"]),
            helper.make_node("Add", ["log_counts", "occurs"], ["tf"]),
            helper.make_node("Mul", ["tf", "idf"], ["tfidf"]),
            helper.make_node("LpNormalization", ["tfidf"], ["normalized"], axis=1, p=2),
            helper.make_node("Gemm", ["normalized", "weights", "bias"], ["scores"], transB=1),
            helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
        ]
        return build_onnx(nodes, constants, len(bias), self.tokenizer)


def fit(train: Split, schema: Schema, params: Params, context: TrainingContext) -> TfidfModel:
    """Fit the vocabulary, the IDF weights and the classifier."""
    tokenizer = word_tokenizer(train, schema, params.min_df)
    vectorizer = TfidfVectorizer(
        analyzer=partial(ngrams, ngram_range=params.ngram_range),
        min_df=params.min_df,
        max_features=params.max_features,
        sublinear_tf=True,
    )
    classifier = LogisticRegression(C=params.C, max_iter=params.max_iter, random_state=context.seed)
    # One thread: parallel sums differ in their last bit from run to run, and so would the model's hash.
    with threadpool_limits(limits=1):
        tfidf = vectorizer.fit_transform(_token_rows(tokenizer, train.features))
        classifier.fit(tfidf, encode_target(train.target, schema))
    return TfidfModel(tokenizer, vectorizer, classifier)


def ngrams(tokens: Tokens, ngram_range: tuple[int, int]) -> list[NGram]:
    """Return every n-gram of a row of tokens, as often as it occurs; none contains a special token."""
    row = tokens[tokens != PAD].tolist()
    sizes = range(ngram_range[0], ngram_range[1] + 1)
    runs = (tuple(row[start : start + size]) for size in sizes for start in range(len(row) - size + 1))
    return [run for run in runs if min(run) >= len(SPECIAL_TOKENS)]


def _token_rows(tokenizer: Tokenizer, features: pd.DataFrame) -> Any:
    return (row for batch in tokenize_batches(tokenizer, features) for row in batch)


def _ngram_pool(vocabulary: dict[NGram, int]) -> dict[str, Any]:
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
