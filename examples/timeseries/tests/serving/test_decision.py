"""The API and the page show the tolerance and how often predictions are within it."""

from typing import Any

import httpx
import numpy as np
import pytest

from air_ahead.data.schema import Schema
from air_ahead.data.splits import Split, encode_target
from air_ahead.evaluation.candidate import Candidate
from air_ahead.paths import ProjectPaths
from air_ahead.serving.decision import add_decision, decision_schemas, format_decision
from air_ahead.serving.predictor import Predictor


def test_the_api_answers_with_the_share_of_the_test_split(
    address: str, project: ProjectPaths, predictor: Predictor, splits: dict[str, Split], schema: Schema
) -> None:
    record = predictor.champion.record
    if record["decision"] is None:
        pytest.skip("params.yaml has no decision")
    target = encode_target(splits["test"].target, schema)
    predicted = Candidate.read(project.candidate(record["model"])).predictions["test"]
    if predicted.ndim > target.ndim:  # quantiles
        predicted = predicted[..., 1]
    answer = httpx.post(f"{address}/predict", json={}).json()["decision"]
    within = np.abs(target - predicted) <= answer["tolerance"]
    if within.ndim > 1:  # a forecast, by default to the full horizon
        within = within[:, -1]
    assert answer["share_within"] == pytest.approx(within.mean(), abs=1e-6)
    document = httpx.get(f"{address}/openapi.json").json()
    decision = document["components"]["schemas"]["Prediction"]["properties"]["decision"]
    assert set(answer) == set(decision["properties"])


def test_the_page_shows_it_in_words() -> None:
    record = {"decision": {"tolerance": 2.0, "unit": "<kg>", "test": {"within": 3, "predictions": 4}}}
    assert format_decision(record) == "Within 2 &lt;kg&gt; of the actual value: 3 of 4 on the test split"


def test_forecasts_are_counted_by_step_ahead() -> None:
    decision = {"tolerance": 2.0, "unit": "kg", "test": {"within": 5, "predictions": 8}}
    record = {"decision": decision, "tested": {"forecasts": 4, "within": [4, 1]}}
    assert format_decision(record, 1).endswith("4 of 4 on the test split")
    assert format_decision(record, 2).endswith("1 of 4 on the test split")
    assert add_decision(record, {"times": ["2001", "2002"]})["decision"]["share_within"] == 0.25
    older = {"decision": decision}
    assert format_decision(older, 2).endswith("5 of 8 on the test split")


@pytest.mark.parametrize("record", [{}, {"decision": None}])
def test_an_older_champion_has_no_tolerance(record: dict[str, Any]) -> None:
    prediction = {"prediction": 1.0}
    assert add_decision(record, prediction) == prediction
    assert decision_schemas(record) == {}
    assert format_decision(record) == ""
