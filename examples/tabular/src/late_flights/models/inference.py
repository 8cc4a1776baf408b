"""Predictions of an exported model."""

import numpy as np
import onnxruntime
import pandas as pd
from numpy.typing import NDArray

from ..data.features import derive
from ..data.schema import Schema
from .base import Model
from .outputs import convert_output


def predict_onnx(exported: bytes, features: pd.DataFrame, schema: Schema) -> NDArray[np.float64]:
    """Return the predictions of an exported model, of the same shape as those of the trained one."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # as in the demo
    session = onnxruntime.InferenceSession(exported, options, providers=["CPUExecutionProvider"])
    output = session.get_outputs()[-1].name
    columns = {column.name: features[column.name].to_numpy() for column in schema.features}
    inputs = {name: values.reshape(-1, 1) for name, values in (columns | derive(columns)).items()}
    return convert_output(np.asarray(session.run([output], inputs)[0], dtype=np.float64))


def export_difference(model: Model, exported: bytes, features: pd.DataFrame, schema: Schema) -> float:
    """Return the largest difference between the predictions before and after the export, relative to the largest."""
    trained = model.predict(features)
    scale = float(np.abs(trained).max()) or 1.0
    return float(np.abs(trained - predict_onnx(exported, features, schema)).max()) / scale
