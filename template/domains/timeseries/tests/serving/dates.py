"""Dates for the tests of the demo."""

from project_package.data.periods import period_start
from project_package.serving.predictor import Predictor


def start_day(predictor: Predictor, index: int) -> str:
    """Return the first day of a step of the series."""
    return str(period_start(predictor.start + index, predictor.step))


def middle(predictor: Predictor) -> int:
    """Return the index of a step with a complete history before it and a complete horizon after it."""
    return len(predictor.series) - 2 * int(predictor.inputs[1]["maximum"])
