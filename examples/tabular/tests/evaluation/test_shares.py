"""The interval of a share is Wilson's, with one observation per independent unit."""

import numpy as np
import pytest
from scipy.stats import binomtest

from late_flights.evaluation.shares import share


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


def test_a_share_of_nothing_is_undefined() -> None:
    assert share(np.array([], bool), np.array([], int), 0.95) == {"value": None, "low": None, "high": None}
