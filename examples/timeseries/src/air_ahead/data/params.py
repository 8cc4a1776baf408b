"""Parameters of the stage `prepare`."""

from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Prepare:
    """Lengths in steps (`step` in `schema.yaml`).

    Attributes:
        history: steps that a forecast takes as input.
        horizon: steps that it predicts.
        validation: steps in the validation split.
        test: steps in the test split.
        folds: parts of the training and the validation split by which models are compared; 1: the validation split.
    """

    history: Annotated[int, Field(ge=10)]
    horizon: Annotated[int, Field(ge=1, le=60)]
    validation: Annotated[int, Field(gt=0)]
    test: Annotated[int, Field(gt=0)]
    folds: Annotated[int, Field(ge=1, le=20)] = 1
