"""Hard samples have a low probability of their class, and confusions at the decision's threshold are counted."""

import dataclasses
from types import SimpleNamespace
from typing import Any

import numpy as np

from late_flights.evaluation.failures import describe_case, measure_errors, rank_cases, summarize_errors
from late_flights.evaluation.scores import Outcome, Truth

SCHEMA: Any = SimpleNamespace(classes=("cat", "dog|"), sample_noun="images")
TARGET = np.array([0, 0, 1, 1])
PROBABILITIES = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.3, 0.7]])
OUTCOME = Outcome(Truth(TARGET), PROBABILITIES)
REFERRAL = {"rule": "refer", "positive": "cat", "threshold": 0.35}


def test_the_lowest_probability_of_the_true_class_comes_first() -> None:
    assert rank_cases(SCHEMA, OUTCOME) == [1, 2, 3, 0]
    assert measure_errors(SCHEMA, OUTCOME).tolist() == [0, 1, 0, 0]
    assert describe_case(SCHEMA, OUTCOME, 1) == {"truth": "cat (20%)", "prediction": "dog| (80%)"}


def test_confused_classes_are_counted() -> None:
    text = summarize_errors(SCHEMA, OUTCOME)
    assert text.startswith("The prediction is the most likely class. Wrong: 1 of 4 predictions.\n")
    assert text.endswith("\n| cat | dog\\| | 1 |")
    right = Outcome(Truth(TARGET[[0, 2]]), PROBABILITIES[[0, 2]])
    assert summarize_errors(SCHEMA, right).endswith("Wrong: 0 of 2 predictions.")


def test_errors_are_those_at_the_threshold_of_the_decision() -> None:
    outcome = dataclasses.replace(OUTCOME, decision=REFERRAL)
    assert measure_errors(SCHEMA, outcome).tolist() == [0, 1, 1, 0]
    assert describe_case(SCHEMA, outcome, 2) == {"truth": "dog| (60%)", "prediction": "cat (40%)"}
    text = summarize_errors(SCHEMA, outcome)
    assert text.startswith("Images with a probability of cat of at least 0.35, the decision's threshold, are referred")
    assert "Wrong: 2 of 4 predictions." in text
    assert text.endswith("\n| cat | dog\\| | 1 |\n| dog\\| | cat | 1 |")


def test_an_abstention_changes_no_prediction() -> None:
    outcome = dataclasses.replace(OUTCOME, decision={"rule": "abstain", "positive": None, "threshold": 0.95})
    assert measure_errors(SCHEMA, outcome).tolist() == [0, 1, 0, 0]
    assert "even where its probability is below the decision's threshold of 0.95" in summarize_errors(SCHEMA, outcome)


def test_a_probability_is_shown_as_neither_impossible_nor_certain() -> None:
    certain = dataclasses.replace(OUTCOME, predictions=np.array([[0.001, 0.999], *OUTCOME.predictions[1:]]))
    assert describe_case(SCHEMA, certain, 0) == {"truth": "cat (under 1%)", "prediction": "dog| (over 99%)"}
