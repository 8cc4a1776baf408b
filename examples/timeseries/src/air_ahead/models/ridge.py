"""Ridge regression on lags: the differences of the history from its last value predict the changes ahead."""

from functools import partial
from typing import Annotated

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass
from sklearn.linear_model import Ridge

from ..config import STRICT
from ..data.schema import Schema
from ..data.splits import Split
from .base import TrainingContext
from .linear import Array, LinearForecaster, fit_linear, single_thread


@dataclass(frozen=True, config=STRICT)
class Params:
    """Hyperparameters, as scikit-learn names them."""

    alpha: Annotated[float, Field(gt=0)]


def fit(train: Split, schema: Schema, params: Params, context: TrainingContext) -> LinearForecaster:
    """Return the forecast whose weights are fitted to the training windows."""
    return fit_linear(train, schema, partial(fit_weights, params=params))


def fit_weights(train: Split, params: Params) -> tuple[Array, Array]:
    """Fit all steps ahead at once; return weights, shape (history, horizon), and the intercept, shape (horizon,)."""
    values, target = train.features.to_numpy(dtype=np.float64), train.target.to_numpy(dtype=np.float64)
    last, horizon = values[:, -1:], target.shape[1]
    with single_thread():
        model = Ridge(alpha=params.alpha).fit(values - last, target - last)
    # For a horizon of 1, scikit-learn returns one dimension.
    return model.coef_.reshape(horizon, -1).T.astype(np.float64), np.reshape(model.intercept_, horizon)
