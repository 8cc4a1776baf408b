"""Ridge regression on lags: the differences of the history from its last value predict the changes ahead."""

from typing import Annotated

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass
from sklearn.linear_model import Ridge
from sklearn.model_selection import TimeSeriesSplit

from ..config import STRICT
from ..data.schema import Schema
from ..data.splits import FOLDS, Split, encode_target
from .base import TrainingContext
from .linear import LinearForecaster, interval_offsets, single_thread


@dataclass(frozen=True, config=STRICT)
class Params:
    """Hyperparameters, as scikit-learn names them."""

    alpha: Annotated[float, Field(gt=0)]


def fit(train: Split, schema: Schema, params: Params, context: TrainingContext) -> LinearForecaster:
    """Fit all steps ahead at once; the interval comes from errors of rolling-origin cross-validation."""
    values, target = train.features.to_numpy(dtype=np.float64), encode_target(train.target, schema)
    lags, changes = values - values[:, -1:], target - values[:, -1:]
    horizon = target.shape[1]
    # The later half of the windows, or less where that would leave nothing to fit before the gap.
    size = max(1, min(len(lags) // (2 * FOLDS), (len(lags) - horizon) // FOLDS))
    errors = []
    with single_thread():
        for past, future in TimeSeriesSplit(FOLDS, test_size=size, gap=horizon - 1).split(lags):
            fold = Ridge(alpha=params.alpha).fit(lags[past], changes[past])
            # For a horizon of 1, scikit-learn returns one dimension.
            errors.append(changes[future] - fold.predict(lags[future]).reshape(-1, horizon))
        model = Ridge(alpha=params.alpha).fit(lags, changes)
    weights = model.coef_.reshape(horizon, -1).T.astype(np.float64)
    intercept = np.reshape(model.intercept_, horizon)
    return LinearForecaster(weights, intercept, interval_offsets(np.concatenate(errors)), schema.limits)
