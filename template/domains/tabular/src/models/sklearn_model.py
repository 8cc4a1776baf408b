"""Fitting and ONNX export of a scikit-learn estimator."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.base import BaseEstimator, is_classifier
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder
from threadpoolctl import threadpool_limits

from ..data.schema import Schema
from ..data.splits import Split


class SklearnModel:
    """A fitted pipeline of a one-hot encoder and an estimator."""

    def __init__(self, pipeline: Pipeline, schema: Schema) -> None:
        self.pipeline, self.schema = pipeline, schema

    def predict(self, features: pd.DataFrame) -> NDArray[np.float64]:
        """Return probabilities of shape (rows, classes), or values of shape (rows,)."""
        predict = self.pipeline.predict_proba if is_classifier(self.pipeline) else self.pipeline.predict
        return np.asarray(predict(features), dtype=np.float64)

    def export_onnx(self) -> bytes:
        """Return the pipeline as ONNX: an input of shape (rows, 1) per feature, float32 or string."""
        inputs = [
            (column.name, (StringTensorType if column.kind == "category" else FloatTensorType)([None, 1]))
            for column in self.schema.features
        ]
        options = {"zipmap": False} if is_classifier(self.pipeline) else None
        # Without a fixed name, skl2onnx uses a random one.
        model = to_onnx(self.pipeline, initial_types=inputs, options=options, name="model")
        return bytes(model.SerializeToString())


def fit_sklearn(estimator: BaseEstimator, train: Split, schema: Schema) -> SklearnModel:
    """Fit an estimator to the features, with categories one-hot encoded."""
    categories = [column.name for column in schema.features if column.kind == "category"]
    encoder = ColumnTransformer(
        [("categories", OneHotEncoder(handle_unknown="ignore", sparse_output=False), categories)],
        remainder="passthrough",
    )
    # One thread: parallel sums differ in the last bit between runs, and so would the model's hash.
    with threadpool_limits(limits=1):
        pipeline = Pipeline([("encoder", encoder), ("model", estimator)]).fit(train.features, train.target)
    round_thresholds(estimator)
    return SklearnModel(pipeline, schema)


def round_thresholds(estimator: Any) -> None:
    """Round the thresholds of decision trees down to float32, the precision of ONNX; no prediction changes.

    A float32 input is at most a threshold if and only if it is at most the largest float32 below the threshold. The
    exporter rounds to the nearest float32, which may be above the threshold and equal to an input.
    """
    for predictors in getattr(estimator, "_predictors", []):  # histogram-based gradient boosting
        for predictor in predictors:
            _round_down(predictor.nodes["num_threshold"])
    if hasattr(estimator, "tree_"):
        _round_down(estimator.tree_.threshold)
    for member in np.asarray(getattr(estimator, "estimators_", []), dtype=object).ravel():  # any other ensemble
        round_thresholds(member)


def _round_down(thresholds: NDArray[np.float64]) -> None:
    nearest = thresholds.astype(np.float32)
    below = np.nextafter(nearest, np.float32(-np.inf))
    thresholds[:] = np.where(nearest > thresholds, below, nearest)
