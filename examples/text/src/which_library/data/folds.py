"""Folds of the rows of the training and the validation split, for repeated evidence about the models.

Each fold fits a model to some of these rows and predicts others with it. Rows are numbered from the first of the
training split to the last of the validation split.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, TimeSeriesSplit

FOLDS_FILE = "folds.npz"
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Folds:
    """Which rows each fold fits, and which it predicts; no row is predicted twice. Shapes (folds, rows)."""

    fitted: Mask
    predicted: Mask

    @property
    def rows(self) -> Mask:
        """Whether a fold predicts the row. Shape (rows,)."""
        return np.asarray(self.predicted.any(axis=0))

    def describe(self) -> dict[str, Any]:
        """Return the number of folds and of the rows that they predict, and whether each fits earlier rows only."""
        last, first = self.fitted.shape[1] - self.fitted[:, ::-1].argmax(axis=1), self.predicted.argmax(axis=1)
        return {"count": len(last), "rows": int(self.rows.sum()), "rolling": bool((last <= first).all())}

    def keep(self, folds: Mask) -> "Folds | None":
        """Return some of the folds; None if fewer than two are left."""
        return Folds(self.fitted[folds], self.predicted[folds]) if folds.sum() > 1 else None


def random_folds(count: int, classes: Any, seed: int, groups: Any = None) -> Folds | None:
    """Return folds that predict every row once, with the proportions of the classes, and whole groups each.

    A class with few rows or groups gives fewer folds; with fewer than two it is None: compare on the validation split
    alone. Of numbers, `classes` are all the same.
    """
    _, indices = np.unique(np.asarray(classes), return_inverse=True)
    units = np.arange(len(indices)) if groups is None else np.asarray(groups)
    count = min(count, *(len(np.unique(units[indices == index])) for index in range(indices.max() + 1)))
    if count < 2:
        return None
    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    return _make_folds(kind(count, shuffle=True, random_state=seed).split(units, indices, groups), indices)


def rolling_folds(count: int, classes: Any, groups: Any = None) -> Folds | None:
    """Return folds of rows in the order of time: each predicts a part of the later half, and fits all rows before it.

    Rows of one group, such as a day, are in one part. For the rest see `random_folds`.
    """
    _, indices = np.unique(np.asarray(classes), return_inverse=True)
    units = np.arange(len(indices)) if groups is None else pd.factorize(np.asarray(groups))[0]
    size = (units.max() + 1) // (2 * count)
    if count < 2 or not size:
        return None
    parts = TimeSeriesSplit(count, test_size=size).split(np.arange(units.max() + 1))
    pairs = (tuple(np.flatnonzero(np.isin(units, part)) for part in pair) for pair in parts)
    return _make_folds(pairs, indices)


def _make_folds(pairs: Any, classes: NDArray[np.int64]) -> Folds | None:
    rows = np.arange(len(classes))
    fitted, predicted = (np.array([np.isin(rows, part) for part in parts]) for parts in zip(*pairs, strict=True))
    complete = [len(np.unique(classes[fold])) == len(np.unique(classes)) for fold in fitted]
    return Folds(fitted, predicted).keep(np.array(complete))


def write_folds(folds: Folds | None, folder: Path) -> None:
    """Write the folds; equal folds give equal bytes."""
    if folds:
        np.savez_compressed(folder / FOLDS_FILE, allow_pickle=False, fitted=folds.fitted, predicted=folds.predicted)


def read_folds(folder: Path) -> Folds | None:
    """Read what `write_folds` wrote."""
    if not (folder / FOLDS_FILE).exists():
        return None
    with np.load(folder / FOLDS_FILE, allow_pickle=False) as saved:
        return Folds(saved["fitted"], saved["predicted"])
