"""A more complex model is promoted only if its gain exceeds the margin and is not due to chance."""

import dataclasses

import numpy as np
import pytest

from project_package.evaluation import selection
from project_package.evaluation.selection import Comparison, select_champion

from .test_scores import MAE, PARAMS, independent

ROWS = 200


def compare(simple_error: float, complex_error: float, margin: float, rows: int = ROWS) -> tuple[str, Comparison]:
    """Select between two models with normally distributed errors of these sizes."""
    rng = np.random.default_rng(0)
    predictions = {
        "simple": rng.normal(scale=simple_error, size=(rows, 1)),
        "complex": rng.normal(scale=complex_error, size=(rows, 1)),
    }
    params = dataclasses.replace(PARAMS, margin=margin)
    champion, (comparison,) = select_champion(MAE, independent(np.zeros(rows)), predictions, params)
    return champion, comparison


def test_a_clearly_better_model_is_promoted() -> None:
    champion, comparison = compare(2.0, 0.5, margin=0.1)
    assert champion == "complex"
    assert comparison.gain.low > 0
    text = comparison.describe(MAE)
    assert text.startswith("complex gains +")
    assert text.endswith("in Error over simple and is promoted.")


def test_a_gain_below_the_margin_is_not_enough() -> None:
    champion, comparison = compare(2.0, 0.5, margin=5.0)
    assert champion == "simple"
    assert comparison.gain.low > 0
    assert comparison.describe(MAE).endswith("less than the margin of 5: simple stays the champion.")


def test_a_gain_that_may_be_chance_is_not_enough() -> None:
    lucky = np.array([0.0] * 10 + [1.9] * 10)[:, None]  # better on average, much worse on half of the rows
    params = dataclasses.replace(PARAMS, margin=0.0)
    predictions = {"simple": np.ones((20, 1)), "complex": lucky}
    champion, (comparison,) = select_champion(MAE, independent(np.zeros(20)), predictions, params)
    assert champion == "simple"
    assert comparison.gain.low < 0 < comparison.gain.value
    assert "the interval includes zero" in comparison.describe(MAE)


def test_a_worse_model_is_never_promoted() -> None:
    champion, comparison = compare(0.5, 2.0, margin=0.0)
    assert champion == "simple"
    text = comparison.describe(MAE)
    assert text.startswith("complex is worse by ")
    assert text.endswith("in Error than simple: simple stays the champion.")


def test_few_samples_are_mentioned() -> None:
    _, comparison = compare(2.0, 0.1, margin=0.1, rows=8)
    assert "only 8" in comparison.describe(MAE)


def test_too_few_samples_promote_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "MIN_UNITS", 9)
    champion, comparison = compare(2.0, 0.1, margin=0.1, rows=8)
    assert champion == "simple"
    assert "which may be chance: simple stays the champion" in comparison.describe(MAE)
