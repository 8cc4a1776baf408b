"""The parameters of the stage `prepare`."""

from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Prepare:
    """How the rows are split: shares of all rows; the rest is for training.

    With `folds` of 2 or more, models are compared by refits on parts of the training and the validation split.
    """

    seed: Annotated[int, Field(ge=0, lt=2**32)]
    validation_share: Annotated[float, Field(gt=0, lt=0.5)]
    test_share: Annotated[float, Field(gt=0, lt=0.5)]
    folds: Annotated[int, Field(ge=1, le=20)] = 1
