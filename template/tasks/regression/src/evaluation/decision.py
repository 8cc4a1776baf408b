"""The decision: the tolerance that `decision` in `params.yaml` asks for."""

from typing import Any

from ..config import Params
from ..data.schema import Schema
from .scores import Outcome
from .tolerance import measure_tolerance


def make_decision(params: Params, schema: Schema, validation: Outcome, test: Outcome) -> dict[str, Any] | None:
    """Return the tolerance and the share of the predictions within it; None if `params.yaml` has none."""
    return measure_tolerance(params, schema, "predictions", validation, test)
