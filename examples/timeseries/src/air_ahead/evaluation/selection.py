"""Model selection: a more complex model is promoted only if it beats the simpler one by a margin, beyond chance."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..config import Evaluate
from .base import Metric
from .bootstrap import MIN_UNITS, UNIT
from .markdown import rounded, signed
from .scores import MIN_UNITS_OF_AN_INTERVAL, Array, Interval, Truth, percentile_interval, resample_scores


@dataclass(frozen=True)
class Comparison:
    """The gain of a more complex model over the best simpler one, on the validation split.

    Attributes:
        simpler: the champion so far.
        challenger: the more complex model.
        gain: the difference in the metric, positive where the challenger is better.
        margin: the smallest gain that is worth the complexity.
        promoted: whether the challenger becomes the champion.
        units: the number of independent rows, groups or forecasts that were compared.
    """

    simpler: str
    challenger: str
    gain: Interval
    margin: float
    promoted: bool
    units: int

    def describe(self, metric: Metric) -> str:
        """Return the decision as a sentence."""
        interval = f"interval {signed(self.gain.low)} to {signed(self.gain.high)}"
        text = f"{self.challenger} gains {signed(self.gain.value)} ({interval}) in {metric.label} over {self.simpler}"
        if self.gain.value < 0:
            loss = f"worse by {rounded(-self.gain.value)} ({interval} of the gain)"
            text = f"{self.challenger} is {loss} in {metric.label} than {self.simpler}"
        if self.units < MIN_UNITS:
            return f"{text}, on only {self.units} {UNIT}, which may be chance: {self.simpler} stays the champion."
        if self.promoted:
            text += " and is promoted."
        elif self.gain.value < 0:
            text += f": {self.simpler} stays the champion."
        elif self.gain.value < self.margin:
            text += f", less than the margin of {self.margin:g}: {self.simpler} stays the champion."
        else:
            text += f", but the interval includes zero: {self.simpler} stays the champion."
        if self.units < MIN_UNITS_OF_AN_INTERVAL:
            text += f" With only {self.units} {UNIT} the true interval is wider."
        return text


def select_champion(
    metric: Metric, truth: Truth, predictions: Mapping[str, Array], params: Evaluate
) -> tuple[str, list[Comparison]]:
    """Return the champion and the comparisons that led to it.

    Args:
        metric: the primary metric.
        truth: the true values of the validation split.
        predictions: of each model on that split, from the simplest to the most complex model.
        params: the margin, the confidence of the gain's interval (which must exclude zero), the resamples.
    """
    sign = 1.0 if metric.higher_is_better else -1.0
    samples = resample_scores(metric, truth, predictions, params)
    values = {name: metric.score(truth.target, prediction) for name, prediction in predictions.items()}
    units = len(np.unique(truth.units))
    champion, *challengers = predictions
    comparisons = []
    for challenger in challengers:
        gain = percentile_interval(
            sign * (values[challenger] - values[champion]),
            sign * (samples[challenger] - samples[champion]),
            params.confidence,
        )
        promoted = gain.value >= params.margin and gain.low > 0 and units >= MIN_UNITS
        comparisons.append(Comparison(champion, challenger, gain, params.margin, promoted, units))
        champion = challenger if promoted else champion
    return champion, comparisons
