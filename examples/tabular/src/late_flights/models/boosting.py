"""Histogram-based gradient boosting."""

from dataclasses import asdict
from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from ..config import STRICT
from ..data.schema import Schema
from ..data.splits import Split
from .base import Model, TrainingContext
from .sklearn_model import fit_sklearn


@dataclass(frozen=True, config=STRICT)
class Params:
    """The parameters of `HistGradientBoostingClassifier` and `HistGradientBoostingRegressor`."""

    learning_rate: Annotated[float, Field(gt=0)]
    max_iter: Annotated[int, Field(gt=0)]
    max_leaf_nodes: Annotated[int, Field(gt=1)]
    min_samples_leaf: Annotated[int, Field(gt=0)]
    l2_regularization: Annotated[float, Field(ge=0)]
    max_features: Annotated[float, Field(gt=0, le=1)]
    early_stopping: bool = False
    n_iter_no_change: Annotated[int, Field(gt=0)] = 10


def fit(train: Split, schema: Schema, params: Params, context: TrainingContext) -> Model:
    """Fit the boosted trees."""
    estimator = HistGradientBoostingClassifier if schema.classes else HistGradientBoostingRegressor
    trees = estimator(**asdict(params), random_state=context.seed)
    return fit_sklearn(trees, train, schema)
