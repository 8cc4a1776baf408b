"""Tables of points for the plots of a classification: for `dvc plots`, and for the figures in `plots.py`."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.calibration import calibration_curve
from sklearn.metrics import roc_curve

from ..data.schema import Schema
from .decision import predicted_classes

Array = NDArray[Any]


def plot_tables(
    schema: Schema, target: Array, predictions: dict[str, Array], decision: Mapping[str, Any] | None = None
) -> dict[str, pd.DataFrame]:
    """Return the tables by name, with a row per point and the model's name in the column `model`.

    Args:
        schema: names the classes.
        target: the true class indices, shape (rows,).
        predictions: the probabilities of each model, shape (rows, classes).
        decision: has the threshold of the predicted classes; without one they are the most likely ones.
    """
    tables = {
        name: _tables_of_model(schema, target, probabilities, predicted_classes(probabilities, schema, decision))
        for name, probabilities in predictions.items()
    }
    return {
        name: pd.concat([model_tables[name].assign(model=model) for model, model_tables in tables.items()])
        for name in ("predictions", "calibration", "roc")
    }


def _tables_of_model(schema: Schema, target: Array, probabilities: Array, predicted: Array) -> dict[str, pd.DataFrame]:
    classes = np.asarray(schema.classes)
    if schema.positive:
        positive = schema.classes.index(schema.positive)
        calibrated = ranked = (target == positive, probabilities[:, positive])
    else:  # the confidence of the predicted class, and the micro average over all classes
        calibrated = (probabilities.argmax(axis=1) == target, probabilities.max(axis=1).clip(0, 1))
        ranked = ((target[:, None] == np.arange(len(classes))).ravel(), probabilities.ravel())
    observed, expected = calibration_curve(*calibrated, n_bins=8, strategy="quantile")
    false_rate, true_rate, _ = roc_curve(*ranked)
    return {
        "predictions": pd.DataFrame({"predicted": classes[predicted], "actual": classes[target]}),
        "calibration": pd.DataFrame({"predicted": expected, "observed": observed}),
        "roc": pd.DataFrame({"false_positive_rate": false_rate, "true_positive_rate": true_rate}),
    }
