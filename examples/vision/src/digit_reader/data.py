"""The data: what a picture must look like, where it comes from, how it is checked and split.

A picture is a grid of counts: how many of the 4 × 4 pixels of a bitmap have ink, cell by cell. Every stage is a process
of its own and imports this module, so what one function alone needs is imported there: scikit-learn takes longer to
load than to do its work here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from .params import Evaluate, Prepare

RAW_FILE = "pictures.csv"
SPLITS = ("train", "validation", "test")
_STRICT = ConfigDict(extra="forbid")

Pictures = NDArray[np.float32]


class DataError(ValueError):
    """The data is not what `schema.yaml` says; the message lists each difference."""


@dataclass(frozen=True, config=_STRICT)
class Target:
    """What the pictures show, and the classes that there are."""

    name: str
    label: str
    choices: tuple[str, ...]
    unit: str = ""


@dataclass(frozen=True, config=_STRICT)
class Grid:
    """The size of a picture in cells, the highest count of a cell, and whether every picture fills its height."""

    height: int
    width: int
    maximum: int
    fills_height: bool


@dataclass(frozen=True, config=_STRICT)
class Schema:
    """What `schema.yaml` says of the pictures and their classes."""

    source: str
    licence: str
    picture: Grid
    target: Target

    @property
    def task(self) -> Literal["classification"]:
        """Pictures are to be classified."""
        return "classification"

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes, in the order of the model's probabilities."""
        return tuple(sorted(self.target.choices))

    @property
    def positive(self) -> None:
        """No class is more of interest than the others."""

    @property
    def inputs_in_words(self) -> str:
        """What the model reads."""
        return f"a picture of {self.picture.height} × {self.picture.width} cells"


@dataclass(frozen=True, config=ConfigDict(arbitrary_types_allowed=True))
class Split:
    """Pictures of one split, shape (rows, height, width), and the name of each one's class, shape (rows,)."""

    features: Pictures
    target: NDArray[np.str_]


def load_schema(path: Path) -> Schema:
    """Read and check `schema.yaml`."""
    return TypeAdapter(Schema).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))


def read_raw(folder: Path, schema: Schema) -> pd.DataFrame:
    """The raw lines as text, one column a cell and the class in the last."""
    cells = schema.picture.height * schema.picture.width
    try:
        table: pd.DataFrame = pd.read_csv(folder / RAW_FILE, header=None, dtype=str, keep_default_na=False)
    except pd.errors.ParserError as error:
        raise DataError(f"not every line of {RAW_FILE} holds {cells} counts and the class: {error}") from error
    return table


def validate(table: pd.DataFrame, schema: Schema) -> Split:
    """The pictures with their classes, once each has been checked.

    Raises:
        DataError: lists what is wrong, each with the rows (counted from 0).
    """
    grid = schema.picture
    if table.shape[1] != grid.height * grid.width + 1:
        raise DataError(
            f"a line holds {table.shape[1] - 1} counts and the class; "
            f"a picture of {grid.height} × {grid.width} cells has {grid.height * grid.width}"
        )
    texts = table.iloc[:, :-1]
    counts = texts.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
    pictures = counts.reshape(-1, grid.height, grid.width)
    target = table.iloc[:, -1].to_numpy(dtype=np.str_)
    if wrong := list(_wrong(pictures, target, schema)):
        raise DataError("\n".join(wrong))
    return Split(pictures.astype(np.float32), target)


def _wrong(pictures: NDArray[np.float64], target: NDArray[np.str_], schema: Schema) -> Iterable[str]:
    grid = schema.picture
    whole = np.isfinite(pictures) & (np.nan_to_num(pictures) % 1 == 0)
    inside = ~whole | ((pictures >= 0) & (pictures <= grid.maximum))  # what is no number is told once
    inked = np.nan_to_num(pictures) > 0
    edges = inked[:, 0].any(axis=1) & inked[:, -1].any(axis=1)
    known = np.isin(target, schema.classes)
    turned = "no ink in the first or the last line, though every picture fills its height: is it turned or shifted?"
    checks = [
        ("a count that is no whole number", whole.all(axis=(1, 2))),
        (f"a count outside 0 to {grid.maximum}", inside.all(axis=(1, 2))),
        ("no ink at all", inked.any(axis=(1, 2)) | ~whole.all(axis=(1, 2))),
        (turned, edges | ~inked.any(axis=(1, 2)) if grid.fills_height else np.ones(len(target), dtype=bool)),
        (f"{schema.target.name} is none of {', '.join(schema.classes)}", known),
    ]
    for complaint, good in checks:
        if len(rows := np.flatnonzero(~good)):
            shown = f" ({', '.join(sorted(set(target[rows].tolist()))[:5])})" if good is known else ""
            yield f"{complaint}{shown}: {len(rows)} picture(s) (rows {', '.join(map(str, rows[:5]))})"


