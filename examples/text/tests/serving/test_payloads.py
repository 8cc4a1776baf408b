"""What the REST API takes and returns for a text."""

import httpx
import pytest

from which_library.serving.odds import format_odds
from which_library.serving.predictor import Predictor


def test_predictions_and_explanations_are_those_of_the_page(address: str, predictor: Predictor) -> None:
    name = predictor.input["name"]
    for example in predictor.champion.record["examples"]:
        text = example["inputs"][name]
        answer = httpx.post(f"{address}/predict?explain=1", json={name: text}).json()
        assert answer["prediction"] == predictor.predict(text).label
        assert answer["probabilities"] == pytest.approx(predictor.predict(text).probabilities, abs=1e-6)
        words = [piece for piece in predictor.explain(text).pieces if piece.contribution is not None]
        assert answer["explanation"]["words"] == [
            {"text": word.text, "contribution": word.contribution, "effect": format_odds(word.contribution or 0)}
            for word in words
        ]


@pytest.mark.parametrize("value", ["", " \n", "?!", "x" * 100_000, "ζξψ ωφχ", "draw\x00"])
def test_unusable_texts_are_rejected_like_on_the_page(address: str, predictor: Predictor, value: str) -> None:
    name, label = predictor.input["name"], predictor.input["label"]
    response = httpx.post(f"{address}/predict", json={"rows": [{}, {name: value}]})
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert error["field"] == f"rows[1].{name}"
    assert error["detail"].startswith(f"{label} must ")
