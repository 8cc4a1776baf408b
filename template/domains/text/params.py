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
    """Whose docstrings to write to `data/raw/`; a folder or module whose name is in `skip` is passed over."""

    libraries: list[str]
    skip: list[str]


@dataclass(frozen=True, config=_STRICT)
class Prepare:
    """How texts are cleaned and split. Shares are of all texts; what is left is for training.

    A text has `least_words` or more. Two are near-duplicates if `similarity` or more of their runs of `shingle_words`
    words are common to both; a sentence counts as repeated if it has `sentence_words` or more (0: none does).
    """

    seed: Annotated[int, Field(ge=0, lt=2**32)]
    validation_share: Annotated[float, Field(gt=0, lt=0.5)]
    test_share: Annotated[float, Field(gt=0, lt=0.5)]
    least_words: Annotated[int, Field(gt=0)]
    sentence_words: Annotated[int, Field(ge=0)]
    shingle_words: Annotated[int, Field(gt=0)]
    similarity: Annotated[float, Field(gt=0, le=1)]


@dataclass(frozen=True, config=_STRICT)
class Baseline:
    """The model to beat; it has nothing to turn."""


@dataclass(frozen=True, config=_STRICT)
class Shallow:
    """TF-IDF of words and of runs of up to `ngrams` words, and logistic regression (`C`, `max_iter`).

    Each stands in `least_documents` training texts or more; of more than `most_ngrams`, the most frequent count.
    """

    ngrams: Annotated[int, Field(gt=0, le=3)]
    least_documents: Annotated[int, Field(gt=0)]
    most_ngrams: Annotated[int, Field(gt=0)]
    C: Annotated[float, Field(gt=0)]
    max_iter: Annotated[int, Field(gt=0)]


@dataclass(frozen=True, config=_STRICT)
class Deep:
    """A transformer encoder over pieces of words, and how it is trained."""

    vocabulary: Annotated[int, Field(ge=100)]
    length: Annotated[int, Field(gt=1)]
    width: Annotated[int, Field(gt=0)]
    layers: Annotated[int, Field(gt=0)]
    heads: Annotated[int, Field(gt=0)]
    dropout: Annotated[float, Field(ge=0, lt=1)]
    word_dropout: Annotated[float, Field(ge=0, lt=1)]
    check_share: Annotated[float, Field(gt=0, lt=0.5)]
    epochs: Annotated[int, Field(gt=0)]
    batch_size: Annotated[int, Field(gt=0)]
    learning_rate: Annotated[float, Field(gt=0)]
    weight_decay: Annotated[float, Field(ge=0)]
    patience: Annotated[int, Field(gt=0)]

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise ValueError(f"the width ({self.width}) must be a multiple of the heads ({self.heads})")


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
