"""The decision about one sample, by the threshold in `champion.json`. Standard library only."""

import html
from collections.abc import Mapping
from typing import Any

from ..evaluation.markdown import rounded

Record = Mapping[str, Any]

# What a decision is if the probability reaches the threshold, and if not.
ACTIONS = {"refer": ("refer", "pass"), "abstain": ("answer", "abstain")}


def decide(record: Record, probabilities: Mapping[str, float]) -> dict[str, Any] | None:
    """Return what to do about a sample, the probability that decided and its threshold; None if there is no rule."""
    rule = record.get("decision")
    if not rule:
        return None
    score = max(probabilities.values()) if rule["positive"] is None else probabilities[rule["positive"]]
    reached, below = ACTIONS[rule["rule"]]
    action = reached if score >= rule["threshold"] else below
    return {"action": action, "probability": score, "threshold": rule["threshold"]}


def predicted_class(record: Record, probabilities: Mapping[str, float]) -> str:
    """Return the class that a referral predicts, as in `reports/errors.md`; without one, the most likely class."""
    decision = decide(record, probabilities)
    positive = record["decision"]["positive"] if decision else None
    if decision and decision["action"] == "refer":
        return str(positive)
    return max((name for name in probabilities if name != positive), key=probabilities.__getitem__)


def add_decision(record: Record, prediction: dict[str, Any]) -> dict[str, Any]:
    """Return a prediction of the REST API with its decision, if there is a rule."""
    decision = decide(record, prediction["probabilities"])
    return prediction | ({"decision": decision} if decision else {})


def decision_schemas(record: Record) -> dict[str, Any]:
    """Return the JSON schema of the decision, if there is a rule."""
    rule = record.get("decision")
    if not rule:
        return {}
    what = f"probability of {rule['positive']}" if rule["positive"] else "highest probability"
    properties = {
        "action": {"type": "string", "enum": list(ACTIONS[rule["rule"]])},
        "probability": {"type": "number", "description": f"The {what}."},
        "threshold": {"type": "number", "description": f"The {what} from which on it is {ACTIONS[rule['rule']][0]}."},
    }
    return {"decision": {"type": "object", "properties": properties}}


def format_decision(record: Record, probabilities: Mapping[str, float]) -> str:
    """Return the decision as a sentence in HTML; empty if there is no rule."""
    decision = decide(record, probabilities)
    if decision is None:
        return ""
    threshold = rounded(decision["threshold"])
    positive = html.escape(record["decision"]["positive"] or "")
    return {
        "refer": f"<b>Refer it to a person</b>: the probability of {positive} is at least the threshold of {threshold}",
        "pass": f"<b>No referral</b>: the probability of {positive} is below the threshold of {threshold}",
        "answer": f"<b>Use the prediction</b>: its probability is at least the threshold of {threshold}",
        "abstain": f"<b>Leave it to a person</b>: no class reaches the threshold of {threshold}",
    }[decision["action"]]
