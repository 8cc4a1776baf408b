"""Sliding windows over the series, split by time into train, validation and test.

A forecast is made at an *origin*, the last known step: `history` steps up to it are the features, the `horizon` steps
after it are the target. Origins advance one step at a time (rolling origin).
"""

from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from ..errors import DataError
from .folds import Folds, Mask, rolling_folds
from .params import Prepare
from .schema import Schema
from .series import FREQUENCIES, fill_gaps, first_day, period_names, resample

SPLITS = ("train", "validation", "test")
FILLED_FILE = "filled.txt"
# Linear models estimate their errors on this many folds of the training split (see `models/linear.py`).
FOLDS = 4


@dataclass(frozen=True, config=ConfigDict(arbitrary_types_allowed=True))
class Split:
    """Windows of a split, one row per origin.

    Attributes:
        features: float32 history; columns `ago_59` to `ago_0`, the value at the origin.
        target: float32 future; columns `ahead_1`, the step after the origin, and so on.
        filled: names of the steps of the whole series that were filled.
    """

    features: pd.DataFrame
    target: pd.DataFrame
    filled: tuple[str, ...] = ()
    groups: ClassVar[None] = None

    def take(self, rows: Mask) -> "Split":
        """Return some of the windows."""
        return Split(self.features[rows], self.target[rows], self.filled)


def make_windows(series: pd.Series, filled: pd.Series, prepare: Prepare) -> Split:
    """Return all windows of the series, except those with a filled step in the target."""
    values = series.to_numpy(dtype=np.float32)
    origins = np.arange(prepare.history - 1, len(values) - prepare.horizon)
    back, ahead = np.arange(1 - prepare.history, 1), np.arange(1, prepare.horizon + 1)
    origins = origins[~filled.to_numpy()[origins[:, None] + ahead].any(axis=1)]
    index = pd.PeriodIndex(series.index[origins], name="origin")
    return Split(
        features=pd.DataFrame(values[origins[:, None] + back], index, [f"ago_{-step}" for step in back]),
        target=pd.DataFrame(values[origins[:, None] + ahead], index, [f"ahead_{step}" for step in ahead]),
    )


def split(table: pd.DataFrame, schema: Schema, prepare: Prepare) -> dict[str, Split]:
    """Split the validated series by time, so that no step is a target in two splits.

    A window belongs to the split that contains all steps of its target; windows across a border are dropped. A history
    may reach back beyond the border, because it is known at the origin.

    Raises:
        DataError: the series is too short for these splits, or the history too short for the season.
    """
    if prepare.history < schema.min_history:
        raise DataError(
            f"prepare.history in params.yaml is {prepare.history}; it must be at least {schema.min_history} "
            f"{schema.step}s"
        )
    series, filled = fill_gaps(resample(table, schema), schema)
    windows = make_windows(series, filled, prepare)
    if windows.target.empty:
        raise DataError(_too_short("train", series, schema, prepare))
    first, last = windows.target.index + 1, windows.target.index + prepare.horizon
    test_start = last.max() - prepare.test + 1
    validation_start = test_start - prepare.validation
    masks = {
        "train": last < validation_start,
        "validation": (first >= validation_start) & (last < test_start),
        "test": first >= test_start,
    }
    for name, mask in masks.items():
        if mask.sum() < (_min_fitted(prepare) if name == "train" else 1):
            raise DataError(_too_short(name, series, schema, prepare))
    filled_names = tuple(period_names(series.index[filled], schema))
    return {name: Split(windows.features[mask], windows.target[mask], filled_names) for name, mask in masks.items()}


def _min_fitted(prepare: Prepare) -> int:
    return prepare.horizon + FOLDS


def join(splits: dict[str, Split]) -> Split:
    """Return the windows of the training split, followed by those of the validation split."""
    train, validation = splits["train"], splits["validation"]
    features, target = (
        pd.concat(tables) for tables in ([train.features, validation.features], [train.target, validation.target])
    )
    return Split(features, target, train.filled)


def draw_folds(splits: dict[str, Split], schema: Schema, prepare: Prepare) -> Folds | None:
    """Return rolling origins; None to compare on the validation split.

    No step is in the targets of both a fitted and a predicted window. A fold that has too few windows for a training is
    left out.
    """
    windows = join(splits)
    folds = rolling_folds(prepare.folds, np.zeros(len(windows.target)))
    if folds is None:
        return None
    origins = pd.PeriodIndex(windows.target.index).asi8
    starts = origins[folds.predicted.argmax(axis=1)] + 1
    apart = folds.fitted & (origins + prepare.horizon < starts[:, None])
    return Folds(apart, folds.predicted).keep(apart.sum(axis=1) >= _min_fitted(prepare))


def _too_short(name: str, series: pd.Series, schema: Schema, prepare: Prepare) -> str:
    return (
        f"the {name} split has too few windows of {prepare.history} + {prepare.horizon} {schema.step}s: the series has "
        f"{len(series)} {schema.step}s and ends in {period_names(series.index[-1:], schema)[0]}; lower history, "
        "horizon, validation or test in params.yaml"
    )


def join_windows(part: Split) -> pd.Series:
    """Return the series that the windows of a split cover, each step once, in the order of time."""
    table = pd.concat([part.features, part.target], axis="columns")
    offsets = np.arange(table.shape[1]) - (part.features.shape[1] - 1)
    origins = pd.PeriodIndex(table.index)
    ordinals, positions = np.unique(origins.asi8[:, None] + offsets, return_index=True)
    index = pd.PeriodIndex.from_ordinals(ordinals, freq=origins.freqstr)  # type: ignore[attr-defined]
    return pd.Series(table.to_numpy().ravel()[positions], index=index)


def write_splits(splits: dict[str, Split], folder: Path) -> None:
    """Write one Parquet file per split, with the first day of each origin, and the names of the filled steps."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in splits.items():
        table = pd.concat([part.features, part.target], axis="columns")
        days = [str(first_day(origin)) for origin in pd.PeriodIndex(table.index)]
        table.set_axis(days).rename_axis("origin").reset_index().to_parquet(folder / f"{name}.parquet", index=False)
    filled = "".join(f"{name}\n" for name in splits["train"].filled)
    (folder / FILLED_FILE).write_text(filled, encoding="utf-8", newline="\n")


def read_splits(folder: Path, schema: Schema) -> dict[str, Split]:
    """Read the splits that `write_splits` wrote."""
    filled = tuple((folder / FILLED_FILE).read_text(encoding="utf-8").splitlines())
    splits = {}
    for name in SPLITS:
        table = pd.read_parquet(folder / f"{name}.parquet").set_index("origin")
        table.index = pd.PeriodIndex(table.index, freq=FREQUENCIES[schema.step], name="origin")
        splits[name] = Split(table.filter(regex="^ago_"), table.filter(regex="^ahead_"), filled)
    return splits


def encode_target(target: pd.DataFrame, schema: Schema) -> NDArray[np.float64]:
    """Return the target as an array of shape (origins, horizon)."""
    return target.to_numpy(dtype=np.float64)


def to_table(part: Split, schema: Schema) -> pd.DataFrame:
    """Return the steps of a split as a table, for MLflow's data set."""
    series = join_windows(part)
    return pd.DataFrame({schema.step: period_names(series.index, schema), schema.target.name: series.to_numpy()})
