"""The served model answers every sensible question, refuses every other one in words, and carries no baggage."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from .package import data, serving

InvalidInputError = serving.InvalidInputError
QUESTION = "How do I draw a line through the points of a scatter plot?"


def test_no_question_is_the_default_one(predictor: serving.Predictor) -> None:
    assert predictor.complete() == predictor.input["default"]
    assert predictor.predict() == predictor.predict(predictor.input["default"])


def test_an_answer_is_complete(predictor: serving.Predictor) -> None:
    answer = predictor.predict(QUESTION)
    assert set(answer.probabilities) == set(predictor.classes)
    assert sum(answer.probabilities.values()) == pytest.approx(1)
    assert answer.probabilities[answer.label] == max(answer.probabilities.values())


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("", "must have words in it"),
        (" \t\n ", "must have words in it"),
        ("?!… --- (())", "must have words in it"),
        ("🙂🙂🙂", "must have words in it"),
        ("x" * 100_000, "must have at most 2,000 characters, not 100,000"),
        ("Как построить график функции?", "must have a word that the model knows"),
        ("如何画一条线", "must have a word that the model knows"),
        ("a b c 1 2 3", "must have a word that the model knows"),
        ("pandas", "without names of libraries"),
        ("np.linalg.eig(matrix)", "without code"),
        ("draw a\x00 line", r"nobody types \(U\+0000\)"),
        ("draw a \x1b[31m line", r"nobody types \(U\+001B\)"),
        ("draw a \ud800 line", r"nobody types \(U\+D800\)"),
        (5, "must be text"),
        (["draw a line"], "must be text"),
        ({"question": "draw"}, "must be text"),
    ],
)
def test_what_is_no_question_is_refused_in_words(predictor: serving.Predictor, question: Any, said: str) -> None:
    for ask in (predictor.predict, predictor.explain):
        with pytest.raises(InvalidInputError, match=said) as caught:
            ask(question)
        assert str(caught.value).startswith(predictor.input["label"])
        assert len(str(caught.value)) < 250, "the question itself is not repeated"


@pytest.mark.parametrize(
    "question",
    [
        "draw a line 🙂",
        "dráw a liné",
        "draw\r\na line\t",
        "draw a line\u200b",
        "draw a line — «now»",
        "draw a line графика",
    ],
)
def test_what_is_odd_but_a_question_is_answered(predictor: serving.Predictor, question: str) -> None:
    assert predictor.predict(question).label == predictor.predict("draw a line").label


def test_the_longest_question_is_answered(predictor: serving.Predictor) -> None:
    most = predictor.input["maximum"]
    longest = ("draw a line " * most)[:most]
    assert predictor.predict(longest).label in predictor.classes
    assert "".join(piece.text for piece in predictor.explain(longest).pieces) == longest
    with pytest.raises(InvalidInputError, match="at most"):
        predictor.predict(longest + "x")


@pytest.mark.parametrize(
    "question",
    [QUESTION, "  draw\n\na `quoted` line of pandas.DataFrame 🙂 — naïvely", "<script>draw</script> a & line", "line"],
)
def test_the_pieces_of_an_explanation_are_the_question(predictor: serving.Predictor, question: str) -> None:
    explanation = predictor.explain(question)
    assert "".join(piece.text for piece in explanation.pieces) == question
    assert explanation.label == predictor.predict(question).label
    moved = [piece.text.lower() for piece in explanation.pieces if piece.shift is not None]
    assert moved
    assert not {"quoted", "pandas", "dataframe"} & set(moved)
    assert all(len(data.words_of(text)) == 1 for text in moved), "each coloured piece is one word"


def test_a_lone_word_is_the_whole_explanation(predictor: serving.Predictor) -> None:
    """What the model says with the word, less what it says of nothing at all."""
    (piece,) = (one for one in predictor.explain("nodes").pieces if one.shift is not None)
    answer = predictor.predict("nodes")
    nothing = predictor.scores([""])[0][predictor.classes.index(answer.label)]
    assert piece.shift == pytest.approx(answer.probabilities[answer.label] - nothing, abs=1e-6)


def test_the_word_that_decides_is_the_strongest(predictor: serving.Predictor) -> None:
    explanation = predictor.explain("Is there a way to count the nodes of it?")
    strongest = max(explanation.pieces, key=lambda piece: piece.shift or 0)
    assert explanation.label == "networkx"
    assert strongest.text == "nodes"


def test_many_questions_are_answered_like_one(predictor: serving.Predictor) -> None:
    questions = [one["ask"] for one in predictor.champion.record["questions"]] * 10
    together = predictor.scores(questions)
    for position, question in enumerate(questions[:5]):
        np.testing.assert_allclose(predictor.scores([question])[0], together[position], rtol=1e-5)


def test_serving_needs_nothing_of_the_training_side() -> None:
    heavy = "{'mlflow', 'dvc', 'pandas', 'sklearn', 'scipy', 'matplotlib', 'yaml'}"
    code = f"import sys, {serving.__name__}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
