"""Hard samples have a low probability of their class, and confusions are counted."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from late_flights.evaluation.failures import describe_case, measure_errors, rank_cases, summarize_errors

SCHEMA: Any = SimpleNamespace(classes=("cat", "dog|"), sample_noun="images")
TARGET = np.array([0, 0, 1, 1])
PROBABILITIES = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.3, 0.7]])


def test_the_lowest_probability_of_the_true_class_comes_first() -> None:
    assert rank_cases(TARGET, PROBABILITIES) == [1, 2, 3, 0]
    assert measure_errors(TARGET, PROBABILITIES).tolist() == [0, 1, 0, 0]
    assert describe_case(SCHEMA, TARGET, PROBABILITIES, 1) == {"truth": "cat (20%)", "prediction": "dog| (80%)"}


def test_confused_classes_are_counted() -> None:
    text = summarize_errors(SCHEMA, TARGET, PROBABILITIES)
    assert text.startswith("The most likely class is wrong for 1 of them.\n")
    assert text.endswith("\n| cat | dog\\| | 1 |")
    assert "|" not in summarize_errors(SCHEMA, TARGET[[0, 2]], PROBABILITIES[[0, 2]])
