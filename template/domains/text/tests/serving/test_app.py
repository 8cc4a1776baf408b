"""The demo as others meet it: over HTTP, with the content of its answers checked."""

from typing import Any

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from .package import serving, widgets


def check(answer: Any, expected: serving.Answer) -> None:
    """The answer over HTTP says what the model says."""
    assert answer["label"] == expected.label
    said = {one["label"]: one["confidence"] for one in answer["confidences"]}
    assert len(said) == min(len(expected.probabilities), widgets.MOST_CLASSES)
    assert all(expected.probabilities[label] == pytest.approx(share, abs=1e-6) for label, share in said.items())


@pytest.fixture(scope="module")
def name(predictor: serving.Predictor) -> str:
    """What the API calls the text."""
    return str(predictor.input["name"])


@pytest.fixture(scope="module")
def asked(predictor: serving.Predictor, name: str) -> list[str]:
    """Whatever the page offers to start from."""
    record = predictor.champion.record
    return [*(one["ask"] for one in record["questions"]), *(one["inputs"][name] for one in record["examples"])]


def test_predict_needs_no_arguments(client: Client, predictor: serving.Predictor) -> None:
    check(client.predict(api_name="/predict"), predictor.predict())


def test_predict_answers_the_text_by_name(
    client: Client, predictor: serving.Predictor, name: str, asked: list[str]
) -> None:
    for text in asked:
        check(client.predict(**{name: text}, api_name="/predict"), predictor.predict(text))


def test_answers_differ(client: Client, name: str, asked: list[str]) -> None:
    assert len({client.predict(**{name: text}, api_name="/predict")["label"] for text in asked}) > 1


@pytest.mark.parametrize(
    "text",
    ["", " \n", "?!", "🙂", "x" * 100_000, "ζξψ ωφχ", "draw\x00", 5, None, {"draw": "a line"}, ["draw"]],
)
def test_what_is_no_text_is_refused_in_words(
    client: Client, predictor: serving.Predictor, name: str, text: Any
) -> None:
    with pytest.raises(AppError) as caught:
        client.predict(**{name: text}, api_name="/predict")
    assert str(caught.value).startswith(f"{predictor.input['label']} must ")
    assert "Traceback" not in str(caught.value)


def test_an_explanation_is_no_code_of_a_page() -> None:
    pieces = (
        serving.Piece("<script>alert(1)</script> ", None),
        serving.Piece("<b>draw", 0.5),
        serving.Piece("&", -0.5),
    )
    shown = widgets.highlighted(serving.Explanation("<i>scipy", pieces, "<u>unread"))
    assert "<script" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt; " in shown
    assert "&lt;b&gt;draw</b> +50.0 points" in shown
    assert "&lt;i&gt;scipy" in shown
    assert "&lt;u&gt;unread<" in shown


def test_words_are_coloured_by_what_they_do() -> None:
    pieces = (serving.Piece("for", 0.5), serving.Piece("against", -0.25), serving.Piece(" unknown", None))
    shown = widgets.highlighted(serving.Explanation("scipy", pieces, ""))
    assert 'rgba(234, 88, 12, 0.75);border-radius:.25em;padding:.1em .15em">for<' in shown
    assert 'rgba(37, 99, 235, 0.375);border-radius:.25em;padding:.1em .15em">against<' in shown
    assert "unknown<" not in shown.replace("</span> unknown</p>", "")
