"""The decision: the tolerance that `decision` in `params.yaml` asks for."""

from dataclasses import replace
from typing import Any

import numpy as np

from ..config import Params
from ..data.schema import Schema
from .markdown import three_digits
from .scores import Outcome
from .tolerance import measure_tolerance


def make_decision(params: Params, schema: Schema, validation: Outcome, test: Outcome) -> dict[str, Any] | None:
    """Return the tolerance and the share of the forecast values within it; None if `params.yaml` has none."""
    origins, horizon = test.truth.target.shape
    ahead = f"1 to {horizon} {schema.step}s" if horizon > 1 else f"1 {schema.step}"
    noun = f"forecast values ({origins:,} forecasts, {ahead} ahead)"
    decision = measure_tolerance(params, schema, noun, _take_median(validation), _take_median(test))
    if decision and horizon > 1:
        errors = np.abs(test.truth.target - test.predictions[..., 1])
        first, *_, last = (three_digits(float(share)) for share in (errors <= decision["tolerance"]).mean(axis=0))
        steps = f"The share is {first} one {schema.step} ahead, and {last} {horizon} {schema.step}s ahead."
        decision["aim_outcome"] = f"{decision['aim_outcome']} {steps}".strip()
    return decision


def _take_median(outcome: Outcome) -> Outcome:
    simplest = None if outcome.simplest is None else outcome.simplest[..., 1]
    return replace(outcome, predictions=outcome.predictions[..., 1], simplest=simplest)
