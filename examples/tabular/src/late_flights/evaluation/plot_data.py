"""Tables of points for the plots of a classification: for `dvc plots`, and for the figures in `plots.py`."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_curve

from ..data.schema import Schema
from .decision import predicted_classes

Array = NDArray[Any]
BINS = 8  # of the calibration curve


def plot_tables(
    schema: Schema, target: Array, predictions: dict[str, Array], decision: Mapping[str, Any] | None = None
) -> dict[str, pd.DataFrame]:
    """Return the tables by name, with a row per point and the model's name in the column `model`."""
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
    false_rate, true_rate, _ = roc_curve(*ranked)
    return {
        "predictions": pd.DataFrame({"predicted": classes[predicted], "actual": classes[target]}),
        "calibration": _calibrate(*calibrated),
        "roc": pd.DataFrame({"false_positive_rate": false_rate, "true_positive_rate": true_rate}),
    }


def _calibrate(hits: Array, probabilities: Array) -> pd.DataFrame:
    """Return mean probability, share of hits and number of rows of bins with about as many rows each."""
    limits = np.quantile(probabilities, np.linspace(0, 1, BINS + 1)[1:-1])
    bins = pd.DataFrame({"predicted": probabilities, "observed": hits}).groupby(np.searchsorted(limits, probabilities))
    return bins.mean().assign(count=bins.size()).reset_index(drop=True)
