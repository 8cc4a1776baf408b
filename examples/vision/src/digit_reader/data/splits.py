"""The training, validation and test split."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import UserError
from .duplicates import find_duplicates
from .folds import Folds, Mask, random_folds
from .images import Pixels
from .params import Prepare
from .schema import Schema

SPLITS = ("train", "validation", "test")
# The smallest class that can be divided into three splits of at least a fifth each.
MIN_CLASS_SIZE = 5
_MAX_LISTED = 5


@dataclass(frozen=True)
class Split:
    """Images of one split.

    Attributes:
        features: Pixels from 0 to 1, shape (rows, height, width, channels).
        target: Class names, shape (rows,).
        names: File names; empty for splits that were read from `data/prepared/`.
    """

    features: Pixels
    target: NDArray[np.str_]
    names: tuple[str, ...] = ()
    groups: ClassVar[None] = None  # images are independent of each other

    def take(self, rows: NDArray[np.int64] | Mask) -> "Split":
        """Return some of the rows."""
        names = np.array(self.names)[rows].tolist() if self.names else ()
        return Split(self.features[rows], self.target[rows], tuple(names))


def split(images: Split, schema: Schema, prepare: Prepare) -> dict[str, Split]:
    """Remove duplicates and split the rest, stratified by class.

    Raises:
        UserError: Too few images of a class are left.
    """
    from sklearn.model_selection import train_test_split  # slow to import, and only the prepare stage needs it

    first = find_duplicates(images.features, schema.picture, prepare.duplicate_distance)
    _report_duplicates(images, first)
    unique = images.take(np.flatnonzero(first == np.arange(len(first))))
    _check_class_sizes(unique.target, schema)
    rest, test = train_test_split(
        np.arange(len(unique.target)), test_size=prepare.test_share, random_state=prepare.seed, stratify=unique.target
    )
    train, validation = train_test_split(
        rest,
        test_size=prepare.validation_share / (1 - prepare.test_share),
        random_state=prepare.seed,
        stratify=unique.target[rest],
    )
    return {name: unique.take(rows) for name, rows in zip(SPLITS, (train, validation, test), strict=True)}


def _report_duplicates(images: Split, first: NDArray[np.int64]) -> None:
    duplicates = np.flatnonzero(first != np.arange(len(first)))
    if len(duplicates):
        print(f"{len(duplicates)} duplicate images are left out")
    conflicts = [
        f"{images.names[first[row]]} and {images.names[row]}"
        for row in duplicates
        if images.target[first[row]] != images.target[row]
    ]
    if conflicts:
        print(f"{len(conflicts)} of them have another class than the image kept: {', '.join(conflicts[:_MAX_LISTED])}")


def _check_class_sizes(target: NDArray[np.str_], schema: Schema) -> None:
    counts = Counter(target.tolist())
    if small := [f"{name} ({counts[name]})" for name in schema.classes if counts[name] < MIN_CLASS_SIZE]:
        raise UserError(
            f"too few images without duplicates and unreadable files: {', '.join(small)}; each class needs "
            f"{MIN_CLASS_SIZE}: add images, or move the class from `choices` to `too_rare` in schema.yaml"
        )


def join(splits: dict[str, Split]) -> Split:
    """Return the images of the training split, followed by those of the validation split."""
    parts = splits["train"], splits["validation"]
    return Split(np.concatenate([part.features for part in parts]), np.concatenate([part.target for part in parts]))


def draw_folds(splits: dict[str, Split], schema: Schema, prepare: Prepare) -> Folds | None:
    """Return the folds; None to compare on the validation split."""
    return random_folds(prepare.folds, join(splits).target, prepare.seed)


def write_splits(splits: dict[str, Split], folder: Path) -> None:
    """Write each split as a NumPy archive; equal splits give equal bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in splits.items():
        np.savez(folder / f"{name}.npz", allow_pickle=False, features=part.features, target=part.target)


def read_splits(folder: Path, _schema: Schema) -> dict[str, Split]:
    """Read what `write_splits` wrote."""
    splits = {}
    for name in SPLITS:
        with np.load(folder / f"{name}.npz", allow_pickle=False) as saved:
            splits[name] = Split(saved["features"], saved["target"])
    return splits


def encode_target(target: NDArray[np.str_], schema: Schema) -> NDArray[np.int64]:
    """Return class indices, shape (rows,)."""
    index = {label: position for position, label in enumerate(schema.classes)}
    return np.array([index[str(label)] for label in target], dtype=np.int64)


def to_table(split: Split, schema: Schema) -> pd.DataFrame:
    """Return the class and mean brightness of each image, which MLflow logs as the data set."""
    return pd.DataFrame({schema.target.name: split.target, "mean": split.features.mean(axis=(1, 2, 3))})
