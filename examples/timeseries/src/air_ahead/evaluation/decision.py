"""The decision: the tolerance that `decision` in `params.yaml` asks for."""

from typing import Any

from ..config import Params
from ..data.schema import Schema
from .shares import Outcome
from .tolerance import measure_tolerance


def make_decision(params: Params, schema: Schema, validation: Outcome, test: Outcome) -> dict[str, Any] | None:
    """Return the tolerance and the share of the forecast values within it; None if `params.yaml` has none."""
    horizon = test.truth.target.shape[1]
    noun = (
        f"forecasts, up to {horizon} {schema.step}s ahead," if horizon > 1 else f"forecasts, one {schema.step} ahead,"
    )
    medians = [Outcome(outcome.truth, outcome.predictions[..., 1]) for outcome in (validation, test)]
    return measure_tolerance(params, schema, noun, *medians)
