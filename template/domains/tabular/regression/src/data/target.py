"""The target of a regression."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .schema import Schema

TASK = "regression"


def encode_target(target: pd.Series, schema: Schema) -> NDArray[np.float64]:
    """Return the target as float64, shape (rows,)."""
    return target.to_numpy(dtype=np.float64)
