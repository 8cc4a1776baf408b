"""Baseline: the class frequencies of the training texts, regardless of the text."""

from dataclasses import dataclass as plain_dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from onnx import helper
from pydantic.dataclasses import dataclass
from tokenizers import Tokenizer

from ..config import STRICT
from ..data.schema import Schema
from ..data.splits import Split, encode_target
from .base import TrainingContext
from .onnx_file import build_onnx
from .tokenizer import word_tokenizer


@dataclass(frozen=True, config=STRICT)
class Params:
    """No hyperparameters."""


@plain_dataclass(frozen=True)
class Baseline:
    """The class frequencies, and a tokenizer: the demo rejects texts without a known word."""

    frequencies: NDArray[np.float32]
    tokenizer: Tokenizer

    def predict(self, features: pd.DataFrame) -> NDArray[np.float64]:
        """Return probabilities of shape (rows, classes)."""
        frequencies = self.frequencies.astype(np.float64)
        return np.tile(frequencies / frequencies.sum(), (len(features), 1))

    def export_onnx(self) -> bytes:
        """Export: repeat the frequencies for each row of tokens."""
        nodes = [
            helper.make_node("Shape", ["tokens"], ["rows"], start=0, end=1),
            helper.make_node("Concat", ["rows", "classes"], ["shape"], axis=0),
            helper.make_node("Expand", ["frequencies", "shape"], ["probabilities"]),
        ]
        classes = len(self.frequencies)
        shape = np.array([classes], dtype=np.int64)
        constants: dict[str, NDArray[Any]] = {"frequencies": self.frequencies, "classes": shape}
        return build_onnx(nodes, constants, classes, self.tokenizer)


def fit(train: Split, schema: Schema, params: Params, context: TrainingContext) -> Baseline:
    """Count the classes."""
    counts = np.bincount(encode_target(train.target, schema), minlength=len(schema.classes))
    return Baseline((counts / counts.sum()).astype(np.float32), word_tokenizer(train, schema, min_df=2))
