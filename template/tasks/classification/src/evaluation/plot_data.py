"""How well predictions fit, as tables of points: for `dvc plots`, and for the pictures that `plots.py` draws."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.calibration import calibration_curve
from sklearn.metrics import roc_curve

from .data import Schema

Array = NDArray[Any]


def fit_tables(schema: Schema, target: Array, predictions: dict[str, Array]) -> dict[str, pd.DataFrame]:
    """One table a plot, one row a point, with the model's name in the column `model`; by name.

    Args:
        schema: names the classes.
        target: the truth as `data.encode_target` gives it, shape (rows,).
        predictions: of each model, rows first.
    """
    tables = [_tables(schema, target, prediction) for prediction in predictions.values()]
    return {
        name: pd.concat([table[name].assign(model=model) for model, table in zip(predictions, tables, strict=True)])
        for name in tables[0]
    }


def _tables(schema: Schema, target: Array, prediction: Array) -> dict[str, pd.DataFrame]:
    if schema.task == "regression":
        return {"predictions": pd.DataFrame({"predicted": prediction, "actual": target})}
    classes = np.asarray(schema.classes)
    positive = classes.tolist().index(schema.positive) if schema.positive else len(classes) - 1
    observed, predicted = calibration_curve(target == positive, prediction[:, positive], n_bins=8, strategy="quantile")
    false_rate, true_rate, _ = roc_curve(target == positive, prediction[:, positive])
    return {
        "predictions": pd.DataFrame({"predicted": classes[prediction.argmax(axis=1)], "actual": classes[target]}),
        "calibration": pd.DataFrame({"predicted": predicted, "observed": observed}),
        "roc": pd.DataFrame({"false_positive_rate": false_rate, "true_positive_rate": true_rate}),
    }
