"""The parameters of every stage, read from `params.yaml` into frozen dataclasses.

A missing, misspelt or mistyped entry is an error that names it: a typo must not train another model than the one meant.
"""

import json
from dataclasses import field
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

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

    seed: int
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


@dataclass(frozen=True, config=_STRICT)
class Train:
    """The models, from the simplest to the most complex, and what each may turn."""

    models: list[str]
    seed: int
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
    seed: int
    slices: list[str]


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
