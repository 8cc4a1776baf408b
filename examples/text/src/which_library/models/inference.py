"""Inference with exported models, as they will be served."""

import numpy as np
import onnxruntime
import pandas as pd
from numpy.typing import NDArray

from ..data.schema import Schema
from .base import Model
from .onnx_file import read_tokenizer
from .tokenizer import tokenize_batches


def predict_onnx(exported: bytes, features: pd.DataFrame, schema: Schema) -> NDArray[np.float64]:
    """Return the exported model's probabilities, shape (rows, classes)."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(exported, options, providers=["CPUExecutionProvider"])
    tokenizer = read_tokenizer(exported)
    batches = [session.run(None, {"tokens": tokens})[0] for tokens in tokenize_batches(tokenizer, features)]
    probabilities = np.concatenate(batches).astype(np.float64)
    normalized: NDArray[np.float64] = probabilities / probabilities.sum(axis=1, keepdims=True)
    return normalized


def export_difference(model: Model, exported: bytes, features: pd.DataFrame, schema: Schema) -> float:
    """Return the largest difference between the trained and the exported model's probabilities."""
    return float(np.abs(model.predict(features) - predict_onnx(exported, features, schema)).max())
