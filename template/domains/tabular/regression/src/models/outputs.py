"""The output of an exported regressor."""

import numpy as np
from numpy.typing import NDArray


def convert_output(output: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values with shape (rows,)."""
    return output.reshape(len(output))
