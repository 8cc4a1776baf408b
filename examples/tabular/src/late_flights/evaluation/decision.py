"""The decision: the threshold that `decision` in `params.yaml` asks for, chosen on the validation split.

With a positive class, rows whose probability of it reaches the threshold are referred to a person. With several
classes, rows whose most likely class reaches it are predicted, and the others left to a person (abstention).
"""

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from ..config import STRICT, Params, check
from ..data.schema import Schema
from ..errors import UserError
from .intervals import compare_with_aim, share
from .markdown import format_score, lower_first, rounded, three_digits
from .scores import Array, Outcome

Share = Annotated[float, Field(gt=0, le=1)]
Cost = Annotated[float, Field(ge=0)]

# No probability reaches it.
ABOVE_ALL = float(np.nextafter(1, 2))
MAX_POINTS, MIN_PREDICTED = 60, 20


@dataclass(frozen=True, config=STRICT)
class Costs:
    """What a missed positive and a false alarm cost, in any unit."""

    miss: Cost
    false_alarm: Cost


@dataclass(frozen=True, config=STRICT)
class Aim:
    """What the threshold is for: exactly one of these.

    Attributes:
        recall: the share of the positive class to find.
        costs: the threshold has the lowest costs.
        capacity: the share of the rows that people can review.
        accuracy: of the predictions that are made.
        abstain: the probability of the most likely class below which no prediction is made.
    """

    recall: Share | None = None
    costs: Costs | None = None
    capacity: Share | None = None
    accuracy: Share | None = None
    abstain: Share | None = None

    def __post_init__(self) -> None:
        if sum(value is not None for value in vars(self).values()) != 1:
            raise ValueError(f"needs exactly one of {', '.join(vars(self))}")


class Points(NamedTuple):
    """What thresholds give, from none to all rows: the rows that reach each, and how many of them are hits."""

    thresholds: Array
    reached: Array
    hits: Array


def make_decision(params: Params, schema: Schema, validation: Outcome, test: Outcome) -> dict[str, Any] | None:
    """Return the threshold, what it gives on both splits, and sentences that describe it; None if there is no aim.

    Raises:
        UserError: the aim is invalid, or needs a positive class where there is none.
    """
    if params.decision is None:
        return None
    aim = check(params.decision, Aim, "params.yaml", "decision")
    refers = _refers(aim, schema)
    positive = schema.classes.index(schema.positive) if refers and schema.positive else None
    points = operating_points(*_scores_and_hits(validation, positive))
    threshold = choose_threshold(aim, points, refers=refers)
    decision: dict[str, Any] = {
        "rule": "refer" if refers else "abstain",
        "aim": params.decision,
        "positive": schema.positive if refers else None,
        "threshold": threshold,
    }
    for name, outcome in (("validation", validation), ("test", test)):
        decision[name] = _measure(outcome, positive, threshold, params.evaluate.confidence)
    describe = _describe_referral if refers else _describe_abstention
    texts = describe(decision, schema) | {"aim_outcome": _compare_with_aim(decision)}
    return decision | texts | {"curve": _curve(points, decision, validation, positive, params.evaluate.confidence)}


def _refers(aim: Aim, schema: Schema) -> bool:
    if schema.positive:
        return aim.accuracy is None and aim.abstain is None
    if aim.recall or aim.costs:
        raise UserError(
            "params.yaml: decision: recall and costs need a positive class, which schema.yaml does not have; "
            "use capacity, accuracy or abstain"
        )
    return False


def _scores_and_hits(outcome: Outcome, positive: int | None) -> tuple[Array, NDArray[np.bool_]]:
    """Return the probability that a threshold is compared with, and whether a row is a hit. Shapes (rows,)."""
    target, probabilities = outcome.truth.target, outcome.predictions
    if positive is None:
        return probabilities.max(axis=1), probabilities.argmax(axis=1) == target
    return probabilities[:, positive], target == positive


