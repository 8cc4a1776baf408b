"""Model selection: a more complex model is promoted only if it beats the simpler one by a margin, beyond chance."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from ..config import Evaluate
from .base import Metric
from .bootstrap import MIN_UNITS, UNIT
from .intervals import Interval, percentile_interval
from .markdown import format_gain, lower_first
from .scores import MIN_UNITS_OF_AN_INTERVAL, Array, Truth, primary_metric, resample_scores, score


@dataclass(frozen=True)
class Comparison:
    """The gain of a more complex model over the best simpler one, on rows that neither was fitted to.

    Attributes:
        gain: the difference in the metric, positive where the challenger is better.
        margin: the smallest gain that is worth the complexity.
        units: the number of independent rows, groups or forecasts that were compared.
        rows: which rows, as within a sentence.
    """

    simpler: str
    challenger: str
    gain: Interval
    margin: float
    promoted: bool
    units: int
    rows: str

    def describe(self, metric: Metric, unit: str = "") -> str:
        """Return the decision as a sentence; `unit` is that of the metric's values."""
        gain, label = format_gain(**asdict(self.gain)), lower_first(metric.label)
        gain = f"{gain} {unit}".strip()
        text = f"{self.challenger} improves {label} by {gain} over {self.simpler} on {self.rows}"
        if self.gain.value < 0:
            text = f"{self.challenger} does not improve {label} over {self.simpler} on {self.rows} ({gain})"
        if self.units < MIN_UNITS:
            return f"{text}, only {self.units} {UNIT}, which may be chance: {self.simpler} stays the champion."
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


@dataclass(frozen=True)
class Evidence:
    """What models predict for rows to which none of them was fitted.

    `rows` names the rows within a sentence. `samples` has the primary metric of each model on bootstrap resamples.
    """

    rows: str
    truth: Truth
    predictions: Mapping[str, Array]
    samples: Mapping[str, Array]


def gather_evidence(
    rows: str, truth: Truth, predictions: Mapping[str, Array], metric: Metric, params: Evaluate
) -> Evidence:
    """Return the evidence with resamples, from the attributes of `Evidence`."""
    return Evidence(rows, truth, predictions, resample_scores(metric, truth, predictions, params))


def compare_two(rows: str, truth: Truth, predictions: Mapping[str, Array], params: Evaluate) -> Comparison:
    """Return the gain of the second of two models over the first, by the primary metric, on the same rows."""
    (simpler, challenger), metric = predictions, primary_metric(params.metric)
    evidence = gather_evidence(rows, truth, predictions, metric, params)
    return compare(simpler, challenger, evidence, metric, params)


def select_champion(
    models: Sequence[str], evidence: Sequence[Evidence], metric: Metric, params: Evaluate
) -> tuple[str, list[Comparison]]:
    """Return the champion and the comparisons that led to it.

    The models go from the simplest to the most complex. Two are compared by the first evidence that has both.
    """
    champion, *challengers = models
    comparisons = []
    for challenger in challengers:
        shared = next(entry for entry in evidence if {champion, challenger} <= entry.predictions.keys())
        comparison = compare(champion, challenger, shared, metric, params)
        comparisons.append(comparison)
        champion = challenger if comparison.promoted else champion
    return champion, comparisons


def compare(simpler: str, challenger: str, evidence: Evidence, metric: Metric, params: Evaluate) -> Comparison:
    """Return the gain of one model over another on the same rows, and whether it is enough."""
    sign, truth = 1.0 if metric.higher_is_better else -1.0, evidence.truth
    before, after = (score(metric, truth, evidence.predictions[name]) for name in (simpler, challenger))
    samples = evidence.samples[challenger] - evidence.samples[simpler]
    gain = percentile_interval(sign * (after - before), sign * samples, params.confidence)
    units = len(np.unique(truth.units))
    promoted = gain.value >= params.margin and gain.low > 0 and units >= MIN_UNITS
    return Comparison(simpler, challenger, gain, params.margin, promoted, units, evidence.rows)
