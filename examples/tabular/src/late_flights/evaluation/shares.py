"""What a decision is made from, and whether its result on the test split meets the aim."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .scores import Array, Truth


@dataclass(frozen=True)
class Outcome:
    """The true values of a split, and the champion's predictions for it, rows first.

    Attributes:
        truth: the true values.
        predictions: of the champion.
        decision: of `params.yaml`, if there is one.
        simplest: the predictions of the simplest model, if it is not the champion.
    """

    truth: Truth
    predictions: Array
    decision: Mapping[str, Any] | None = None
    simplest: Array | None = None


def compare_with_aim(aim_text: str, score: Mapping[str, Any], aim: float, *, at_most: bool = False) -> str:
    """Return whether a share of the test split meets its aim, as a sentence; empty if the share is undefined.

    The aim is met or missed only where the share's interval excludes it.

    Args:
        aim_text: the aim, as in "referring at most 20%".
        score: the share on the test split: value, low, high.
        aim: the share to reach, or with `at_most` not to exceed.
        at_most: whether a smaller share is better.
    """
    if score["value"] is None:
        return ""
    value, low, high = (f"{100 * score[key]:.1f}" for key in ("value", "low", "high"))
    measured = f"{value}% [{low}%, {high}%]"
    if score["low"] <= aim <= score["high"]:
        return (
            f"Whether the aim is met, {aim_text}, is not established: the interval on the test split, {measured}, "
            f"includes {100 * aim:.4g}%."
        )
    is_met = score["high"] < aim if at_most else score["low"] > aim
    return f"The aim, {aim_text}, is {'met' if is_met else 'missed'} on the test split: {measured}."
