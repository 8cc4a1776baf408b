"""What a metric is, and the choice of the primary one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from ..errors import UserError


@dataclass(frozen=True)
class Metric:
    """A score of predictions.

    Attributes:
        label: for people.
        score: from the target and the predictions of the same rows.
        higher_is_better: None where neither direction is better, as for the coverage of an interval.
        ranking: whether it ranks the rows, and is undefined where all rows are of one class.
        note: what a reader of its values should know, as a sentence.
    """

    label: str
    score: Callable[[NDArray[Any], NDArray[Any]], float]
    higher_is_better: bool | None
    ranking: bool = False
    note: str = ""


def choose_metric(metrics: Mapping[str, Metric], name: str) -> Metric:
    """Return the metric `evaluate.metric` of `params.yaml`, by which models are compared.

    Raises:
        UserError: there is no metric of that name by which one model is better than another.
    """
    choices = {key: metric for key, metric in metrics.items() if metric.higher_is_better is not None}
    if name not in choices:
        raise UserError(f"params.yaml: evaluate.metric {name!r} is unknown; choose one of {', '.join(choices)}")
    return choices[name]
