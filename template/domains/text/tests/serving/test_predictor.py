"""The served model answers every sensible question, refuses every other one in words, and carries no baggage."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer

from .package import data, serving, widgets

InvalidInputError = serving.InvalidInputError


@pytest.fixture(scope="module")
def text(predictor: serving.Predictor, splits: dict[str, data.Split], schema: data.Schema) -> str:
    """Three words that the model knows."""
    for found in splits["test"].features["text"]:
        words = [word for word in data.words_of(found, schema) if is_known(predictor, word)]
        if len(set(words)) >= 3:
            return " ".join(list(dict.fromkeys(words))[:3])
    raise AssertionError("no test text has three words that the model knows")


def is_known(predictor: serving.Predictor, word: str) -> bool:
    try:
        predictor.complete(word)
    except InvalidInputError:
        return False
    return True


def test_no_question_is_the_default_one(predictor: serving.Predictor) -> None:
    assert predictor.complete() == predictor.input["default"]
    assert predictor.predict() == predictor.predict(predictor.input["default"])


def test_an_answer_is_complete(predictor: serving.Predictor, text: str) -> None:
    answer = predictor.predict(text)
    assert set(answer.probabilities) == set(predictor.classes)
    assert sum(answer.probabilities.values()) == pytest.approx(1)
    assert answer.probabilities[answer.label] == max(answer.probabilities.values())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("", "must have words in it"),
        (" \t\n ", "must have words in it"),
        ("?!… --- (())", "must have words in it"),
        ("🙂🙂🙂", "must have words in it"),
        ("x" * 100_000, r"must have at most \d+,000 characters, not 100,000"),
        ("ζξψ ωφχ", "must have a word that the model knows"),
        ("qqqqq xxxxx", "must have a word that the model knows"),
        ("draw a\x00 line", r"nobody types \(U\+0000\)"),
        ("draw a \x1b[31m line", r"nobody types \(U\+001B\)"),
        ("draw a \ud800 line", r"nobody types \(U\+D800\)"),
        (5, "must be text"),
        (["draw a line"], "must be text"),
        ({"question": "draw"}, "must be text"),
    ],
)
def test_what_is_no_text_is_refused_in_words(predictor: serving.Predictor, wrong: Any, said: str) -> None:
    for ask in (predictor.predict, predictor.explain):
        with pytest.raises(InvalidInputError, match=said) as caught:
            ask(wrong)
        assert str(caught.value).startswith(predictor.input["label"])
        assert len(str(caught.value)) < 400, "the text itself is not repeated"


def test_advice_is_given_with_a_refusal(predictor: serving.Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(predictor.input, "advice", "Ask something else.")
    for wrong in ("?!", "qqqqq xxxxx"):
        with pytest.raises(InvalidInputError, match=r"\. Ask something else\.$"):
            predictor.predict(wrong)


@pytest.mark.parametrize(
    "change",
    ["{} 🙂", "{}\r\n\t", "\u200b {} ", "{} — «»", "  {}!", "{} ζξψ"],
)
def test_what_is_odd_but_a_text_is_answered(predictor: serving.Predictor, text: str, change: str) -> None:
    assert predictor.predict(change.format(text)).label == predictor.predict(text).label


def test_the_longest_text_is_answered(predictor: serving.Predictor, text: str) -> None:
    most = predictor.input["maximum"]
    longest = (f"{text} " * most)[:most]
    assert predictor.predict(longest).label in predictor.classes
    why = predictor.explain(longest)
    assert "".join(piece.text for piece in why.pieces) + why.unread == longest
    with pytest.raises(InvalidInputError, match="at most"):
        predictor.predict(longest + "x")


@pytest.mark.parametrize("dress", ["{}", "  {}\n\n🙂 — naïvely", "<script>{}</script> & more", "({})"])
def test_the_pieces_of_an_explanation_are_the_text(
    predictor: serving.Predictor, schema: data.Schema, text: str, dress: str
) -> None:
    dressed = dress.format(text)
    explanation = predictor.explain(dressed)
    assert "".join(piece.text for piece in explanation.pieces) == dressed
    assert explanation.unread == ""
    assert explanation.label == predictor.predict(dressed).label
    moved = [piece.text for piece in explanation.pieces if piece.shift is not None]
    assert moved
    assert all(len(data.words_of(word, schema)) == 1 for word in moved), "each coloured piece is one word"


def test_a_lone_word_is_the_whole_explanation(predictor: serving.Predictor, text: str) -> None:
    """What the model says with the word, less what it says of nothing at all."""
    word = text.split()[0]
    (piece,) = (one for one in predictor.explain(word).pieces if one.shift is not None)
    answer = predictor.predict(word)
    nothing = predictor.scores([""])[0][predictor.classes.index(answer.label)]
    assert piece.shift == pytest.approx(answer.probabilities[answer.label] - nothing, abs=1e-6)


def test_many_texts_are_answered_like_one(predictor: serving.Predictor, splits: dict[str, data.Split]) -> None:
    texts = splits["test"].features["text"].head(5).tolist()
    together = predictor.scores(texts * 10)
    for position, one in enumerate(texts):
        np.testing.assert_allclose(predictor.scores([one])[0], together[position], rtol=1e-5)


def test_serving_needs_nothing_of_the_training_side() -> None:
    heavy = "{'mlflow', 'dvc', 'pandas', 'sklearn', 'scipy', 'matplotlib', 'yaml'}"
    code = f"import sys, {serving.__name__}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_it_is_told_how_far_the_model_reads(
    predictor: serving.Predictor, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network has an end to what it reads, which no word behind it moves."""
    one, two, *_ = text.split()
    short = Tokenizer.from_str(predictor._tokenizer.to_str())
    short.enable_truncation(len(short.encode(one).ids))
    monkeypatch.setattr(predictor, "_tokenizer", short)
    why = predictor.explain(f"{one} {two}!")
    assert [piece.text for piece in why.pieces] == [one]
    assert why.unread == f" {two}!"
    shown = widgets.highlighted(why)
    assert f'opacity:.45"> {two}!</span>' in shown
    assert "reads the beginning" in shown
    assert "reads the beginning" not in widgets.highlighted(predictor.explain(one))
