"""Derived features: numbers that the models get besides the columns of `schema.yaml`.

They are computed from the columns in training and in serving alike, so the demo does not ask for them. To add one,
write a function of the columns and name it in `DERIVED`:

    def growth(columns: Columns) -> Any:
        return columns["price"] / columns["price_last_year"]

    DERIVED = {"growth": growth}
"""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Columns(Protocol):
    """The columns by name: numbers and days as float32, categories as text."""

    def __getitem__(self, name: str, /) -> Any: ...


DERIVED: dict[str, Callable[[Columns], Any]] = {}


def derive(columns: Columns) -> dict[str, NDArray[np.float32]]:
    """Return the derived features in the shape of the columns; what is not finite is missing."""
    values = {name: np.asarray(function(columns), dtype=np.float32) for name, function in DERIVED.items()}
    return {name: np.where(np.isfinite(column), column, np.float32(np.nan)) for name, column in values.items()}
