"""The API and the page decide as the evaluation did."""

from typing import Any

import httpx
import pytest

from late_flights.evaluation.candidate import Candidate
from late_flights.paths import ProjectPaths
from late_flights.serving.decision import ACTIONS, add_decision, decide, decision_schemas, format_decision
from late_flights.serving.predictor import Predictor


def test_decisions_about_the_test_split_are_those_of_the_evaluation(
    project: ProjectPaths, predictor: Predictor
) -> None:
    record = predictor.champion.record
    if record["decision"] is None:
        pytest.skip("params.yaml has no decision")
    rows = Candidate.read(project.candidate(record["model"])).predictions["test"].tolist()
    decisions = [decide(record, dict(zip(record["classes"], row, strict=True))) for row in rows]
    reached = ACTIONS[record["decision"]["rule"]][0]
    assert sum(made["action"] == reached for made in decisions if made) == record["decision"]["test"]["reached"]
    assert len(rows) == record["decision"]["test"]["rows"]


def test_the_api_answers_with_the_decision(address: str, predictor: Predictor) -> None:
    record = predictor.champion.record
    if record["decision"] is None:
        pytest.skip("params.yaml has no decision")
    properties = httpx.get(f"{address}/openapi.json").json()["components"]["schemas"]["Prediction"]["properties"]
    for inputs in [{}, *(example["inputs"] for example in record["examples"])]:
        answer = httpx.post(f"{address}/predict", json=inputs).json()
        assert answer["decision"] == decide(record, answer["probabilities"])
        assert set(answer["decision"]) == set(properties["decision"]["properties"])
        assert answer["decision"]["action"] in properties["decision"]["properties"]["action"]["enum"]


RULES: dict[str, Any] = {
    "refer": {"rule": "refer", "positive": "<bad>", "threshold": 0.3},
    "abstain": {"rule": "abstain", "positive": None, "threshold": 0.7},
}


@pytest.mark.parametrize(
    ("rule", "probability", "action", "text"),
    [
        (
            "refer",
            0.3,
            "refer",
            "<b>Refer it to a person</b>: the probability of &lt;bad&gt; is at least the threshold",
        ),
        ("refer", 0.29, "pass", "<b>No referral</b>: the probability of &lt;bad&gt; is below the threshold of 0.3"),
        ("abstain", 0.7, "answer", "<b>Use the prediction</b>"),
        ("abstain", 0.6, "abstain", "<b>Leave it to a person</b>: no class reaches the threshold of 0.7"),
    ],
)
def test_the_page_says_what_to_do(rule: str, probability: float, action: str, text: str) -> None:
    record, probabilities = ({"decision": RULES[rule]}, {"<bad>": probability, "good": 1 - probability})
    assert (decide(record, probabilities) or {})["action"] == action
    assert format_decision(record, probabilities).startswith(text)


@pytest.mark.parametrize("record", [{}, {"decision": None}])
def test_an_older_champion_has_no_decision(record: dict[str, Any]) -> None:
    prediction = {"prediction": "a", "probabilities": {"a": 0.6, "b": 0.4}}
    assert add_decision(record, prediction) == prediction
    assert decision_schemas(record) == {}
    assert format_decision(record, prediction["probabilities"]) == ""  # type: ignore[arg-type]
