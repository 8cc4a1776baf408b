"""Rows of one group are drawn together."""

import numpy as np
import pytest

from late_flights.evaluation.bootstrap import draw_rows, unit_ids


def test_groups_are_drawn_whole() -> None:
    groups = np.array([0, 1, 1, 2, 2, 2])
    for rows in draw_rows(np.zeros(6), groups, 20, seed=0):
        drawn, counts = np.unique(groups[rows], return_counts=True)
        assert all(count % size == 0 for count, size in zip(counts, np.bincount(groups)[drawn], strict=True))


def test_an_interval_reflects_the_number_of_groups() -> None:
    """20 groups of 10 rows that are right or wrong together: drawn one by one, the deviation would be a third."""
    groups = np.repeat(np.arange(20), 10)
    right = groups % 2
    means = [right[rows].mean() for rows in draw_rows(right, groups, 300, seed=0)]
    assert np.std(means) == pytest.approx(np.sqrt(0.25 / 20), rel=0.15)


def test_every_group_is_a_unit() -> None:
    assert unit_ids(np.zeros(3), np.array([0, 0, 1])).tolist() == [0, 0, 1]
