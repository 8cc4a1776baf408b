"""Parameters of the stage `prepare`."""

from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Prepare:
    """How texts are cleaned and split.

    Attributes:
        seed: of the random split.
        validation_share: share of all texts in the validation split.
        test_share: share of all texts in the test split; the rest is for training.
        min_words: shorter texts are left out.
        min_sentence_words: a sentence of at least this length is kept in one text only (0: sentences may repeat).
        shingle_size: words per shingle, for near-duplicate detection.
        similarity_threshold: Jaccard similarity of two sets of shingles from which texts count as near-duplicates.
    """

    seed: Annotated[int, Field(ge=0, lt=2**32)]
    validation_share: Annotated[float, Field(gt=0, lt=0.5)]
    test_share: Annotated[float, Field(gt=0, lt=0.5)]
    min_words: Annotated[int, Field(gt=0)]
    min_sentence_words: Annotated[int, Field(ge=0)]
    shingle_size: Annotated[int, Field(gt=0)]
    similarity_threshold: Annotated[float, Field(gt=0, le=1)]