def predicted_classes(
    probabilities: Array, schema: Schema, decision: Mapping[str, Any] | None = None
) -> NDArray[np.int64]:
    """Return the index of each row's predicted class, shape (rows,).

    Where a decision refers rows, it is the positive class from the threshold on, and below it the most likely of the
    others. Otherwise it is the most likely class.
    """
    if not decision or decision["rule"] != "refer":
        return np.asarray(probabilities.argmax(axis=1))
    positive = schema.classes.index(decision["positive"])
    others = np.delete(np.arange(len(schema.classes)), positive)
    likeliest = others[probabilities[:, others].argmax(axis=1)]
    return np.where(probabilities[:, positive] >= decision["threshold"], positive, likeliest)


def operating_points(scores: Array, hits: NDArray[np.bool_]) -> Points:
    """Return a threshold between each two neighboring scores, besides those that none and all of the rows reach."""
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    last = np.flatnonzero(ranked[:-1] != ranked[1:])  # of the rows with equal scores
    ends = np.append(last, len(ranked) - 1)
    return Points(
        np.concatenate([[ABOVE_ALL], (ranked[last] + ranked[last + 1]) / 2, [0.0]]),
        np.concatenate([[0], ends + 1]),
        np.concatenate([[0], np.cumsum(hits[order])[ends]]),
    )


def choose_threshold(aim: Aim, points: Points, *, refers: bool) -> float:
    """Return the threshold that refers as few rows, or predicts as many, as the aim allows."""
    if aim.abstain is not None:
        return aim.abstain
    rows, positives, tolerance = points.reached[-1], points.hits[-1], 1e-9
    if aim.recall is not None:
        chosen = int(np.argmax(points.hits >= aim.recall * positives - tolerance))
    elif aim.costs is not None:
        misses, false_alarms = positives - points.hits, points.reached - points.hits
        chosen = int(np.argmin(aim.costs.miss * misses + aim.costs.false_alarm * false_alarms))
    elif aim.accuracy is not None:
        chosen = int(np.flatnonzero(points.hits >= aim.accuracy * points.reached - tolerance)[-1])
    elif refers:
        chosen = int(np.flatnonzero(points.reached <= (aim.capacity or 0) * rows + tolerance)[-1])
    else:
        chosen = int(np.argmax(rows - points.reached <= (aim.capacity or 0) * rows + tolerance))
    return float(points.thresholds[chosen])


def _measure(outcome: Outcome, positive: int | None, threshold: float, confidence: float) -> dict[str, Any]:
    scores, hits = _scores_and_hits(outcome, positive)
    reached, units = scores >= threshold, outcome.truth.units
    counts: dict[str, Any] = {"rows": len(scores), "reached": int(reached.sum()), "hits": int((reached & hits).sum())}
    counts["reached_share"] = share(reached, units, confidence)
    right = share(hits[reached], units[reached], confidence)
    if positive is None:
        return counts | {"wrong_below": int((~reached & ~hits).sum()), "accuracy": right}
    recall = share(reached[hits], units[hits], confidence)
    return counts | {"positives": int(hits.sum()), "recall": recall, "precision": right}


def _describe_referral(decision: dict[str, Any], schema: Schema) -> dict[str, str]:
    test, validation, aim = decision["test"], decision["validation"], decision["aim"]
    label, false_alarms = lower_first(schema.target.label), test["reached"] - test["hits"]
    alarms = {0: "no false alarm", 1: "one false alarm"}.get(false_alarms, f"{false_alarms:,} false alarms")
    if aim.get("recall"):
        reason = f"the highest with a recall of at least {aim['recall']:g}"
    elif aim.get("costs"):
        reason = "that with the lowest costs, where a miss costs {miss:g} and a false alarm {false_alarm:g}".format(
            **aim["costs"]
        )
    else:
        reason = f"the lowest that refers at most {aim['capacity']:.0%}"
    return {
        "sentence": f"Refers {test['reached']:,} of {test['rows']:,} {schema.sample_noun} of the test split and finds "
        f"{test['hits']:,} of the {test['positives']:,} whose {label} is {schema.positive} "
        f"(recall {format_score(test['recall'])}), with {alarms}.",
        "reason": f"{schema.sample_noun.capitalize()} with a probability of at least {rounded(decision['threshold'])} "
        f"that the {label} is {schema.positive} are referred. The threshold was chosen on the validation split, "
        f"{reason}; there it refers {validation['reached']:,} of {validation['rows']:,} and finds "
        f"{validation['hits']:,} of {validation['positives']:,}.",
    }


