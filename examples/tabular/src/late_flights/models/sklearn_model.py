"""Fitting and ONNX export of a scikit-learn estimator."""

from typing import Any

import numpy as np
import onnx
import pandas as pd
from numpy.typing import NDArray
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.base import BaseEstimator, is_classifier
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import GroupKFold, KFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, TargetEncoder
from threadpoolctl import threadpool_limits

from ..data.features import DERIVED, derive
from ..data.schema import Schema
from ..data.splits import Split, hold_out_cases
from .outputs import convert_output

# A column of more categories is target-encoded: one-hot encoded, it would be as many columns.
MAX_ONE_HOT = 32
# What models get of a date, besides the number of days: its position in a period, in days. Each has the days from the
# start of a period to 1970-01-01 (2000 years, so that dates before 1970 count too) and the length of the period.
DATE_PARTS = {"day_of_year": (730_485.0, 365.2425), "weekday": (730_488.0, 7.0)}


class SklearnModel:
    """A fitted pipeline of encoders and an estimator."""

    def __init__(self, pipeline: Pipeline, schema: Schema) -> None:
        self.pipeline, self.schema = pipeline, schema

    def predict(self, features: pd.DataFrame) -> NDArray[np.float64]:
        """Return probabilities of shape (rows, classes), or values of shape (rows,)."""
        predict = self.pipeline.predict_proba if is_classifier(self.pipeline) else self.pipeline.predict
        return convert_output(np.asarray(predict(model_inputs(features, self.schema)), dtype=np.float64))

    def export_onnx(self) -> bytes:
        """Return the pipeline as ONNX: an input of shape (rows, 1) per feature, float32 or string."""
        inputs = [
            (column.name, (StringTensorType if column.kind == "category" else FloatTensorType)([None, 1]))
            for column in self.schema.features
        ]
        inputs += [(name, FloatTensorType([None, 1])) for name in [*date_parts(self.schema), *DERIVED]]
        options = {"zipmap": False} if is_classifier(self.pipeline) else None
        # Without a fixed name, skl2onnx uses a random one.
        model = to_onnx(self.pipeline, initial_types=inputs, options=options, name="model")
        compute_date_parts(model.graph, self.schema)
        return bytes(model.SerializeToString())


def fit_sklearn(estimator: BaseEstimator, train: Split, schema: Schema) -> SklearnModel:
    """Fit an estimator to the features: categories are encoded, dates get their day of the year and weekday.

    Rows of one case are together, in the folds of the encoder and in the rows by which the estimator stops early.
    """
    inputs, target = model_inputs(train.features, schema), train.target
    fitted, held_out = np.arange(len(target)), np.array([], dtype=np.int64)
    if train.cases is not None and getattr(estimator, "early_stopping", False) is True:
        classes = target if schema.classes else None
        fitted, held_out = hold_out_cases(
            train.cases, classes, estimator.validation_fraction, int(estimator.random_state or 0)
        )
    encoder = make_encoder(schema, None if train.cases is None else train.cases.iloc[fitted])
    # One thread: parallel sums differ in the last bit between runs, and so would the model's hash.
    with threadpool_limits(limits=1):
        encoded, validation = encoder.fit_transform(inputs.iloc[fitted], target.iloc[fitted]), {}
        if len(held_out):
            validation = {"X_val": encoder.transform(inputs.iloc[held_out]), "y_val": target.iloc[held_out]}
        estimator.fit(encoded, target.iloc[fitted], **validation)
    if "many" in encoder.named_transformers_:
        round_encodings(encoder.named_transformers_["many"])
    round_thresholds(estimator)
    return SklearnModel(Pipeline([("encoder", encoder), ("model", estimator)]), schema)


def make_encoder(schema: Schema, cases: pd.Series | None) -> ColumnTransformer:
    """Return an encoder of categories: few are one-hot encoded, many by the target's mean.

    `TargetEncoder` computes the mean for a row from other folds, which have no row of the same case.
    """
    levels = {column.name: len(column.levels) for column in schema.features if column.kind == "category"}
    # The ONNX converter of `TargetEncoder` knows no multiclass targets.
    most = MAX_ONE_HOT if len(schema.classes) <= 2 else np.inf
    many = [name for name, count in levels.items() if count > most]
    few = [name for name in levels if name not in many]
    encoders = [("categories", OneHotEncoder(handle_unknown="ignore", sparse_output=False), few)]
    if many:
        target_type = "binary" if schema.classes else "continuous"
        encoders.append(("many", TargetEncoder(target_type=target_type, cv=make_folds(cases)), many))
    return ColumnTransformer(encoders, remainder="passthrough")


def make_folds(cases: pd.Series | None) -> Any:
    """Return five folds of rows, or of whole cases."""
    if cases is None:
        return KFold(5, shuffle=True, random_state=0)
    folds = GroupKFold(min(5, cases.nunique()), shuffle=True, random_state=0)
    return list(folds.split(cases, groups=cases))


def date_parts(schema: Schema) -> dict[str, tuple[str, float, float]]:
    """Return the parts of each date by name: the column, and what to add before dividing by the period."""
    dates = [column.name for column in schema.features if column.kind == "date"]
    return {f"{name}__{part}": (name, *numbers) for name in dates for part, numbers in DATE_PARTS.items()}


def model_inputs(features: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Return the features with the parts of dates, missing where the date is, and the derived features."""
    parts = {
        name: np.fmod(features[date].to_numpy(dtype=np.float32) + np.float32(shift), np.float32(period))
        for name, (date, shift, period) in date_parts(schema).items()
    }
    return features.assign(**parts, **derive(features))


def compute_date_parts(graph: onnx.GraphProto, schema: Schema) -> None:
    """Compute the parts of dates, inputs of the exported pipeline, in the graph itself."""
    parts = date_parts(schema)
    inputs, nodes = list(graph.input), list(graph.node)
    del graph.input[:], graph.node[:]
    graph.input.extend(entry for entry in inputs if entry.name not in parts)
    for name, (date, *numbers) in parts.items():
        terms = [f"{name}__{term}" for term in ("shift", "period", "shifted")]
        graph.initializer.extend(
            onnx.numpy_helper.from_array(np.array([number], np.float32), term)
            for term, number in zip(terms, numbers, strict=False)
        )
        graph.node.append(onnx.helper.make_node("Add", [date, terms[0]], [terms[2]], name=terms[2]))
        graph.node.append(onnx.helper.make_node("Mod", [terms[2], terms[1]], [name], name=name, fmod=1))
    graph.node.extend(nodes)


def round_encodings(encoder: TargetEncoder) -> None:
    """Round what categories are encoded as to float32, the precision of ONNX."""
    encoder.encodings_ = [encodings.astype(np.float32).astype(np.float64) for encodings in encoder.encodings_]
    encoder.target_mean_ = float(np.float32(encoder.target_mean_))


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
