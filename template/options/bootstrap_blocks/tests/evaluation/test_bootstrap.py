"""Successive forecasts are drawn in blocks."""

import numpy as np

from project_package.evaluation.bootstrap import MIN_BLOCKS, draw_rows, unit_ids


def test_blocks_are_as_long_as_the_horizon() -> None:
    for origins in draw_rows(np.zeros((120, 12)), None, 20, seed=0):
        assert len(origins) == 120
        assert (np.diff(origins.reshape(10, 12), axis=1) % 120 == 1).all()


def test_few_forecasts_are_drawn_in_shorter_blocks() -> None:
    (origins,) = draw_rows(np.zeros((20, 12)), None, 1, seed=0)
    assert (np.diff(origins.reshape(MIN_BLOCKS, 4), axis=1) % 20 == 1).all()


def test_an_interval_reflects_the_overlap() -> None:
    """The mean of a slowly changing error varies more if its neighbors are drawn together."""
    error = np.sin(np.arange(120) / 15)
    blocks, single = (
        np.std([error[rows].mean() for rows in draw_rows(np.zeros((120, horizon)), None, 300, seed=0)])
        for horizon in (12, 1)
    )
    assert blocks > 2 * single


def test_forecasts_that_overlap_are_one_unit() -> None:
    assert unit_ids(np.zeros((5, 2)), None).tolist() == [0, 0, 1, 1, 2]
