"""Input validation, predictions and explanations."""

from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer

from which_library.data.cleaning import words_of
from which_library.data.schema import Schema
from which_library.data.splits import Split
from which_library.serving.demo import format_explanation
from which_library.serving.odds import log_odds
from which_library.serving.predictor import InvalidInputError, Predictor


@pytest.fixture(scope="module")
def text(predictor: Predictor, splits: dict[str, Split], schema: Schema) -> str:
    """Three words that the model knows."""
    for document in splits["test"].features["text"]:
        words = [word for word in dict.fromkeys(words_of(document, schema)) if is_known(predictor, word)]
        if len(words) >= 3:
            return " ".join(words[:3])
    raise AssertionError("no test text has three words that the model knows")


def is_known(predictor: Predictor, word: str) -> bool:
    try:
        predictor.validate(word)
    except InvalidInputError:
        return False
    return True


def test_without_an_input_the_default_is_predicted(predictor: Predictor) -> None:
    assert predictor.validate() == predictor.input["default"]
    assert predictor.predict() == predictor.predict(predictor.input["default"])


def test_a_prediction_has_all_classes(predictor: Predictor, text: str) -> None:
    prediction = predictor.predict(text)
    assert set(prediction.probabilities) == set(predictor.classes)
    assert sum(prediction.probabilities.values()) == pytest.approx(1)
    assert prediction.probabilities[prediction.label] == max(prediction.probabilities.values())


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "must contain words"),
        (" \t\n ", "must contain words"),
        ("?!… --- (()) 🙂", "must contain words"),
        ("x" * 100_000, r"must have at most \d+,000 characters, not 100,000"),
        ("ζξψ qqqqq", "must contain a word that the model knows"),
        ("draw a\x00 line", r"found U\+0000"),
        ("draw a \x1b[31m line", r"found U\+001B"),
        ("draw a \ud800 line", r"found U\+D800"),
        (5, "must be text"),
        ({"question": "draw"}, "must be text"),
    ],
)
def test_invalid_inputs_are_rejected(predictor: Predictor, value: Any, message: str) -> None:
    for function in (predictor.predict, predictor.explain):
        with pytest.raises(InvalidInputError, match=message) as caught:
            function(value)
        assert str(caught.value).startswith(predictor.input["label"])
        assert ("must contain" not in message) or str(caught.value).endswith(predictor.input.get("advice", ""))
        assert len(str(caught.value)) < 400, "the input is not repeated"


@pytest.mark.parametrize("change", ["{} 🙂", "{}\r\n\t", "\u200b {} ", "{} — «»", "  {}!", "{} ζξψ"])
def test_unusual_characters_are_ignored(predictor: Predictor, text: str, change: str) -> None:
    assert predictor.predict(change.format(text)).label == predictor.predict(text).label


def test_the_longest_text_is_accepted(predictor: Predictor, text: str) -> None:
    limit = predictor.input["maximum"]
    longest = (f"{text} " * limit)[:limit]
    explanation = predictor.explain(longest)
    assert "".join(piece.text for piece in explanation.pieces) + explanation.truncated == longest
    with pytest.raises(InvalidInputError, match="at most"):
        predictor.predict(longest + "x")


@pytest.mark.parametrize("template", ["{}", "  {}\n\n🙂 — naïvely", "<script>{}</script> & more", "({})"])
def test_the_pieces_of_an_explanation_are_the_text(
    predictor: Predictor, schema: Schema, text: str, template: str
) -> None:
    formatted = template.format(text)
    explanation = predictor.explain(formatted)
    assert "".join(piece.text for piece in explanation.pieces) == formatted
    assert explanation.truncated == ""
    assert explanation.label == predictor.predict(formatted).label
    colored = [piece.text for piece in explanation.pieces if piece.contribution is not None]
    assert colored
    assert all(len(words_of(word, schema)) == 1 for word in colored)


def test_the_contribution_of_a_single_word_is_the_difference_to_no_word(predictor: Predictor, text: str) -> None:
    word = text.split()[0]
    (piece,) = (piece for piece in predictor.explain(word).pieces if piece.contribution is not None)
    label = predictor.classes.index(predictor.predict(word).label)
    probabilities = np.array([predictor.predict_proba([value])[0][label] for value in (word, "")])
    with_word, without = log_odds(probabilities)
    assert piece.contribution == pytest.approx(with_word - without, rel=1e-4, abs=1e-4)


def test_batches_give_the_same_predictions(predictor: Predictor, splits: dict[str, Split]) -> None:
    texts = splits["test"].features["text"].head(40).tolist()
    single = np.concatenate([predictor.predict_proba([text]) for text in texts])
    np.testing.assert_allclose(predictor.predict_proba(texts), single, atol=1e-6)


def test_the_end_of_a_long_text_is_marked_as_ignored(
    predictor: Predictor, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, _ = text.split()
    truncating = Tokenizer.from_str(predictor._tokenizer.to_str())
    truncating.enable_truncation(len(truncating.encode(first).ids))
    assert "reads the beginning" not in format_explanation(predictor.explain(first))
    monkeypatch.setattr(predictor, "_tokenizer", truncating)
    explanation = predictor.explain(f"{first} {second}!")
    assert [piece.text for piece in explanation.pieces] == [first]
    assert explanation.truncated == f" {second}!"
    page = format_explanation(explanation)
    assert f'opacity:.45"> {second}!</span>' in page
    assert "reads the beginning" in page
