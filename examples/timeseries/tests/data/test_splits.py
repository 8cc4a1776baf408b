"""Windows are slices of the series, and no step is a target in two splits."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from air_ahead.config import Params
from air_ahead.data.loading import read_raw
from air_ahead.data.periods import Step
from air_ahead.data.schema import Schema
from air_ahead.data.series import fill_gaps, resample
from air_ahead.data.splits import (
    Split,
    draw_folds,
    join,
    join_windows,
    read_splits,
    split,
    to_table,
    write_splits,
)
from air_ahead.data.validation import validate
from air_ahead.errors import DataError, UserError
from air_ahead.evaluation.slices import slice_labels
from air_ahead.paths import ProjectPaths

Splits = dict[str, Split]


@pytest.fixture
def valid(prepared_project: ProjectPaths, schema: Schema) -> pd.DataFrame:
    return validate(read_raw(prepared_project.raw, schema), schema)


@pytest.fixture
def filled(valid: pd.DataFrame, schema: Schema) -> tuple[pd.Series, pd.Series]:
    """The series without gaps, and which of its steps were filled."""
    return fill_gaps(resample(valid, schema), schema)


def target_steps(part: Split) -> set[pd.Period]:
    origins = pd.PeriodIndex(part.target.index)
    return {origin + step for origin in origins for step in range(1, part.target.shape[1] + 1)}


def test_row_is_a_slice_of_the_series(splits: Splits, filled: tuple[pd.Series, pd.Series], params: Params) -> None:
    series, prepare = filled[0], params.prepare
    for part in splits.values():
        for row in (0, len(part.target) // 2, -1):
            origin = part.features.index[row]
            history, future = series[:origin].tail(prepare.history), series[origin + 1 :].head(prepare.horizon)
            np.testing.assert_array_equal(part.features.iloc[row], history.astype(np.float32))
            np.testing.assert_array_equal(part.target.iloc[row], future.astype(np.float32))


def test_filled_steps_are_never_targets(splits: Splits, filled: tuple[pd.Series, pd.Series]) -> None:
    series, is_filled = filled
    for part in splits.values():
        assert not target_steps(part) & set(series.index[is_filled])


def test_splits_are_disjoint_and_ordered_by_time(
    splits: Splits, filled: tuple[pd.Series, pd.Series], params: Params
) -> None:
    train, validation, test = (target_steps(splits[name]) for name in ("train", "validation", "test"))
    assert max(train) < min(validation)
    assert max(validation) < min(test)
    assert max(test) == filled[0].index[-1]
    assert (len(validation), len(test)) == (params.prepare.validation, params.prepare.test)


def test_no_step_is_a_target_of_fitted_and_predicted_windows(splits: Splits, schema: Schema, params: Params) -> None:
    windows, folds = join(splits), draw_folds(splits, schema, params.prepare)
    for fitted, predicted in zip(folds.fitted, folds.predicted, strict=True) if folds else ():
        assert max(target_steps(windows.take(fitted))) < min(target_steps(windows.take(predicted)))
    assert draw_folds(splits, schema, dataclasses.replace(params.prepare, folds=1)) is None


def test_origins_advance_step_by_step(splits: Splits) -> None:
    for name in ("validation", "test"):
        assert set(np.diff(pd.PeriodIndex(splits[name].target.index).asi8)) == {1}


@pytest.mark.parametrize(("share", "name"), [(0.9, "train"), (0.2, "train|validation")])
def test_too_short_series_is_reported(
    valid: pd.DataFrame, schema: Schema, params: Params, share: float, name: str
) -> None:
    prepare = dataclasses.replace(params.prepare, test=2 * len(valid))
    with pytest.raises(DataError, match=f"the ({name}) split has too few windows of .*: the series has"):
        split(valid.head(int(share * len(valid))), schema, prepare)


def test_too_short_history_is_reported(valid: pd.DataFrame, schema: Schema, params: Params) -> None:
    weekly = dataclasses.replace(schema, step="week")
    with pytest.raises(DataError, match=r"prepare\.history in params\.yaml is 10; it must be at least 104 weeks"):
        split(valid, weekly, dataclasses.replace(params.prepare, history=10))


def test_windows_join_to_the_series(splits: Splits, filled: tuple[pd.Series, pd.Series], schema: Schema) -> None:
    series = filled[0]
    for part in splits.values():
        joined = join_windows(part)
        expected = series[joined.index[0] : joined.index[-1]]
        assert list(joined.index) == list(expected.index)
        np.testing.assert_array_equal(joined, expected.astype(np.float32))
        assert list(to_table(part, schema)) == [schema.step, schema.target.name]


def test_written_splits_are_read_back_and_reproducible(splits: Splits, schema: Schema, tmp_path: Path) -> None:
    for folder in ("first", "second"):
        write_splits(splits, tmp_path / folder)
    for name, part in read_splits(tmp_path / "first", schema).items():
        pd.testing.assert_frame_equal(part.features, splits[name].features)
        pd.testing.assert_frame_equal(part.target, splits[name].target)
        assert part.filled == splits[name].filled
        first, second = (tmp_path / folder / f"{name}.parquet" for folder in ("first", "second"))
        assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("step", ["day", "month", "year"])
def test_every_forecast_is_in_one_slice(splits: Splits, schema: Schema, step: Step) -> None:
    slices = slice_labels(splits, dataclasses.replace(schema, step=step), ["season", "year", "decade"])
    assert list(slices) == [f"First {step}", "Year", "Decade"]
    for labels in slices.values():
        assert len(labels) == len(splits["test"].target)
        assert labels.notna().all()
        assert labels.value_counts().min() > 0


def test_unknown_slice_is_reported(splits: Splits, schema: Schema) -> None:
    assert list(slice_labels(splits, schema, ["decade"])) == ["Decade"]
    with pytest.raises(UserError, match=r"evaluate\.slices names 'moon'; choose from season, year, decade"):
        slice_labels(splits, schema, ["moon"])
