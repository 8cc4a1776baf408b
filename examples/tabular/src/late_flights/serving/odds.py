"""Contributions in log-odds: near 0 and 1, a probability hardly moves whatever an input does."""

import math

import numpy as np
from numpy.typing import NDArray

# Closer to 0 or 1, the probabilities of a 32-bit model are rounding errors.
SMALLEST = 1e-6
# Contributions that are smaller change the odds by less than one percent.
NEGLIGIBLE = math.log(1.01)


def log_odds(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the natural logarithm of p / (1 - p), for probabilities of any shape."""
    clipped = np.clip(probabilities, SMALLEST, 1 - SMALLEST)
    return np.asarray(np.log(clipped) - np.log1p(-clipped))


def format_odds(shift: float) -> str:
    """Return a difference of log-odds as the factor by which the odds change."""
    factor = math.exp(abs(shift))
    return f"odds {'×' if shift >= 0 else '÷'} {factor:,.{2 if factor < 10 else 0}f}"
