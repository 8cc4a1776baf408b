"""The interval of a share is Wilson's, with one observation per independent unit."""

import numpy as np
import pytest
from scipy.stats import binomtest

from late_flights.evaluation.shares import compare_with_aim, share


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


def test_a_share_is_compared_with_its_aim() -> None:
    missed = "The aim, referring at most 20%, is missed on the test split: 22.7%."
    assert compare_with_aim("referring at most 20%", 0.2272, 0.2, at_most=True) == missed
    assert compare_with_aim("referring at most 20%", 0.2, 0.2, at_most=True) == missed.replace("missed", "met").replace(
        "22.7%", "20.0%"
    )
    assert "is missed on the test split: 93.9%." in compare_with_aim("a recall of at least 95%", 0.939, 0.95)
    assert "is met on the test split: 95.0%." in compare_with_aim("a recall of at least 95%", 0.9496, 0.95)
    assert compare_with_aim("a recall of at least 95%", None, 0.95) == ""


def test_a_share_of_nothing_is_undefined() -> None:
    assert share(np.array([], bool), np.array([], int), 0.95) == {"value": None, "low": None, "high": None}
