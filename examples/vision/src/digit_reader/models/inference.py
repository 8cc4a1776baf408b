"""Inference with exported models, as in production."""

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from ..data.images import Pixels
from ..data.schema import Schema
from .base import Model
from .sklearn_model import flatten, normalize

BATCH_SIZE = 256  # bounds the memory for a network's activations


def predict_onnx(exported: bytes, features: Pixels, schema: Schema) -> NDArray[np.float64]:
    """Return the exported model's probabilities for pixels.

    Shapes: (rows, height, width, channels) and (rows, classes).
    """
    session = onnxruntime.InferenceSession(exported, providers=["CPUExecutionProvider"])
    output = session.get_outputs()[-1].name
    batches = [flatten(features[start : start + BATCH_SIZE]) for start in range(0, len(features), BATCH_SIZE)]
    return normalize(np.concatenate([session.run([output], {"picture": batch})[0] for batch in batches]))


def export_difference(model: Model, exported: bytes, features: Pixels, schema: Schema) -> float:
    """Return the largest difference between the probabilities of the trained and the exported model."""
    return float(np.abs(model.predict(features) - predict_onnx(exported, features, schema)).max())
