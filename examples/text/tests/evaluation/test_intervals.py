"""The interval of a share is Wilson's, with one observation per independent unit, and decides about an aim."""

import numpy as np
import pytest
from scipy.stats import binomtest

from which_library.evaluation.intervals import compare_with_aim, share


@pytest.mark.parametrize(("hits", "rows"), [(42, 42), (0, 7), (61, 89)])
def test_the_interval_is_that_of_scipy(hits: int, rows: int) -> None:
    low, high = binomtest(hits, rows).proportion_ci(0.95, method="wilson")
    result = share(np.arange(rows) < hits, np.arange(rows), 0.95)
    assert result == pytest.approx({"value": hits / rows, "low": low, "high": high})


def test_rows_of_one_group_are_one_observation() -> None:
    hits = np.arange(40) < 20
    rows, groups = share(hits, np.arange(40), 0.95), share(hits, np.arange(40) // 4, 0.95)
    assert groups["value"] == rows["value"]
    assert groups["low"] < rows["low"]


@pytest.mark.parametrize(
    ("low", "high", "at_most", "sentence"),
    [
        (0.85, 0.89, False, "The aim, 90% right, is missed on the test split: 88.0% [85.0%, 89.0%]."),
        (0.85, 0.89, True, "The aim, 90% right, is met on the test split: 88.0% [85.0%, 89.0%]."),
        (
            0.85,
            0.92,
            False,
            "Whether the aim is met, 90% right, is not established: the interval on the test split, 88.0% [85.0%, "
            "92.0%], includes 90%.",
        ),
    ],
)
def test_an_aim_is_met_or_missed_where_the_interval_excludes_it(
    low: float, high: float, at_most: bool, sentence: str
) -> None:
    measured = {"value": 0.88, "low": low, "high": high}
    assert compare_with_aim("90% right", measured, 0.9, at_most=at_most) == sentence


def test_a_share_of_nothing_is_undefined() -> None:
    assert share(np.array([], bool), np.array([], int), 0.95) == {"value": None, "low": None, "high": None}
