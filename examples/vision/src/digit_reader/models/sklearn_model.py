"""scikit-learn classifiers for images: flat pixels in, probabilities out, ONNX export."""

import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ..data.images import Pixels
from ..data.schema import Schema
from ..data.splits import Split


class SklearnModel:
    """A scikit-learn classifier that is fitted to the flattened pixels."""

    def __init__(self, classifier: Any, train: Split, schema: Schema) -> None:
        self.classifier, self.inputs = classifier, math.prod(schema.picture.shape)
        # The last bits of parallel sums vary between runs, and with them the hash of the model.
        with threadpool_limits(limits=1):
            classifier.fit(flatten(train.features), train.target)

    def predict(self, features: Pixels) -> NDArray[np.float64]:
        """Return probabilities of shape (rows, classes)."""
        return normalize(self.classifier.predict_proba(flatten(features)))

    def export_onnx(self) -> bytes:
        """Return the classifier as ONNX, with one input `picture` of shape (rows, pixels)."""
        from skl2onnx import to_onnx
        from skl2onnx.common.data_types import FloatTensorType

        inputs = [("picture", FloatTensorType([None, self.inputs]))]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            # Without a fixed name, skl2onnx generates a random one.
            model = to_onnx(self.classifier, initial_types=inputs, options={"zipmap": False}, name="model")
        return bytes(model.SerializeToString())


def flatten(pixels: Pixels) -> Pixels:
    """Return the pixels in shape (rows, height * width * channels)."""
    return pixels.reshape(len(pixels), -1)


def normalize(probabilities: Any) -> NDArray[np.float64]:
    """Return probabilities as float64 that sum to 1; in float32 the sum is too inexact for the metrics."""
    exact = np.asarray(probabilities, dtype=np.float64)
    return np.asarray(exact / exact.sum(axis=1, keepdims=True))
