"""How often predictions are as accurate as needed, from `champion.json`. Standard library only."""

import html
from collections.abc import Mapping
from typing import Any

from ..evaluation.markdown import rounded

Record = Mapping[str, Any]
SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "How often the actual value is at most the tolerance away from the prediction, on the test split.",
    "properties": {"tolerance": {"type": "number"}, "unit": {"type": "string"}, "share_within": {"type": "number"}},
}


def decide(record: Record) -> dict[str, Any] | None:
    """Return the tolerance and the share of the test split within it; None if there is no tolerance."""
    rule = record.get("decision")
    if not rule:
        return None
    share = rule["test"]["share"]["value"]
    return {"tolerance": rule["tolerance"], "unit": rule["unit"], "share_within": share}


def add_decision(record: Record, prediction: dict[str, Any]) -> dict[str, Any]:
    """Return a prediction of the REST API with its tolerance, if there is one."""
    decision = decide(record)
    return prediction | ({"decision": decision} if decision else {})


def decision_schemas(record: Record) -> dict[str, Any]:
    """Return the JSON schema of the tolerance, if there is one."""
    return {"decision": SCHEMA} if record.get("decision") else {}


def format_decision(record: Record) -> str:
    """Return the share within the tolerance as a sentence in HTML; empty if there is no tolerance."""
    rule = record.get("decision")
    if not rule:
        return ""
    test, size = rule["test"], html.escape(f"{rounded(rule['tolerance'])} {rule['unit']}".strip())
    return f"Within {size} of the actual value: {test['within']:,} of {test['predictions']:,} on the test split"
