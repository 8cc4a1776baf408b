"""Rows are resampled independently."""

import numpy as np

from digit_reader.evaluation.bootstrap import draw_rows, unit_ids


def test_every_resample_has_as_many_rows_drawn_with_replacement() -> None:
    resamples = list(draw_rows(np.zeros(50), None, 20, seed=0))
    assert [len(rows) for rows in resamples] == [50] * 20
    assert all(len(np.unique(rows)) < 50 for rows in resamples)
    np.testing.assert_array_equal(resamples, list(draw_rows(np.zeros(50), None, 20, seed=0)))


def test_every_row_is_a_unit() -> None:
    assert unit_ids(np.zeros(3), None).tolist() == [0, 1, 2]
