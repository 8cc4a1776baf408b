"""How often predictions are as accurate as needed, from `champion.json`. Standard library only."""

import html
from collections.abc import Mapping
from typing import Any

from ..evaluation.markdown import rounded

Record = Mapping[str, Any]
SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "How often the actual value is at most the tolerance away from the prediction, on the test split "
    "(of a forecast: as many steps ahead as its last step).",
    "properties": {"tolerance": {"type": "number"}, "unit": {"type": "string"}, "share_within": {"type": "number"}},
}


def count_within(record: Record, steps: int) -> tuple[int, int]:
    """Return how many predictions of the test split are within the tolerance, of how many.

    Args:
        record: the contents of `champion.json`.
        steps: of forecasts, count those of this step ahead; 0 for other predictions.
    """
    # Records of older versions count all steps together.
    tested = record.get("tested") if steps else None
    if tested:
        return tested["within"][steps - 1], tested["forecasts"]
    test = record["decision"]["test"]
    return test["within"], test["predictions"]


def add_decision(record: Record, prediction: dict[str, Any]) -> dict[str, Any]:
    """Return a prediction of the REST API with the tolerance and the share within it, if there is a tolerance."""
    rule = record.get("decision")
    if not rule:
        return prediction
    within, predictions = count_within(record, len(prediction.get("times", ())))
    share = {"share_within": round(within / predictions, 6)}
    return prediction | {"decision": {"tolerance": rule["tolerance"], "unit": rule["unit"], **share}}


def decision_schemas(record: Record) -> dict[str, Any]:
    """Return the JSON schema of the tolerance, if there is one."""
    return {"decision": SCHEMA} if record.get("decision") else {}


def format_decision(record: Record, steps: int = 0) -> str:
    """Return the share within the tolerance as a sentence in HTML; empty if there is no tolerance."""
    rule = record.get("decision")
    if not rule:
        return ""
    within, predictions = count_within(record, steps)
    size = html.escape(f"{rounded(rule['tolerance'])} {rule['unit']}".strip())
    return f"Within {size} of the actual value: {within:,} of {predictions:,} on the test split"
