"""The decision about numbers: which error is tolerable, and which share of the predictions has no larger one."""

import math
from typing import Annotated, Any

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from ..config import STRICT, Params, check
from ..data.schema import Schema
from .intervals import compare_with_aim, share
from .markdown import format_score, rounded, three_digits
from .scores import Array, Outcome

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

    The targets and predictions of a split have the same shape; `noun` is for the predictions.

    Raises:
        UserError: the aim is invalid.
    """
    if params.decision is None:
        return None
    aim = check(params.decision, Aim, "params.yaml", "decision")
    errors = np.sort(_errors(validation.truth.target, validation.predictions).ravel())
    tolerance = aim.tolerance or round_up(float(np.quantile(errors, aim.share or 0, method="higher")))
    decision: dict[str, Any] = {
        "rule": "tolerance",
        "aim": params.decision,
        "tolerance": tolerance,
        "unit": schema.target.unit,
    }
    for name, outcome in (("validation", validation), ("test", test)):
        within = _errors(outcome.truth.target, outcome.predictions) <= tolerance
        counts: dict[str, Any] = {"predictions": within.size, "within": int(within.sum())}
        if outcome.simplest is not None:
            counts["simplest_within"] = int((_errors(outcome.truth.target, outcome.simplest) <= tolerance).sum())
        decision[name] = counts | {"share": share(within, outcome.truth.units, params.evaluate.confidence)}
    curve = _curve(errors, decision)
    if validation.simplest is not None:
        others = np.sort(_errors(validation.truth.target, validation.simplest).ravel())
        curve["baseline"] = {"label": "simplest model"} | _share_by_tolerance(others)
    return decision | _describe(decision, noun) | {"curve": curve}


def _errors(target: Array, predictions: Array) -> Array:
    return np.asarray(np.abs(target - predictions))


def round_up(value: float) -> float:
    """Return the value with three significant digits, or the next larger such number."""
    if value <= 0:
        return value
    scale = 10.0 ** (math.floor(math.log10(value)) - DIGITS + 1)
    return float(f"{math.ceil(value / scale - 1e-9) * scale:.{DIGITS}g}")


def _describe(decision: dict[str, Any], noun: str) -> dict[str, str]:
    test, validation, aim = decision["test"], decision["validation"], decision["aim"]
    others = f"; with the simplest model, {test['simplest_within']:,} are" if "simplest_within" in test else ""
    size = f"{rounded(decision['tolerance'])} {decision['unit']}".strip()
    chosen = (
        f"The tolerance is the error that {aim['share']:.0%} of the predictions of the validation split don't exceed."
        if aim.get("share")
        else f"The tolerance is set in params.yaml; on the validation split {validation['within']:,} of "
        f"{validation['predictions']:,} are within it."
    )
    return {
        "sentence": f"{test['within']:,} of {test['predictions']:,} {noun} of the test split are within {size} of the "
        f"actual value (share {format_score(test['share'])}){others}.",
        "reason": chosen,
        "aim_outcome": compare_with_aim(f"{aim['share']:.0%} within the tolerance", test["share"], aim["share"])
        if aim.get("share")
        else "",
    }


def _curve(errors: Array, decision: dict[str, Any]) -> dict[str, Any]:
    tolerance, share_within = decision["tolerance"], decision["validation"]["share"]["value"]
    return _share_by_tolerance(errors) | {
        "title": f"Share within the tolerance (validation split, n = {len(errors):,})",
        "x_label": f"tolerance ({decision['unit']})" if decision["unit"] else "tolerance",
        "y_label": "share of the predictions within it",
        "chosen": [tolerance, share_within],
        "chosen_label": f"{three_digits(share_within)} within {rounded(tolerance)} {decision['unit']}".strip(),
    }


def _share_by_tolerance(errors: Array) -> dict[str, list[float]]:
    kept = np.unique(np.linspace(0, len(errors) - 1, MAX_POINTS).astype(int))
    return {"x": errors[kept].tolist(), "y": ((kept + 1) / len(errors)).round(4).tolist()}
