"""The parameters of every stage, read from `params.yaml` into frozen dataclasses.

A missing, misspelt or mistyped entry is an error that names it: a typo must not train another model than the one meant.
"""

import json
from dataclasses import field
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

_STRICT = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, config=_STRICT)
class Fetch:
    """Which data set to write to `data/raw/`."""

    source: str


@dataclass(frozen=True, config=_STRICT)
class Prepare:
    """What a forecast looks back on and ahead to, and how much is kept for validation and test; all in steps."""

    history: Annotated[int, Field(ge=10)]
    horizon: Annotated[int, Field(ge=1, le=60)]
    validation: Annotated[int, Field(gt=0)]
    test: Annotated[int, Field(gt=0)]


@dataclass(frozen=True, config=_STRICT)
class Baseline:
    """Seasonal naive (of years: naive), the forecast to beat; it has nothing to turn."""


@dataclass(frozen=True, config=_STRICT)
class Classical:
    """Exponential smoothing; a damped trend flattens out with time."""

    damped: bool


@dataclass(frozen=True, config=_STRICT)
class Shallow:
    """Ridge regression on the steps before (the name is scikit-learn's)."""

    alpha: Annotated[float, Field(gt=0)]


@dataclass(frozen=True, config=_STRICT)
class Deep:
    """A gated recurrent network, trained by AdamW until the forecasts held out from training stop getting better."""

    hidden: Annotated[int, Field(gt=0)]
    dropout: Annotated[float, Field(ge=0, lt=1)]
    epochs: Annotated[int, Field(gt=0)]
    batch_size: Annotated[int, Field(gt=1)]
    learning_rate: Annotated[float, Field(gt=0)]
    weight_decay: Annotated[float, Field(ge=0)]
    patience: Annotated[int, Field(gt=0)]


@dataclass(frozen=True, config=_STRICT)
class Train:
    """The models, from the simplest to the most complex, and what each may turn."""

    models: list[str]
    seed: int
    baseline: Baseline
    classical: Classical
    shallow: Shallow
    deep: Deep | None = None


@dataclass(frozen=True, config=_STRICT)
class Evaluate:
    """How models are compared, and when the more complex one may serve."""

    metric: str
    margin: Annotated[float, Field(ge=0)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    resamples: Annotated[int, Field(ge=100)]
    seed: int
    slices: list[Literal["season", "year", "decade"]]


@dataclass(frozen=True, config=_STRICT)
class Range:
    """Where `uv run tune` looks for a parameter: whole numbers where both ends are; `log` for scales."""

    low: int | float
    high: int | float
    log: bool = False


@dataclass(frozen=True, config=_STRICT)
class Params:
    """The whole of `params.yaml`."""

    prepare: Prepare
    train: Train
    evaluate: Evaluate
    fetch: Fetch | None = None
    tune: dict[str, dict[str, Range]] = field(default_factory=dict)


def load_params(path: Path) -> Params:
    """Read and check `params.yaml`.

    Raises:
        pydantic.ValidationError: names each entry that is missing, unknown or of the wrong type.
    """
    # By way of JSON: in strict mode pydantic takes a dataclass from JSON, but not from a dict.
    return TypeAdapter(Params).validate_json(json.dumps(yaml.safe_load(path.read_text(encoding="utf-8"))))
