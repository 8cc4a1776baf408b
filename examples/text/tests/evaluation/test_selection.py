"""A more complex model is promoted only if its gain exceeds the margin and is not due to chance."""

import dataclasses

import numpy as np
import pytest

from which_library.evaluation import selection
from which_library.evaluation.selection import Comparison, compare, gather_evidence, select_champion

from .test_scores import MAE, PARAMS, independent

ROWS = 200


def errors_compared(simple: float, complicated: float, margin: float, rows: int = ROWS) -> tuple[str, Comparison]:
    """Select between two models with normally distributed errors of these sizes."""
    rng = np.random.default_rng(0)
    predictions = {
        "simple": rng.normal(scale=simple, size=(rows, 1)),
        "complex": rng.normal(scale=complicated, size=(rows, 1)),
    }
    params = dataclasses.replace(PARAMS, margin=margin)
    evidence = gather_evidence("5 folds", independent(np.zeros(rows)), predictions, MAE, params)
    champion, (comparison,) = select_champion(list(predictions), [evidence], MAE, params)
    return champion, comparison


def test_a_clearly_better_model_is_promoted() -> None:
    champion, comparison = errors_compared(2.0, 0.5, margin=0.1)
    assert champion == "complex"
    assert comparison.gain.low > 0
    text = comparison.describe(MAE)
    assert text.startswith("complex improves error by +")
    assert text.endswith("] over simple on 5 folds and is promoted.")


def test_a_gain_below_the_margin_is_not_enough() -> None:
    champion, comparison = errors_compared(2.0, 0.5, margin=5.0)
    assert champion == "simple"
    assert comparison.gain.low > 0
    assert comparison.describe(MAE).endswith("less than the margin of 5: simple stays the champion.")


def test_a_gain_that_may_be_chance_is_not_enough() -> None:
    lucky = np.array([0.0] * 10 + [1.9] * 10)[:, None]  # better on average, much worse on half of the rows
    params = dataclasses.replace(PARAMS, margin=0.0)
    predictions = {"simple": np.ones((20, 1)), "lucky": lucky}
    evidence = gather_evidence("5 folds", independent(np.zeros(20)), predictions, MAE, params)
    comparison = compare("simple", "lucky", evidence, MAE, params)
    assert not comparison.promoted
    assert comparison.gain.low < 0 < comparison.gain.value
    assert "the interval includes zero" in comparison.describe(MAE)
    assert "] kg over simple" in comparison.describe(MAE, "kg")


def test_a_worse_model_is_never_promoted() -> None:
    champion, comparison = errors_compared(0.5, 2.0, margin=0.0)
    assert champion == "simple"
    text = comparison.describe(MAE)
    assert text.startswith("complex does not improve error over simple on 5 folds (-")
    assert text.endswith("]): simple stays the champion.")


def test_few_samples_are_mentioned() -> None:
    _, comparison = errors_compared(2.0, 0.1, margin=0.1, rows=8)
    assert "only 8" in comparison.describe(MAE)


def test_too_few_samples_promote_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "MIN_UNITS", 9)
    champion, comparison = errors_compared(2.0, 0.1, margin=0.1, rows=8)
    assert champion == "simple"
    assert "which may be chance: simple stays the champion" in comparison.describe(MAE)


def test_models_are_compared_by_the_first_evidence_that_has_both() -> None:
    truth, errors = independent(np.zeros(ROWS)), {"simple": 3.0, "better": 2.0, "network": 1.0}
    predictions = {name: np.full((ROWS, 1), error) for name, error in errors.items()}
    refitted = {name: prediction for name, prediction in predictions.items() if name != "network"}
    evidence = [
        gather_evidence("5 folds", truth, refitted, MAE, PARAMS),
        gather_evidence("the validation split", truth, predictions, MAE, PARAMS),
    ]
    champion, comparisons = select_champion(list(errors), evidence, MAE, PARAMS)
    assert champion == "network"
    assert [comparison.rows for comparison in comparisons] == ["5 folds", "the validation split"]
