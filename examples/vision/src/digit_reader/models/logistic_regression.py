"""Multinomial logistic regression on the pixels, with L2 regularization."""

from dataclasses import asdict
from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass
from sklearn.linear_model import LogisticRegression

from ..config import STRICT
from ..data.schema import Schema
from ..data.splits import Split
from .base import TrainingContext
from .sklearn_model import SklearnModel


@dataclass(frozen=True, config=STRICT)
class Params:
    """The parameters of scikit-learn's `LogisticRegression`."""

    C: Annotated[float, Field(gt=0)]
    max_iter: Annotated[int, Field(gt=0)]


def fit(train: Split, schema: Schema, params: Params, _context: TrainingContext) -> SklearnModel:
    """Fit one weight per pixel and class."""
    return SklearnModel(LogisticRegression(**asdict(params)), train, schema)
