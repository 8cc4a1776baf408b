"""Multinomial naive Bayes on counts of word n-grams (scikit-learn) with calibrated probabilities, exported to ONNX.

The probability of a class is proportional to its share of the training texts times, for each n-gram of the text, the
n-gram's share of the class, as if n-grams were independent (Manning, Raghavan and Schütze, 2008, section 13.2). They
are not, so the probabilities are too extreme, and are corrected by temperature scaling (Guo et al., 2017).
"""

from dataclasses import dataclass as plain_dataclass
from typing import Annotated

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from onnx import helper
from pydantic import Field
from pydantic.dataclasses import dataclass
from scipy.optimize import minimize_scalar
from scipy.special import softmax
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import log_loss
from sklearn.naive_bayes import MultinomialNB
from tokenizers import Tokenizer

from ..config import STRICT
from ..data.folds import random_folds
from ..data.schema import Schema
from ..data.splits import Split, encode_target
from .base import TrainingContext
from .ngrams import NGramParams, count_ngrams, fit_vectorizer, ngram_pool
from .onnx_file import build_onnx

CALIBRATION_FOLDS = 5
# Logarithms of the smallest and the largest temperature.
TEMPERATURES = (-2.0, 7.0)


@dataclass(frozen=True, config=STRICT)
class Params(NGramParams):
    """Hyperparameters of `CountVectorizer` and `MultinomialNB`."""

    alpha: Annotated[float, Field(gt=0)]


@plain_dataclass(frozen=True)
class NaiveBayesModel:
    """A fitted tokenizer, vectorizer and classifier, and the temperature by which its scores are divided."""

    tokenizer: Tokenizer
    vectorizer: CountVectorizer
    classifier: MultinomialNB
    temperature: float

    def predict(self, features: pd.DataFrame) -> NDArray[np.float64]:
        """Return probabilities of shape (rows, classes)."""
        counts = count_ngrams(self.vectorizer, self.tokenizer, features)
        scores = self.classifier.predict_joint_log_proba(counts)
        return np.asarray(softmax(scores / self.temperature, axis=1))

    def export_onnx(self) -> bytes:
        """Export: count n-grams, add the logarithms of their shares, softmax."""
        weights, bias = self.classifier.feature_log_prob_, self.classifier.class_log_prior_
        constants = {
            # Without what all classes have in common, which the softmax ignores: sums in float32 stay small and exact.
            "weights": ((weights - weights.mean(axis=0)) / self.temperature).astype(np.float32),
            "bias": (bias / self.temperature).astype(np.float32),
        }
        nodes = [
            helper.make_node("TfIdfVectorizer", ["tokens"], ["counts"], **ngram_pool(self.vectorizer.vocabulary_)),
            helper.make_node("Gemm", ["counts", "weights", "bias"], ["scores"], transB=1),
            helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
        ]
        return build_onnx(nodes, constants, len(bias), self.tokenizer)


def fit(train: Split, schema: Schema, params: Params, context: TrainingContext) -> NaiveBayesModel:
    """Count the n-grams of each class, plus `alpha` so that no count is zero, and fit the temperature."""
    vectorizer, target = CountVectorizer(**params.options()), encode_target(train.target, schema)
    tokenizer, counts = fit_vectorizer(vectorizer, train, schema, params.min_df)
    classifier = MultinomialNB(alpha=params.alpha)
    folds = random_folds(CALIBRATION_FOLDS, target, context.seed, train.groups)
    temperature = 1.0
    if folds:
        scores = np.zeros((len(target), len(schema.classes)))
        for fitted, predicted in zip(folds.fitted, folds.predicted, strict=True):
            classifier.fit(counts[fitted], target[fitted])
            scores[predicted] = classifier.predict_joint_log_proba(counts[predicted])
        temperature = fit_temperature(scores[folds.rows], target[folds.rows])
    return NaiveBayesModel(tokenizer, vectorizer, classifier.fit(counts, target), temperature)


def fit_temperature(scores: NDArray[np.float64], target: NDArray[np.int64]) -> float:
    """Return the temperature with the smallest log loss, for scores of texts to which no model was fitted."""
    labels = range(scores.shape[1])
    found = minimize_scalar(
        lambda log_temperature: log_loss(target, softmax(scores / np.exp(log_temperature), axis=1), labels=labels),
        bounds=TEMPERATURES,
        method="bounded",
    )
    return float(np.exp(found.x))
