"""The tolerance of a forecast counts all steps, and names the share of the first and the last one."""

import dataclasses
from types import SimpleNamespace
from typing import Any

import numpy as np

from air_ahead.config import Params
from air_ahead.evaluation.decision import make_decision
from air_ahead.evaluation.scores import Outcome, Truth

SCHEMA: Any = SimpleNamespace(step="week", target=SimpleNamespace(unit="kg"))


def test_the_share_is_given_by_step_ahead_and_for_the_simplest_model(params: Params) -> None:
    target, median = np.zeros((4, 3)), np.array([[0.0, 0.5, 2.0], [0.5, 1.0, 2.0], [1.0, 2.0, 1.0], [0.0, 2.0, 3.0]])
    outcome = Outcome(
        Truth(target), np.stack([median - 1, median, median + 1], axis=-1), simplest=np.full((4, 3, 3), 2.0)
    )
    made = make_decision(dataclasses.replace(params, decision={"tolerance": 1}), SCHEMA, outcome, outcome)
    assert made is not None
    assert made["sentence"].startswith(
        "7 of 12 forecast values (4 forecasts, 1 to 3 weeks ahead) of the test split are within 1 kg of the actual"
    )
    assert made["sentence"].endswith("; with the simplest model, 0 are.")
    assert made["aim_outcome"] == "The share is 1.00 one week ahead, and 0.250 3 weeks ahead."
