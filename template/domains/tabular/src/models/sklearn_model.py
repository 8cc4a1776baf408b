"""The models, from the simplest to the most complex, and their way to ONNX."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from threadpoolctl import threadpool_limits

from .data import Schema, Split, encode_target
from .metrics import Metric
from .mistakes import UserError
from .params import Train

# A tree that may not split answers with the training data's class shares, or its mean: what a majority vote or a
# dummy regressor does, in a form that exports to ONNX like any other model (dummy estimators do not).
_NEVER_SPLIT = 1e12

SHUFFLES = 5


def fit(
    name: str,
    train: Split,
    schema: Schema,
    params: Train,
    checkpoint: Path | None = None,
    watch: Callable[[int, float], None] | None = None,
) -> Any:
    """The model called `name`, fitted to the training split.

    Args:
        name: one of `train.models` in `params.yaml`.
        train: the rows to learn from.
        schema: their columns.
        params: what each model may turn.
        checkpoint: where a training that takes long keeps its state, to go on after an interruption.
        watch: told the epoch and the held-out loss after each epoch, by a model that has epochs.

    Returns:
        A model with `predict_proba` or `predict`. A network has `export_onnx`, `history` and `facts` besides.

    Raises:
        ValueError: no model has that name.
    """
    if name == "deep" and params.deep:
        # Only a project that asked for a network has the module, and the libraries that it needs.
        return import_module(".deep", __package__).fit(train, schema, params, checkpoint, watch)
    if name == "baseline":
        estimator = _baseline(schema)
    elif name == "shallow":
        estimator = _shallow(schema, params)
    else:
        raise UserError(f"no model is called {name!r}; see train.models in params.yaml")
    categories = [column.name for column in schema.features if column.kind == "category"]
    columns = ColumnTransformer(
        [("categories", OneHotEncoder(handle_unknown="ignore", sparse_output=False), categories)],
        remainder="passthrough",
    )
    # One thread: parallel sums differ in their last bit from run to run, and with it the model's hash.
    with threadpool_limits(limits=1):
        model = Pipeline([("columns", columns), ("model", estimator)]).fit(train.features, train.target)
    _in_single_precision(estimator)
    return model


def _baseline(schema: Schema) -> BaseEstimator:
    tree = DecisionTreeClassifier if schema.task == "classification" else DecisionTreeRegressor
    return tree(min_impurity_decrease=_NEVER_SPLIT)


def _shallow(schema: Schema, params: Train) -> BaseEstimator:
    boosting = HistGradientBoostingClassifier if schema.task == "classification" else HistGradientBoostingRegressor
    turned = params.shallow
    return boosting(
        learning_rate=turned.learning_rate,
        max_iter=turned.max_iter,
        max_leaf_nodes=turned.max_leaf_nodes,
        min_samples_leaf=turned.min_samples_leaf,
        l2_regularization=turned.l2_regularization,
        max_features=turned.max_features,
        early_stopping=False,
        random_state=params.seed,
    )


def _in_single_precision(estimator: BaseEstimator) -> None:
    """Round the thresholds of boosted trees down to what ONNX holds, which changes no answer.

    An input in single precision is at most a threshold if and only if it is at most the next number below it in single
    precision. The export would round to the nearest one: up, at times, and onto a value that the data holds, as 1.7
    between 1.6 and 1.8.
    """
    for trees in getattr(estimator, "_predictors", []):
        for tree in trees:
            threshold = tree.nodes["num_threshold"]
            nearest = threshold.astype(np.float32)
            below = np.nextafter(nearest, np.float32(-np.inf))
            tree.nodes["num_threshold"] = np.where(nearest > threshold, below, nearest)


def predict(model: Any, features: pd.DataFrame) -> NDArray[np.float64]:
    """Probabilities of shape (rows, classes), or predicted numbers of shape (rows,)."""
    scores = model.predict_proba(features) if hasattr(model, "predict_proba") else model.predict(features)
    return np.asarray(scores, dtype=np.float64)


def export_onnx(model: Any, schema: Schema) -> bytes:
    """The fitted model as ONNX: one input a feature, of shape (rows, 1), float32 or string.

    The same model gives the same bytes (`name` is fixed: skl2onnx would draw a random one).
    """
    if hasattr(model, "export_onnx"):
        return bytes(model.export_onnx())
    # Here, since it is slow to load and the evaluation, which imports this module too, exports nothing.
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    tensors = {"number": FloatTensorType, "date": FloatTensorType, "category": StringTensorType}
    inputs = [(column.name, tensors[column.kind]([None, 1])) for column in schema.features]
    options = {"zipmap": False} if schema.task == "classification" else None
    exported: bytes = to_onnx(model, initial_types=inputs, options=options, name="model").SerializeToString()
    return exported


def predict_onnx(exported: bytes, features: pd.DataFrame, schema: Schema) -> NDArray[np.float64]:
    """What the exported model answers, as it will when it serves; shaped like `predict`."""
    return loaded(exported, schema)(features)


def loaded(exported: bytes, schema: Schema) -> Callable[[pd.DataFrame], NDArray[np.float64]]:
    """The exported model, ready to answer again and again."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # as in the demo
    session = onnxruntime.InferenceSession(exported, options, providers=["CPUExecutionProvider"])
    output = session.get_outputs()[-1].name

    def answer(features: pd.DataFrame) -> NDArray[np.float64]:
        feeds = {column.name: features[column.name].to_numpy().reshape(-1, 1) for column in schema.features}
        answers = np.asarray(session.run([output], feeds)[0], dtype=np.float64)
        if schema.task == "regression":
            return answers.reshape(len(features))
        # In single precision they add up to one only nearly.
        total: NDArray[np.float64] = answers.sum(axis=1, keepdims=True)
        return answers / total

    return answer


def export_difference(model: Any, exported: bytes, features: pd.DataFrame, schema: Schema) -> float:
    """The largest difference between the trained and the exported model's answers; relative where they are numbers."""
    trained = predict(model, features)
    scale = 1.0 if schema.task == "classification" else float(np.abs(trained).max()) or 1.0
    return float(np.abs(trained - predict_onnx(exported, features, schema)).max()) / scale


def importances(exported: bytes, split: Split, schema: Schema, metric: Metric, seed: int) -> dict[str, float]:
    """What the metric loses when one column is shuffled, by column; on average over some shuffles."""
    rng = np.random.default_rng(seed)
    target = encode_target(split.target, schema)
    sign = 1.0 if metric.higher_is_better else -1.0
    names = [str(name) for name in split.features]
    shuffled = [
        split.features.assign(**{name: rng.permutation(split.features[name])})
        for name in names
        for _ in range(SHUFFLES)
    ]
    # All rows in one call: starting the session costs more than answering them.
    answers = predict_onnx(exported, pd.concat([split.features, *shuffled]), schema)
    whole, *scores = (metric.score(target, answer) for answer in np.split(answers, len(shuffled) + 1))
    means = np.reshape(scores, (len(names), SHUFFLES)).mean(axis=1)
    return {name: sign * (whole - float(mean)) for name, mean in zip(names, means, strict=True)}
