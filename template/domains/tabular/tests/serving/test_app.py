"""The demo as others meet it: over HTTP, with the content of its answers checked."""

import re
from typing import Any

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from .package import serving, widgets


def check(answer: Any, expected: serving.Answer) -> None:
    """The answer over HTTP says what the model says."""
    if expected.value is not None:
        assert answer == pytest.approx(expected.value, rel=1e-4)
    else:
        assert answer["label"] == expected.label
        said = {one["label"]: one["confidence"] for one in answer["confidences"]}
        assert len(said) == min(len(expected.probabilities), widgets.MOST_CLASSES)
        assert all(expected.probabilities[label] == pytest.approx(share, abs=1e-6) for label, share in said.items())


def test_predict_needs_no_arguments(client: Client, predictor: serving.Predictor) -> None:
    check(client.predict(api_name="/predict"), predictor.predict({}))


def test_predict_with_one_named_argument(client: Client, predictor: serving.Predictor) -> None:
    name = predictor.inputs[0]["name"]
    row = {name: predictor.champion.record["examples"][-1]["inputs"][name]}
    check(client.predict(**row, api_name="/predict"), predictor.predict(row))


def test_predict_with_every_argument_by_name(client: Client, predictor: serving.Predictor) -> None:
    for example in predictor.champion.record["examples"]:
        row = dict(reversed(example["inputs"].items()))
        check(client.predict(**row, api_name="/predict"), predictor.predict(row))


def test_the_page_tells_what_moved_an_answer_or_that_nothing_did(predictor: serving.Predictor) -> None:
    assert "nothing" in widgets.bars(predictor, predictor.explain({}))
    moved = [serving.Contribution("a", "A & B", 0.25), serving.Contribution("b", "B", -0.004)]
    shown = widgets.bars(predictor, moved)
    assert "A &amp; B" in shown
    assert ("+25.0 points" in shown, "-0.4 points" in shown) == (bool(predictor.classes),) * 2
    assert "nothing" not in shown


def test_before_anything_is_asked_the_page_says_what_its_answer_is_to(address: str) -> None:
    assert "This is the answer to typical values." in httpx.get(f"{address}/config").text


def test_answers_differ(client: Client, predictor: serving.Predictor) -> None:
    examples = predictor.champion.record["examples"]
    low, high = (client.predict(**examples[end]["inputs"], api_name="/predict") for end in (0, -1))
    assert low != high


@pytest.mark.parametrize("value", [1e9, -1e9, "seven", None])
def test_a_wrong_value_is_refused_in_words(client: Client, predictor: serving.Predictor, value: Any) -> None:
    strict = (one for one in predictor.inputs if one["kind"] == "number" and not one["nullable"])
    column = next(strict, None)
    if column is None:
        pytest.skip("no input must be a number")
    with pytest.raises(AppError) as caught:
        client.predict(**{column["name"]: value}, api_name="/predict")
    assert str(caught.value).startswith(f"{column['label']} must ")


def test_a_wrong_choice_is_refused_in_words(client: Client, predictor: serving.Predictor) -> None:
    strict = (one for one in predictor.inputs if one["kind"] == "category" and not one["others"])
    column = next(strict, None)
    if column is None:
        pytest.skip("the model has no input of a fixed list of categories")
    with pytest.raises(AppError, match=re.escape(f"must be one of {', '.join(column['choices'])}")):
        client.predict(**{column["name"]: "purple"}, api_name="/predict")
