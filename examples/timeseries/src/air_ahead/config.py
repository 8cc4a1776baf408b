"""`params.yaml` as typed dataclasses.

A missing, unknown or mistyped entry is an error that names the entry. The hyperparameters of a model are checked by
the `Params` class of its own module, see `models/base.py`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from .data.params import Prepare
from .errors import UserError, format_errors

T = TypeVar("T")
Seed = Annotated[int, Field(ge=0, lt=2**32)]
STRICT = ConfigDict(extra="forbid", strict=True)
# Of `schema.yaml`, where a number may be in quotes.
LAX = ConfigDict(extra="forbid")


class _Loader(yaml.SafeLoader):
    """A safe loader that reads `1e-05`, as DVC writes it, as a number; PyYAML expects `1.0e-05`."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+[eE][-+][0-9]+$"), list("-+0123456789")
)


@dataclass(frozen=True, config=STRICT)
class Train:
    """The models to train, from the simplest to the most complex, and the hyperparameters of each."""

    models: Annotated[tuple[str, ...], Field(min_length=1)]
    seed: Seed
    hyperparameters: Mapping[str, dict[str, Any]]

    def __post_init__(self) -> None:
        for name in self.models:
            if name not in self.hyperparameters:
                raise ValueError(f"models lists {name!r}, but there is no section train.{name}")

    def logged_params(self, model: str) -> dict[str, Any]:
        """Return the seed and the hyperparameters of a model, as MLflow and `champion.json` record them."""
        return {"seed": self.seed, **self.hyperparameters[model]}


@dataclass(frozen=True, config=STRICT)
class Evaluate:
    """How models are compared, and the gain that promotes a more complex one."""

    metric: str
    margin: Annotated[float, Field(ge=0)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    resamples: Annotated[int, Field(ge=20)]
    seed: Seed
    slices: list[str]
    slice_limit: float | None = None


@dataclass(frozen=True, config=STRICT)
class SearchRange:
    """The values of a hyperparameter that `uv run search` samples: integers if both ends are integers."""

    low: int | float
    high: int | float
    log: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"low ({self.low}) must be less than high ({self.high})")
        if self.log and self.low <= 0:
            raise ValueError(f"low ({self.low}) must be greater than 0 on a logarithmic scale")

    @property
    def integer(self) -> bool:
        """Whether only integers are sampled."""
        return isinstance(self.low, int) and isinstance(self.high, int)


@dataclass(frozen=True, config=STRICT)
class Monitor:
    """What `uv run monitor` compares, and from when on it reports drift.

    Attributes:
        days: how far back, unless `--since` says so.
        min_rows: fewer different rows are not tested.
        significance: the chance of a false alarm about inputs and predictions, of all columns together.
        psi: the smallest population stability index that counts as drift.
        invalid_share: of the requests, which may be invalid.
        error_share: of the requests, in which the server may fail.
        quality_drop: by how much the share of right predictions, or recall and precision of a referral, may be below
            that of the test split.
        ignore: inputs that are not tested.
    """

    days: Annotated[int, Field(ge=1)] = 30
    min_rows: Annotated[int, Field(ge=20)] = 50
    significance: Annotated[float, Field(gt=0, lt=1)] = 0.001
    psi: Annotated[float, Field(gt=0)] = 0.1
    invalid_share: Annotated[float, Field(gt=0, le=1)] = 0.1
    error_share: Annotated[float, Field(gt=0, le=1)] = 0.05
    quality_drop: Annotated[float, Field(gt=0, lt=1)] = 0.1
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, config=STRICT)
class Params:
    """The whole of `params.yaml`; `evaluation/decision.py` checks the section `decision`."""

    prepare: Prepare
    train: Train
    evaluate: Evaluate
    fetch: dict[str, Any] | None = None
    decision: dict[str, Any] | None = None
    monitor: Monitor = field(default_factory=Monitor)
    search: dict[str, dict[str, SearchRange]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for model, ranges in self.search.items():
            for name in ranges:
                if name not in self.train.hyperparameters.get(model, {}):
                    raise ValueError(f"search.{model}.{name} is a range, but there is no train.{model}.{name}")


def load_params(path: Path) -> Params:
    """Load and check `params.yaml`.

    Raises:
        UserError: names each entry that is missing, unknown or mistyped.
    """
    document = _read_yaml(path)
    if isinstance(document, dict) and isinstance(train := document.get("train"), dict):
        sections = {name: value for name, value in train.items() if name not in ("models", "seed")}
        own = {name: value for name, value in train.items() if name not in sections}
        document = {**document, "train": {**own, "hyperparameters": sections}}
    return check(document, Params, path.name)


def load_yaml(path: Path, cls: type[T]) -> T:
    """Load a YAML file as an instance of a dataclass.

    Raises:
        UserError: the file is missing or invalid, or an entry is missing, unknown or mistyped.
    """
    return check(_read_yaml(path), cls, path.name)


def check(document: Any, cls: type[T], file: str, prefix: str = "") -> T:
    """Return a parsed YAML document as an instance of a dataclass.

    Args:
        document: what the YAML parser returned.
        cls: the dataclass.
        file: the name of the file, for error messages.
        prefix: the path of `document` inside the file, such as `train.baseline`.

    Raises:
        UserError: names each entry that is missing, unknown or mistyped.
    """
    # In strict mode pydantic builds a dataclass from JSON but not from a dict.
    try:
        text = json.dumps(document, default=str)
    except (TypeError, ValueError) as error:  # YAML allows dates as keys and lists that contain themselves
        raise UserError(f"{file}: {error}") from error
    try:
        return TypeAdapter(cls).validate_json(text)
    except ValidationError as error:
        lines = (line.replace("train.hyperparameters.", "train.") for line in format_errors(error, prefix))
        raise UserError("\n".join(f"{file}: {line}" for line in lines)) from error


def _read_yaml(path: Path) -> Any:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506  # a SafeLoader
    except FileNotFoundError:
        raise UserError(f"{path.name} not found; restore it with: git restore {path.name}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path.name} is not valid YAML: {error}") from error
