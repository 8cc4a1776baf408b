"""The baseline: the class frequencies, for every row."""

from pydantic.dataclasses import dataclass
from sklearn.tree import DecisionTreeClassifier

from ..config import STRICT
from ..data.schema import Schema
from ..data.splits import Split
from .base import Model, TrainingContext
from .sklearn_model import fit_sklearn


@dataclass(frozen=True, config=STRICT)
class Params:
    """The baseline has no hyperparameters."""


def fit(train: Split, schema: Schema, params: Params, context: TrainingContext) -> Model:
    """Fit a tree that never splits: unlike a `DummyClassifier`, it can be exported to ONNX."""
    return fit_sklearn(DecisionTreeClassifier(min_impurity_decrease=1e12), train, schema)
