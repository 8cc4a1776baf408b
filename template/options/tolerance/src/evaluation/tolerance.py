"""The decision about numbers: which error is tolerable, and which share of the predictions has no larger one."""

import math
from typing import Annotated, Any

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from ..config import STRICT, Params, check
from ..data.schema import Schema
from .markdown import format_score, rounded
from .scores import Array
from .shares import Outcome, compare_with_aim, share

MAX_POINTS, DIGITS = 60, 3


@dataclass(frozen=True, config=STRICT)
class Aim:
    """Exactly one of these.

    Attributes:
        tolerance: the largest tolerable error, in the target's unit.
        share: of the predictions that are to be within the tolerance, which is chosen on the validation split.
    """

    tolerance: Annotated[float, Field(gt=0)] | None = None
    share: Annotated[float, Field(gt=0, lt=1)] | None = None

    def __post_init__(self) -> None:
        if sum(value is not None for value in vars(self).values()) != 1:
            raise ValueError(f"needs exactly one of {', '.join(vars(self))}")


def measure_tolerance(
    params: Params, schema: Schema, noun: str, validation: Outcome, test: Outcome
) -> dict[str, Any] | None:
    """Return the tolerance, the share within it on both splits, and a sentence about it; None if there is no aim.

    Args:
        params: have the aim, the section `decision`.
        schema: has the target's unit.
        noun: for the predictions.
        validation: target and predicted values of the validation split, of the same shape.
        test: the same of the test split.

    Raises:
        UserError: the aim is invalid.
    """
    if params.decision is None:
        return None
    aim = check(params.decision, Aim, "params.yaml", "decision")
    errors = np.sort(_errors(validation).ravel())
    tolerance = aim.tolerance or round_up(float(np.quantile(errors, aim.share or 0, method="higher")))
    decision: dict[str, Any] = {
        "rule": "tolerance",
        "aim": params.decision,
        "tolerance": tolerance,
        "unit": schema.target.unit,
    }
    for name, outcome in (("validation", validation), ("test", test)):
        within = _errors(outcome) <= tolerance
        counts = {"predictions": within.size, "within": int(within.sum())}
        decision[name] = counts | {"share": share(within, outcome.truth.units, params.evaluate.confidence)}
    return decision | _describe(decision, noun) | {"curve": _curve(errors, decision)}


def _errors(outcome: Outcome) -> Array:
    return np.asarray(np.abs(outcome.truth.target - outcome.predictions))


def round_up(value: float) -> float:
    """Return the value with three significant digits, or the next larger such number."""
    if value <= 0:
        return value
    scale = 10.0 ** (math.floor(math.log10(value)) - DIGITS + 1)
    return float(f"{math.ceil(value / scale - 1e-9) * scale:.{DIGITS}g}")


def _describe(decision: dict[str, Any], noun: str) -> dict[str, str]:
    test, validation, aim = decision["test"], decision["validation"], decision["aim"]
    size = f"{rounded(decision['tolerance'])} {decision['unit']}".strip()
    chosen = (
        f"The tolerance is the error that {aim['share']:.0%} of the predictions of the validation split don't exceed."
        if aim.get("share")
        else f"The tolerance is set in params.yaml; on the validation split {validation['within']:,} of "
        f"{validation['predictions']:,} are within it."
    )
    return {
        "sentence": f"{test['within']:,} of {test['predictions']:,} {noun} of the test split are within {size} of the "
        f"actual value (share {format_score(test['share'])}).",
        "reason": chosen,
        "aim_outcome": compare_with_aim(
            f"{aim['share']:.0%} within the tolerance", test["share"]["value"], aim["share"]
        )
        if aim.get("share")
        else "",
    }


def _curve(errors: Array, decision: dict[str, Any]) -> dict[str, Any]:
    """Return the share of the validation split by tolerance: for the figure, in at most `MAX_POINTS` points."""
    kept = np.unique(np.linspace(0, len(errors) - 1, MAX_POINTS).astype(int))
    unit = f" ({decision['unit']})" if decision["unit"] else ""
    return {
        "x_label": f"tolerance{unit}",
        "y_label": "share of the predictions within the tolerance",
        "x": errors[kept].tolist(),
        "y": ((kept + 1) / len(errors)).round(4).tolist(),
        "chosen": [decision["tolerance"], decision["validation"]["share"]["value"]],
    }
