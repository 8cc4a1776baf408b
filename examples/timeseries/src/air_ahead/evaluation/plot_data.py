"""Data of the plots, for `dvc plots` and for the figures that `plots.py` draws."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..data.schema import Schema

Array = NDArray[Any]


def plot_tables(
    schema: Schema, target: Array, predictions: dict[str, Array], _decision: Any = None
) -> dict[str, pd.DataFrame]:
    """Return one table per plot, by name, with the model in the column `model`.

    `steps` has the error and the coverage by step ahead, `ahead` the forecasts at the full horizon by origin.
    """
    steps = [_by_step(target, quantiles).assign(model=model) for model, quantiles in predictions.items()]
    ahead = [_full_horizon(target, quantiles).assign(model=model) for model, quantiles in predictions.items()]
    return {"steps": pd.concat(steps), "ahead": pd.concat(ahead)}


def _by_step(target: Array, quantiles: Array) -> pd.DataFrame:
    low, median, high = np.moveaxis(quantiles, -1, 0)
    return pd.DataFrame(
        {
            "step": np.arange(1, target.shape[1] + 1),
            "mae": np.abs(target - median).mean(axis=0),
            "coverage": ((low <= target) & (target <= high)).mean(axis=0),
        }
    )


def _full_horizon(target: Array, quantiles: Array) -> pd.DataFrame:
    table = pd.DataFrame(quantiles[:, -1], columns=["low", "predicted", "high"])
    return table.assign(origin=np.arange(1, len(target) + 1), actual=target[:, -1])