def _describe_abstention(decision: dict[str, Any], schema: Schema) -> dict[str, str]:
    test, validation, aim = decision["test"], decision["validation"], decision["aim"]
    left = test["rows"] - test["reached"]
    if aim.get("accuracy"):
        reason = f"was chosen on the validation split, the lowest with an accuracy of at least {aim['accuracy']:g}"
    elif aim.get("capacity"):
        reason = f"was chosen on the validation split, the highest that leaves at most {aim['capacity']:.0%} to people"
    else:
        reason = "is set in params.yaml, not chosen on the validation split"
    return {
        "sentence": f"Predicts {test['reached']:,} of {test['rows']:,} {schema.sample_noun} of the test split, "
        f"{test['hits']:,} of them correctly (accuracy {format_score(test['accuracy'])}), and leaves {left:,} to a "
        f"person{_count_errors_left(test)}.",
        "reason": f"{schema.sample_noun.capitalize()} whose most likely class has a probability of at least "
        f"{rounded(decision['threshold'])} are predicted. The threshold {reason}; there it predicts "
        f"{validation['reached']:,} of {validation['rows']:,}, {validation['hits']:,} of them correctly.",
    }


def _count_errors_left(test: dict[str, Any]) -> str:
    left = test["wrong_below"]
    total = left + test["reached"] - test["hits"]
    if not total or test["reached"] == test["rows"]:
        return ""
    if total == 1:
        return f", {'among them' if left else 'but not'} its only error"
    return f", among them {left:,} of its {total:,} errors" if left else f", none of its {total:,} errors among them"


def _compare_with_aim(decision: dict[str, Any]) -> str:
    test, refers = decision["test"], decision["rule"] == "refer"
    ((name, aim),) = decision["aim"].items()
    if name == "capacity":
        reviewed = test["reached_share"]
        if not refers:
            reviewed = {"value": 1 - reviewed["value"], "low": 1 - reviewed["high"], "high": 1 - reviewed["low"]}
        text = f"{'referring' if refers else 'leaving'} at most {100 * aim:.4g}%{'' if refers else ' to people'}"
        return compare_with_aim(text, reviewed, aim, at_most=True)
    if name in ("recall", "accuracy"):
        article = "an" if name == "accuracy" else "a"
        return compare_with_aim(f"{article} {name} of at least {100 * aim:.4g}%", test[name], aim)
    return ""


def _curve(
    points: Points, decision: dict[str, Any], outcome: Outcome, positive: int | None, confidence: float
) -> dict[str, Any]:
    refers, rows = decision["rule"] == "refer", int(points.reached[-1])
    # The accuracy of very few predictions is noise.
    first = 1 if refers else int(np.argmax(points.reached >= min(MIN_PREDICTED, rows)))
    kept = np.unique(np.linspace(first, len(points.reached) - 1, MAX_POINTS).astype(int))
    name, verb = ("recall", "referred") if refers else ("accuracy", "predicted")
    scores = [_measure(outcome, positive, float(threshold), confidence)[name] for threshold in points.thresholds[kept]]
    overall, chosen = float(points.hits[-1] / rows), decision["validation"]
    x, y = chosen["reached"] / rows, chosen[name]["value"]
    return {
        "title": f"{name.capitalize()} by share {verb} (validation split, n = {rows:,})",
        "x_label": f"share that is {verb}",
        "y_label": f"recall of {decision['positive']}" if refers else "accuracy of the predictions",
        "x": (points.reached[kept] / rows).round(4).tolist(),
        "y": [score["value"] for score in scores],
        "low": [score["low"] for score in scores],
        "high": [score["high"] for score in scores],
        "band": f"{100 * confidence:.3g}% interval",
        "baseline": {
            "label": "referred at random" if refers else "all are predicted",
            "x": [0, 1],
            "y": [0, 1] if refers else [overall, overall],
        },
        "chosen": [x, y],
        "chosen_label": f"chosen: {100 * x:.3g}% {verb}, {name} {'undefined' if y is None else three_digits(y)}",
    }
