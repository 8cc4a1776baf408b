"""The parameters of every stage, read from `params.yaml` into frozen dataclasses.

A missing, misspelt or mistyped entry is an error that names it: a typo must not train another model than the one meant.
"""

from dataclasses import field, is_dataclass
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from .mistakes import read_yaml

_STRICT = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, config=_STRICT)
class Fetch:
    """Which data set to write to `data/raw/`, if the project did not bring its own."""

    source: str


@dataclass(frozen=True, config=_STRICT)
class Prepare:
    """How the rows are split. Shares are of all rows; what is left is for training."""

    seed: Annotated[int, Field(ge=0, lt=2**32)]
    validation_share: Annotated[float, Field(gt=0, lt=0.5)]
    test_share: Annotated[float, Field(gt=0, lt=0.5)]


@dataclass(frozen=True, config=_STRICT)
class Baseline:
    """The model to beat; it has nothing to turn."""


@dataclass(frozen=True, config=_STRICT)
class Shallow:
    """Histogram-based gradient boosting (the names are scikit-learn's)."""

    learning_rate: Annotated[float, Field(gt=0)]
    max_iter: Annotated[int, Field(gt=0)]
    max_leaf_nodes: Annotated[int, Field(gt=1)]
    min_samples_leaf: Annotated[int, Field(gt=0)]
    l2_regularization: Annotated[float, Field(ge=0)]
    max_features: Annotated[float, Field(gt=0, le=1)]


@dataclass(frozen=True, config=_STRICT)
class Deep:
    """A multilayer perceptron, trained by AdamW until the rows held out from training stop getting better."""

    hidden: list[Annotated[int, Field(gt=0)]]
    dropout: Annotated[float, Field(ge=0, lt=1)]
    epochs: Annotated[int, Field(gt=0)]
    batch_size: Annotated[int, Field(gt=1)]
    learning_rate: Annotated[float, Field(gt=0)]
    weight_decay: Annotated[float, Field(ge=0)]
    patience: Annotated[int, Field(gt=0)]


@dataclass(frozen=True, config=_STRICT)
class Train:
    """The models, from the simplest to the most complex, and what each may turn."""

    models: Annotated[list[str], Field(min_length=1)]
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    baseline: Baseline
    shallow: Shallow
    deep: Deep | None = None


@dataclass(frozen=True, config=_STRICT)
class Evaluate:
    """How models are compared, and when the more complex one may serve."""

    metric: str
    margin: Annotated[float, Field(ge=0)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    resamples: Annotated[int, Field(ge=100)]
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    slices: list[str]


@dataclass(frozen=True, config=_STRICT)
class Range:
    """Where `uv run tune` looks for a parameter: whole numbers where both ends are; `log` for scales."""

    low: int | float
    high: int | float
    log: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"low ({self.low}) must be less than high ({self.high})")
        if self.log and self.low <= 0:
            raise ValueError(f"on a logarithmic scale low ({self.low}) must be more than 0")


@dataclass(frozen=True, config=_STRICT)
class Params:
    """The whole of `params.yaml`."""

    prepare: Prepare
    train: Train
    evaluate: Evaluate
    fetch: Fetch | None = None
    tune: dict[str, dict[str, Range]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for model in self.train.models:
            if not is_dataclass(getattr(self.train, model, None)):
                raise ValueError(f"train.models names {model!r}, and there is no train.{model}")
        for model, ranges in self.tune.items():
            for name in ranges:
                if not hasattr(getattr(self.train, model, None), name):
                    raise ValueError(f"tune.{model}.{name} is a range, and there is no train.{model}.{name}")


def load_params(path: Path) -> Params:
    """Read and check `params.yaml`.

    Raises:
        UserError: names each entry that is missing, unknown, or not what it should be.
    """
    return read_yaml(path, Params)
