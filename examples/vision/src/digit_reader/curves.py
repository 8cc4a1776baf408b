"""How well predictions fit, as tables of points: for `dvc plots`, and for the pictures that `plots.py` draws."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.calibration import calibration_curve

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
    classes = np.asarray(schema.classes)
    likeliest = prediction.argmax(axis=1)
    accuracy, confidence = calibration_curve(
        likeliest == target, prediction.max(axis=1).clip(0, 1), n_bins=8, strategy="quantile"
    )
    return {
        "predictions": pd.DataFrame({"predicted": classes[likeliest], "actual": classes[target]}),
        "calibration": pd.DataFrame({"confidence": confidence, "accuracy": accuracy}),
    }
