"""Baseline: the shares of the classes in the training split, whatever the image."""

from pydantic.dataclasses import dataclass
from sklearn.tree import DecisionTreeClassifier

from ..config import STRICT
from ..data.schema import Schema
from ..data.splits import Split
from .base import TrainingContext
from .sklearn_model import SklearnModel


@dataclass(frozen=True, config=STRICT)
class Params:
    """The baseline has no hyperparameters."""


def fit(train: Split, schema: Schema, _params: Params, _context: TrainingContext) -> SklearnModel:
    """Fit a decision tree without splits: unlike scikit-learn's dummy classifier it can be exported to ONNX."""
    return SklearnModel(DecisionTreeClassifier(min_impurity_decrease=1e12), train, schema)
