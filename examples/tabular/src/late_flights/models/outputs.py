"""The output of an exported classifier."""

import numpy as np
from numpy.typing import NDArray


def convert_output(output: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities of shape (rows, classes) that add up to one; in float32 they nearly do."""
    probabilities: NDArray[np.float64] = output / output.sum(axis=1, keepdims=True)
    return probabilities
