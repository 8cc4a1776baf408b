"""The target of a classification."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .schema import Schema

TASK = "classification"


def encode_target(target: pd.Series, schema: Schema) -> NDArray[np.int64]:
    """Return the index of each row's class, shape (rows,)."""
    indices = {label: index for index, label in enumerate(schema.classes)}
    return np.asarray(target.map(indices), dtype=np.int64)