def split(pictures: Split, _schema: Schema, params: Prepare) -> dict[str, Split]:
    """Three splits without a common picture; classes keep their shares in each.

    Of pictures that hardly differ only the first stays: a near copy in two splits would let the model see the answer.
    """
    from sklearn.model_selection import train_test_split

    kept = first_of_its_kind(pictures.features, params.apart)
    rest, test = train_test_split(
        kept, test_size=params.test_share, random_state=params.seed, stratify=pictures.target[kept]
    )
    train, validation = train_test_split(
        rest,
        test_size=params.validation_share / (1 - params.test_share),
        random_state=params.seed,
        stratify=pictures.target[rest],
    )
    return {
        name: Split(pictures.features[rows], pictures.target[rows])
        for name, rows in zip(SPLITS, (train, validation, test), strict=True)
    }


def first_of_its_kind(pictures: Pictures, apart: float) -> NDArray[np.int64]:
    """The rows of the pictures that are not within `apart` of an earlier one."""
    from sklearn.neighbors import NearestNeighbors

    flat = pictures.reshape(len(pictures), -1)
    near = NearestNeighbors(radius=apart).fit(flat).radius_neighbors(flat, return_distance=False)
    return np.array([row for row, others in enumerate(near) if others.min() == row], dtype=np.int64)


def write_splits(splits: dict[str, Split], folder: Path) -> None:
    """One NumPy archive a split; the same pictures give the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in splits.items():
        np.savez(folder / f"{name}.npz", allow_pickle=False, features=part.features, target=part.target)


def read_splits(folder: Path, _schema: Schema) -> dict[str, Split]:
    """The splits that `write_splits` wrote."""
    splits = {}
    for name in SPLITS:
        with np.load(folder / f"{name}.npz", allow_pickle=False) as saved:
            splits[name] = Split(saved["features"], saved["target"])
    return splits


def encode_target(target: NDArray[np.str_], schema: Schema) -> NDArray[np.int64]:
    """The index of each picture's class, shape (rows,)."""
    index = {label: position for position, label in enumerate(schema.classes)}
    return np.array([index[str(label)] for label in target], dtype=np.int64)


def slices_of(splits: dict[str, Split], schema: Schema, params: Evaluate) -> dict[str, pd.Categorical]:
    """The slice of each test picture, for each property in `evaluate.slices`; by the property's label.

    The class; the ink (all counts together); the stroke (the ink of a cell that the pen touched, on average): thin pens
    and fine hands are where a model that saw thick ones fails. The latter two by thirds of the training pictures.
    """
    test, train = splits["test"], splits["train"]
    slices: dict[str, pd.Categorical] = {}
    for name in params.slices:
        if name == "class":
            slices[schema.target.label] = pd.Categorical(test.target.astype(object), categories=schema.classes)
        else:
            label, measure = _MEASURES[name]
            slices[label] = thirds(measure(test.features), measure(train.features))
    return slices


def ink_of(pictures: Pictures) -> NDArray[np.float64]:
    """All ink of each picture, in pixels of the bitmap. Shape (rows,)."""
    return np.asarray(pictures.sum(axis=(1, 2)), dtype=np.float64)


def stroke_of(pictures: Pictures) -> NDArray[np.float64]:
    """How full a cell is that the pen touched, on average: the thickness of the stroke. Shape (rows,)."""
    return np.asarray(ink_of(pictures) / (pictures > 0).sum(axis=(1, 2)).clip(min=1), dtype=np.float64)


_MEASURES: dict[str, tuple[str, Callable[[Pictures], NDArray[np.float64]]]] = {
    "ink": ("Ink", ink_of),
    "stroke": ("Stroke", stroke_of),
}


def thirds(values: NDArray[np.float64], train: NDArray[np.float64]) -> pd.Categorical:
    """The third of the training values in which each value falls."""
    low, high = np.quantile(train, [1 / 3, 2 / 3])
    labels = [f"below {low:.3g}", f"{low:.3g} to {high:.3g}", f"above {high:.3g}"]
    return pd.Categorical(np.select([values < low, values <= high], labels[:2], labels[2]), categories=labels)


def table_of(split: Split, schema: Schema) -> pd.DataFrame:
    """Cells and class as one table, as MLflow keeps a data set."""
    grid = schema.picture
    names = [f"row{row}_column{column}" for row in range(grid.height) for column in range(grid.width)]
    table = pd.DataFrame(split.features.reshape(len(split.target), -1), columns=names)
    return table.assign(**{schema.target.name: split.target})


def signature_rows(split: Split, _schema: Schema, count: int) -> dict[str, Pictures]:
    """The first pictures as the exported model takes them, from which MLflow reads name and type of the input."""
    return {"picture": split.features[:count].reshape(-1, split.features[0].size)}
