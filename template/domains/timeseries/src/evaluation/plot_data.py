"""How well forecasts fit, as tables of points: for `dvc plots`, and for the pictures that `plots.py` draws."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .data import Schema

Array = NDArray[Any]


def fit_tables(schema: Schema, target: Array, predictions: dict[str, Array]) -> dict[str, pd.DataFrame]:  # noqa: ARG001
    """One table a plot, one row a point, with the model's name in the column `model`; by name.

    `steps` has the error and the interval's coverage by step ahead; `ahead` the forecasts at the full horizon, origin
    by origin.

    Args:
        schema: of the series; every domain's tables may name classes from it.
        target: the truth as `data.encode_target` gives it, shape (origins, horizon).
        predictions: of each model, quantiles of shape (origins, horizon, 3).
    """
    tables = [_tables(target, prediction) for prediction in predictions.values()]
    return {
        name: pd.concat([table[name].assign(model=model) for model, table in zip(predictions, tables, strict=True)])
        for name in tables[0]
    }


def _tables(target: Array, prediction: Array) -> dict[str, pd.DataFrame]:
    low, median, high = np.moveaxis(prediction, -1, 0)
    held = (low <= target) & (target <= high)
    return {
        "steps": pd.DataFrame(
            {
                "step": np.arange(1, target.shape[1] + 1),
                "mae": np.abs(target - median).mean(axis=0),
                "coverage": held.mean(axis=0),
            }
        ),
        "ahead": pd.DataFrame(
            {
                "origin": np.arange(1, len(target) + 1),
                "low": low[:, -1],
                "predicted": median[:, -1],
                "high": high[:, -1],
                "actual": target[:, -1],
            }
        ),
    }
