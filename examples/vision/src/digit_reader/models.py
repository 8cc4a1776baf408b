"""The models, from the simplest to the most complex, and their way to ONNX."""

import math
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

from .data import Pictures, Schema, Split
from .mistakes import UserError
from .params import Train

# A tree that may not split answers with the training data's class shares: what a majority vote does, in a form that
# exports to ONNX like any other model (dummy estimators do not).
_NEVER_SPLIT = 1e12
FOLDS = 5
# Pictures that are answered at once: what a network makes of them takes a hundred times their memory.
BATCH = 256


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
        train: the pictures to learn from.
        schema: their size and classes.
        params: what each model may turn.
        checkpoint: where a training that takes long keeps its state, to go on after an interruption.
        watch: told the epoch and the held-out loss after each epoch, by a model that has epochs.

    Returns:
        A model with `predict_proba`. A network has `export_onnx`, `history` and `facts` besides.

    Raises:
        ValueError: no model has that name.
    """
    if name == "deep" and params.deep:
        # Only a project that asked for a network has the module, and the libraries that it needs.
        return import_module(".deep", __package__).fit(train, schema, params, checkpoint, watch)
    # One thread: parallel sums differ in their last bit from run to run, and with it the model's hash.
    with threadpool_limits(limits=1):
        if name == "baseline":
            return DecisionTreeClassifier(min_impurity_decrease=_NEVER_SPLIT).fit(flat(train.features), train.target)
        if name == "shallow":
            return _shallow(train, params).fit(flat(train.features), train.target)
    raise UserError(f"no model is called {name!r}; see train.models in params.yaml")


def _shallow(train: Split, params: Train) -> Any:
    """A support vector machine on principal components; its distances are turned into probabilities by Platt's way."""
    turned = params.shallow
    components = min(turned.n_components, len(train.target), train.features[0].size)
    folds = min(FOLDS, int(np.unique(train.target, return_counts=True)[1].min()))
    return make_pipeline(
        PCA(components, random_state=params.seed),
        CalibratedClassifierCV(SVC(C=turned.C), ensemble=False, cv=folds),
    )


def flat(pictures: Pictures) -> Pictures:
    """The cells of each picture in one line, row by row and channel by channel in each: shape (rows, cells)."""
    return pictures.reshape(len(pictures), -1)


def predict(model: Any, features: Pictures) -> NDArray[np.float64]:
    """Probabilities of shape (rows, classes), for pictures of shape (rows, height, width, channels)."""
    return _sum_to_one(model.predict_proba(flat(features)))


def _sum_to_one(probabilities: Any) -> NDArray[np.float64]:
    """In float64, where ten numbers of float32 miss one by more than the metrics allow."""
    exact = np.asarray(probabilities, dtype=np.float64)
    return np.asarray(exact / exact.sum(axis=1, keepdims=True))


def export_onnx(model: Any, schema: Schema) -> bytes:
    """The fitted model as ONNX: one input, `picture`, of shape (rows, cells) in float32: shares, row by row.

    The same model gives the same bytes (`name` is fixed: skl2onnx would draw a random one).
    """
    if hasattr(model, "export_onnx"):
        return bytes(model.export_onnx())
    # Here, since it is slow to load and the evaluation, which imports this module too, exports nothing.
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType

    inputs = [("picture", FloatTensorType([None, math.prod(schema.picture.shape)]))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # skl2onnx asks for more of a machine than it needs
        made = to_onnx(model, initial_types=inputs, options={"zipmap": False}, name="model")
    return bytes(made.SerializeToString())


def predict_onnx(exported: bytes, features: Pictures, schema: Schema) -> NDArray[np.float64]:
    """What the exported model answers, as it will when it serves; shaped like `predict`."""
    return loaded(exported, schema)(features)


def loaded(exported: bytes, _schema: Schema) -> Callable[[Pictures], NDArray[np.float64]]:
    """The exported model, ready to answer again and again."""
    session = onnxruntime.InferenceSession(exported, providers=["CPUExecutionProvider"])
    output = session.get_outputs()[-1].name

    def answer(features: Pictures) -> NDArray[np.float64]:
        parts = [flat(features[start : start + BATCH]) for start in range(0, len(features), BATCH)]
        return _sum_to_one(np.concatenate([session.run([output], {"picture": part})[0] for part in parts]))

    return answer


def export_difference(model: Any, exported: bytes, features: Pictures, schema: Schema) -> float:
    """The largest difference between the trained and the exported model's probabilities."""
    return float(np.abs(predict(model, features) - predict_onnx(exported, features, schema)).max())
