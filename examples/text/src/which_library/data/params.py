"""Parameters of the stage `prepare`."""

from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Prepare:
    """How texts are cleaned and split; the shares are of all texts, the rest is for training.

    Texts are near-duplicates if the Jaccard similarity of their shingles is at least `similarity_threshold`. Sentences
    of at least `min_sentence_words` words (0: none) are kept in one text only. With `folds` of 2 or more, models are
    compared by refits on parts of the training and the validation split.
    """

    seed: Annotated[int, Field(ge=0, lt=2**32)]
    validation_share: Annotated[float, Field(gt=0, lt=0.5)]
    test_share: Annotated[float, Field(gt=0, lt=0.5)]
    min_words: Annotated[int, Field(gt=0)]
    min_sentence_words: Annotated[int, Field(ge=0)]
    shingle_size: Annotated[int, Field(gt=0)]
    similarity_threshold: Annotated[float, Field(gt=0, le=1)]
    folds: Annotated[int, Field(ge=1, le=20)] = 1
