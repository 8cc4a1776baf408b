"""TF-IDF of word n-grams and logistic regression (scikit-learn), exported to ONNX.

Term frequencies are sublinear, 1 + log(count), and rows have unit length (Salton and Buckley, 1988).
"""

from dataclasses import dataclass as plain_dataclass
from typing import Annotated

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
from .ngrams import NGramParams, count_ngrams, fit_vectorizer, ngram_pool
from .onnx_file import build_onnx


@dataclass(frozen=True, config=STRICT)
class Params(NGramParams):
    """Hyperparameters of `TfidfVectorizer` and `LogisticRegression`."""

    C: Annotated[float, Field(gt=0)]
    max_iter: Annotated[int, Field(gt=0)]


@plain_dataclass(frozen=True)
class TfidfModel:
    """A fitted tokenizer, vectorizer and classifier."""

    tokenizer: Tokenizer
    vectorizer: TfidfVectorizer
    classifier: LogisticRegression

    def predict(self, features: pd.DataFrame) -> NDArray[np.float64]:
        """Return probabilities of shape (rows, classes)."""
        tfidf = count_ngrams(self.vectorizer, self.tokenizer, features)
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
            helper.make_node("TfIdfVectorizer", ["tokens"], ["counts"], **ngram_pool(self.vectorizer.vocabulary_)),
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
    vectorizer = TfidfVectorizer(**params.options(), sublinear_tf=True)
    tokenizer, tfidf = fit_vectorizer(vectorizer, train, schema, params.min_df)
    classifier = LogisticRegression(C=params.C, max_iter=params.max_iter, random_state=context.seed)
    # One thread: parallel sums differ in their last bit from run to run, and so would the model's hash.
    with threadpool_limits(limits=1):
        classifier.fit(tfidf, encode_target(train.target, schema))
    return TfidfModel(tokenizer, vectorizer, classifier)
