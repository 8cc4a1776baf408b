"""What a metric is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Metric:
    """A score of predictions.

    Attributes:
        label: for people.
        score: from the target and the predictions of the same rows.
        higher_is_better: None where neither direction is better, as for the coverage of an interval.
        ranking: whether it ranks the rows, and is undefined where all rows are of one class.
        note: what a reader of its values should know, as a sentence.
        hits: for a share of predictions: which of them count. Its interval is Wilson's.
        in_unit: whether its values have the target's unit.
    """

    label: str
    score: Callable[[NDArray[Any], NDArray[Any]], float]
    higher_is_better: bool | None
    ranking: bool = False
    note: str = ""
    hits: Callable[[NDArray[Any], NDArray[Any]], NDArray[np.bool_]] | None = None
    in_unit: bool = False
