"""A tolerance is set or chosen on the validation split, and the sentence has the numbers of the test split."""

import dataclasses
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from air_ahead.config import Params
from air_ahead.errors import UserError
from air_ahead.evaluation.figures import draw_decision
from air_ahead.evaluation.scores import Outcome, Truth
from air_ahead.evaluation.tolerance import measure_tolerance, round_up

SCHEMA: Any = SimpleNamespace(target=SimpleNamespace(unit="kg"))


def outcome(errors: list[float]) -> Outcome:
    """Return an outcome with these errors, each a unit of its own, in a shape of regressions and forecasts."""
    values = np.array(errors)[:, None]
    return Outcome(Truth(np.zeros_like(values), np.arange(len(values))), values, simplest=2 * values)


def measure(params: Params, **aim: Any) -> dict[str, Any] | None:
    changed = dataclasses.replace(params, decision=aim or None)
    return measure_tolerance(changed, SCHEMA, "weights", outcome([0.5, -1, 2, 4, 8]), outcome([3, -3, 1, 9]))


@pytest.mark.parametrize(
    ("aim", "sentence", "reason", "aim_outcome"),
    [
        (
            {"tolerance": 2},
            "1 of 4 weights of the test split are within 2 kg of the actual value (share 0.250 [0.0456, "
            "0.699]); with the simplest model, 1 are.",
            "The tolerance is set in params.yaml; on the validation split 3 of 5 are within it.",
            "",
        ),
        (
            {"share": 0.8},
            "3 of 4 weights of the test split are within 8 kg of the actual value (share 0.750 [0.301, "
            "0.954]); with the simplest model, 3 are.",
            "The tolerance is the error that 80% of the predictions of the validation split don't exceed.",
            "Whether the aim is met, 80% within the tolerance, is not established: the interval on the test split, "
            "75.0% [30.1%, 95.4%], includes 80%.",
        ),
    ],
)
def test_the_sentence_is_of_the_test_split(
    params: Params, aim: dict[str, float], sentence: str, reason: str, aim_outcome: str
) -> None:
    made = measure(params, **aim)
    assert made is not None
    assert made["sentence"] == sentence
    assert made["reason"].startswith(reason)
    assert made["aim_outcome"] == aim_outcome


def test_the_curve_has_the_simplest_model_for_comparison(params: Params) -> None:
    made = measure(params, tolerance=2)
    assert made is not None
    curve = made["curve"]
    assert (curve["x"], curve["y"]) == ([0.5, 1, 2, 4, 8], [0.2, 0.4, 0.6, 0.8, 1])
    assert curve["baseline"]["x"] == [1, 2, 4, 8, 16]
    figure = draw_decision(curve)
    assert figure.get_suptitle() == "Share within the tolerance (validation split, n = 5)"
    assert figure.axes[0].get_legend_handles_labels()[1] == ["champion", "simplest model", "0.600 within 2 kg"]


@pytest.mark.parametrize(("value", "rounded"), [(1234.5, 1240), (0.020001, 0.0201), (50, 50), (0.3, 0.3), (0, 0)])
def test_a_chosen_tolerance_is_rounded_up(value: float, rounded: float) -> None:
    assert round_up(value) == pytest.approx(rounded)


def test_without_an_aim_there_is_none_and_an_invalid_one_is_an_error(params: Params) -> None:
    assert measure(params) is None
    with pytest.raises(UserError, match="needs exactly one of tolerance, share"):
        measure(params, tolerance=1.0, share=0.5)
    with pytest.raises(UserError, match=r"decision\.tolerance should be greater than 0, not -1"):
        measure(params, tolerance=-1)
