"""What a model module provides, and how it is found by its name.

A model is a module of this package with a frozen dataclass `Params` and a function
`fit(train, schema, params, context)` that returns a `Model`. Its name stands in `train.models` of `params.yaml`, its
hyperparameters in the section `train.<name>`.
"""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..config import Train, check
from ..data.schema import Schema
from ..data.splits import Split
from ..errors import UserError

if TYPE_CHECKING:  # slow to import
    from optuna import Trial


class Model(Protocol):
    """A fitted model. If it has an attribute `log`, `log.write(run_id)` adds to the MLflow run of its training."""

    def predict(self, features: Any) -> NDArray[np.float64]:
        """Return probabilities (rows, classes), values (rows,) or quantiles (origins, horizon, 3)."""
        ...

    def export_onnx(self) -> bytes:
        """Return the model as an ONNX file that gives the same predictions."""
        ...


@dataclass(frozen=True)
class TrainingContext:
    """What a training needs besides data and hyperparameters.

    `cache` is a folder for files that outlast an interrupted training, `trial` the one of a search that it belongs to.
    """

    seed: int
    cache: Path | None = None
    trial: "Trial | None" = None


def fit_model(name: str, train: Split, schema: Schema, params: Train, context: TrainingContext) -> Model:
    """Fit the model called `name` to the training split.

    Raises:
        UserError: there is no such model, or its section in `params.yaml` is invalid.
    """
    model: Model = load_model_module(name).fit(train, schema, hyperparameters(name, params), context)
    return model


def hyperparameters(name: str, params: Train) -> Any:
    """Return the section `train.<name>` of `params.yaml` as the `Params` of that model.

    Raises:
        UserError: names each entry that is missing, unknown or mistyped.
    """
    module = load_model_module(name)
    return check(params.hyperparameters.get(name, {}), module.Params, "params.yaml", f"train.{name}")


def load_model_module(name: str) -> ModuleType:
    """Import the module of a model.

    Raises:
        UserError: there is no model of that name.
    """
    available = sorted(
        path.stem for path in Path(__file__).parent.glob("*.py") if "\ndef fit(" in path.read_text(encoding="utf-8")
    )
    if name not in available:
        raise UserError(f"there is no model {name!r} in models/; available models: {', '.join(available)}")
    return import_module(f".{name}", __package__)
