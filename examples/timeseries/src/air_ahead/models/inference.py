"""Predictions of an exported model, as serving computes them."""

import numpy as np
import onnxruntime
import pandas as pd
from numpy.typing import NDArray

from ..data.schema import Schema
from .base import Model

Array = NDArray[np.float64]


def predict_onnx(exported: bytes, features: pd.DataFrame, schema: Schema) -> Array:
    """Return the quantiles that an exported model predicts from histories.

    Shapes: (origins, history) and (origins, horizon, 3).
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(exported, options, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"history": features.to_numpy(dtype=np.float32)})[0], dtype=np.float64)


def export_difference(model: Model, exported: bytes, features: pd.DataFrame, schema: Schema) -> float:
    """Return the largest difference between the trained and the exported model's predictions.

    It is relative to the largest predicted change from the origin: relative to the level of the series, a model that
    always repeats the last value would pass.
    """
    trained = model.predict(features)
    scale = float(np.abs(trained - features.to_numpy(dtype=np.float64)[:, -1:, None]).max())
    return float(np.abs(trained - predict_onnx(exported, features, schema)).max()) / scale
