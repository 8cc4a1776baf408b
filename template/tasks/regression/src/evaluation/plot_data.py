"""Tables of points for the plots of a regression: for `dvc plots`, and for the figures in `plots.py`."""

from typing import Any

import pandas as pd
from numpy.typing import NDArray

from ..data.schema import Schema

Array = NDArray[Any]


def plot_tables(
    schema: Schema, target: Array, predictions: dict[str, Array], _decision: Any = None
) -> dict[str, pd.DataFrame]:
    """Return the tables by name, with a row per point and the model's name in the column `model`."""
    tables = [
        pd.DataFrame({"predicted": values, "actual": target, "model": model}) for model, values in predictions.items()
    ]
    return {"predictions": pd.concat(tables)}
