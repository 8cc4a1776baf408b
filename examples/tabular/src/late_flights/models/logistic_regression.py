"""Logistic regression with L2 regularization."""

from dataclasses import asdict
from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ..config import STRICT
from ..data.schema import Schema
from ..data.splits import Split
from .base import Model, TrainingContext
from .sklearn_model import fit_sklearn


@dataclass(frozen=True, config=STRICT)
class Params:
    """The parameters of `LogisticRegression`."""

    C: Annotated[float, Field(gt=0)]
    max_iter: Annotated[int, Field(gt=0)]


def fit(train: Split, schema: Schema, params: Params, context: TrainingContext) -> Model:
    """Fit the regression to standardized inputs; a missing number is replaced by the median."""
    imputer = SimpleImputer(strategy="median", keep_empty_features=True)
    return fit_sklearn(make_pipeline(imputer, StandardScaler(), LogisticRegression(**asdict(params))), train, schema)
