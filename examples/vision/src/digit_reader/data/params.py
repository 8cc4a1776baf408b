"""Parameters of the prepare stage."""

from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Prepare:
    """How duplicates are removed and the images are split.

    Attributes:
        seed: Seed of the random split.
        validation_share: Share of all images in the validation split.
        test_share: Share of all images in the test split; the rest is for training.
        duplicate_distance: Two images are duplicates if the root mean square difference of their pixels (0 to 1) is
            at most this.
        folds: Parts of the training and the validation split by which models are compared; 1: the validation split.
    """

    seed: Annotated[int, Field(ge=0, lt=2**32)]
    validation_share: Annotated[float, Field(gt=0, lt=0.5)]
    test_share: Annotated[float, Field(gt=0, lt=0.5)]
    duplicate_distance: Annotated[float, Field(ge=0, lt=1)]
    folds: Annotated[int, Field(ge=1, le=20)] = 1
