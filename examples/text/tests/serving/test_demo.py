"""The demo over HTTP, and the HTML of its explanations."""

from typing import Any

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from which_library.serving.demo import MAX_CLASSES, format_explanation
from which_library.serving.predictor import Explanation, Piece, Prediction, Predictor


@pytest.fixture(scope="module")
def name(predictor: Predictor) -> str:
    """The API's parameter."""
    return str(predictor.input["name"])


@pytest.fixture(scope="module")
def texts(predictor: Predictor, name: str) -> list[str]:
    """The examples of the page."""
    record = predictor.champion.record
    questions = [question["ask"] for question in record["questions"]]
    return [*questions, *(example["inputs"][name] for example in record["examples"])]


def assert_equal(response: Any, prediction: Prediction) -> None:
    assert response["label"] == prediction.label
    shown = {row["label"]: row["confidence"] for row in response["confidences"]}
    assert len(shown) == min(len(prediction.probabilities), MAX_CLASSES)
    assert shown == pytest.approx({label: prediction.probabilities[label] for label in shown}, abs=1e-6)


def test_predict_has_a_default(client: Client, predictor: Predictor) -> None:
    assert_equal(client.predict(api_name="/predict"), predictor.predict())


def test_predict_equals_the_predictor(client: Client, predictor: Predictor, name: str, texts: list[str]) -> None:
    responses = [client.predict(**{name: text}, api_name="/predict") for text in texts]
    for text, response in zip(texts, responses, strict=True):
        assert_equal(response, predictor.predict(text))
    assert len({response["label"] for response in responses}) > 1


def test_an_invalid_input_has_an_error_message(client: Client, predictor: Predictor, name: str) -> None:
    for value in ("?!", 5, None):
        with pytest.raises(AppError, match=f"^{predictor.input['label']} must "):
            client.predict(**{name: value}, api_name="/predict")


def test_texts_are_escaped() -> None:
    pieces = (Piece("<script>alert(1)</script> ", None), Piece("<b>draw", 0.5), Piece("&", -0.5))
    page = format_explanation(Explanation("<i>scipy", pieces, "<u>end"))
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; " in page
    assert "&lt;b&gt;draw</b> odds × 1.65" in page
    assert "&lt;i&gt;scipy" in page
    assert "&lt;u&gt;end<" in page


def test_words_are_colored_by_their_contribution() -> None:
    pieces = (Piece("for", 0.5), Piece("against", -0.25), Piece(" unknown", None))
    page = format_explanation(Explanation("scipy", pieces, ""))
    assert 'rgba(234, 88, 12, 0.75);border-radius:.25em;padding:.1em .15em">for<' in page
    assert 'rgba(37, 99, 235, 0.375);border-radius:.25em;padding:.1em .15em">against<' in page
    assert "</span> unknown</p>" in page
