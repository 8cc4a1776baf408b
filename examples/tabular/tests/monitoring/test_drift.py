"""Drift: shifts are found, and traffic like the reference raises no alarm."""

import numpy as np
import pandas as pd
import pytest

from late_flights.config import Monitor
from late_flights.evaluation.reference import summarize
from late_flights.monitoring.drift import find_drift, homogeneity, pool

ROWS, COLUMNS = 300, 5


def sample(seed: int, rows: int = ROWS) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.normal(size=(rows, COLUMNS)), columns=[f"x{number}" for number in range(COLUMNS)])
    table["count"] = rng.poisson(0.3, rows).astype(float)
    table["color"] = rng.choice(["red", "green", "blue"], rows, p=[0.6, 0.3, 0.1])
    return table


def drifted(table: pd.DataFrame, limits: Monitor | None = None) -> list[str]:
    """Return the columns of a table that have drifted from another sample."""
    train = sample(0, 1000)
    reference = {"inputs": [summarize(train[name]) for name in train], "predictions": [summarize(train["color"])]}
    known = table.astype(object).where(table.notna(), None)
    names = [str(name) for name in table]
    rows = [dict(zip(names, values, strict=True)) for values in known.to_numpy().tolist()]
    limits = limits or Monitor()
    return [f"{drift.of} {drift.name}" for drift in find_drift(reference, rows, rows, limits) if drift.drifted]


def test_twenty_samples_of_the_same_distribution_raise_no_alarm() -> None:
    assert [drifted(sample(seed)) for seed in range(1, 21)] == [[]] * 20


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("x0", lambda column: column + 1, ["input x0"]),
        ("x1", lambda column: column * 2.5, ["input x1"]),
        ("x2", lambda column: column.where(column.index % 5 > 0), ["input x2"]),
        ("x3", lambda column: column * 0, ["input x3"]),
        ("count", lambda column: column + (column.index % 3 == 0), ["input count"]),
        ("color", lambda column: column.where(column.index % 4 > 0, "pink"), ["input color", "prediction color"]),
    ],
)
def test_a_shift_is_found_in_its_column(name: str, values: object, expected: list[str]) -> None:
    assert callable(values)
    table = sample(30)
    assert sorted(drifted(table.assign(**{name: values(table[name])}))) == expected


def test_small_traffic_and_ignored_inputs_are_not_tested() -> None:
    shifted = sample(31).assign(x0=9.0)
    assert drifted(shifted.iloc[:49]) == []
    assert drifted(shifted, Monitor(ignore=("x0",))) == []
    assert drifted(shifted.assign(x0=sample(31)["x0"] + 0.2), Monitor(psi=0.5)) == []


def test_rare_cells_are_pooled_with_their_neighbors() -> None:
    pooled = pool(np.array([[100, 1, 0, 100, 0], [50, 1, 0, 50, 1]]))
    assert pooled.tolist() == [[100, 101], [50, 52]]
    assert homogeneity(pool(np.array([[100, 0], [50, 1]]))) == 1


def test_a_column_without_values_has_no_limits() -> None:
    assert summarize(pd.Series([None, None], dtype=float, name="empty")) == {
        "name": "empty",
        "kind": "number",
        "limits": [],
        "counts": [0, 2],
    }
