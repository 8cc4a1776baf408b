"""The data: where the pictures are, how each is read and checked, and how they are split.

Every stage is a process of its own and imports this module, so what one function alone needs is imported there:
scikit-learn takes longer to load than to do its work here.
"""

from __future__ import annotations

import random
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from functools import partial
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from . import pictures
from .mistakes import UserError, read_yaml
from .params import Evaluate, Prepare
from .pictures import Grid, InvalidInputError

SPLITS = ("train", "validation", "test")
SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".pbm", ".pgm", ".ppm", ".pnm")
# Three splits, of which the smallest is a fifth, need one picture of each class.
LEAST_OF_A_CLASS = 5
# More files than this share that can't be read are no accident.
MOST_UNREADABLE = 0.1
_SHOWN = 5
_STRICT = ConfigDict(extra="forbid")

Pictures = NDArray[np.float32]


class DataError(UserError):
    """The data is not what `schema.yaml` says; the message lists each difference."""

    heading = "The data is not what schema.yaml says:"


@dataclass(frozen=True, config=_STRICT)
class Target:
    """What the pictures show, and the classes that there are."""

    name: str
    label: str
    choices: tuple[str, ...]
    unit: str = ""


@dataclass(frozen=True, config=_STRICT)
class Reading:
    """Where below `data/raw/` the pictures are: a folder or a zip archive with a sub-folder for each class.

    Of more than `most_pictures`, a sample is taken in which classes keep their shares.
    """

    file: str
    most_pictures: int | None = None


@dataclass(frozen=True, config=_STRICT)
class Schema:
    """What `schema.yaml` says of the pictures and their classes.

    Attributes:
        source: where the pictures come from.
        licence: under which terms.
        reading: where they are.
        picture: what a model is shown of one.
        target: the classes, named like their folders.
        too_rare: classes with too few pictures to learn, validate and test; they are left out.
        examples: whether the demo may show test pictures, in the size that the model is shown.
    """

    source: str
    licence: str
    reading: Reading
    picture: Grid
    target: Target
    too_rare: tuple[str, ...] = ()
    examples: bool = True

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
    def cases(self) -> str:
        """What is counted where a model learns or is measured."""
        return "pictures"

    @property
    def inputs_in_words(self) -> str:
        """What the model reads."""
        colour = " in colour" if self.picture.channels == 3 else ""
        return f"a picture of {self.picture.height} × {self.picture.width} cells{colour}"


@dataclass(frozen=True, config=_STRICT)
class Found:
    """A picture of the raw data: its name below the folder or in the archive, its class, and how to get its bytes."""

    name: str
    label: str
    content: Callable[[], bytes]


@dataclass(frozen=True, config=ConfigDict(arbitrary_types_allowed=True))
class Split:
    """Pictures of one split: shares of shape (rows, height, width, channels); each one's class; each one's name."""

    features: Pictures
    target: NDArray[np.str_]
    names: tuple[str, ...] = field(default=())

    @property
    def groups(self) -> None:
        """Each picture is a case by itself."""
        return


def load_schema(path: Path) -> Schema:
    """Read and check `schema.yaml`.

    Raises:
        UserError: names each entry that is missing, unknown, or not what it should be.
    """
    return read_yaml(path, Schema)


def read_raw(folder: Path, schema: Schema) -> list[Found]:
    """The pictures of the raw data, by name; the folder that a picture lies in names its class.

    Raises:
        DataError: there are none, or a class is not the one that the schema knows.
    """
    place = folder / schema.reading.file
    if not place.exists():
        raise DataError(f"data/raw/{schema.reading.file} is not there; `dvc pull` fetches it")
    found = list(_in_folder(place) if place.is_dir() else _in_archive(place))
    counts = Counter(one.label for one in found)
    new = [f"{label} ({counts[label]})" for label in sorted({*counts} - {*schema.classes, *schema.too_rare})]
    gone = [label for label in schema.classes if label not in counts]
    wrong = [f"folders that schema.yaml lists as no class: {', '.join(new)}"] if new else []
    wrong += [f"classes of schema.yaml that have no pictures: {', '.join(gone)}"] if gone else []
    if wrong:
        raise DataError("\n".join(wrong))
    return sampled([one for one in found if one.label not in schema.too_rare], schema.reading.most_pictures)


def _in_folder(place: Path) -> Iterable[Found]:
    for file in sorted(place.rglob("*")):
        name = file.relative_to(place)
        if _is_picture(PurePosixPath(name.as_posix())) and file.is_file():
            yield Found(name.as_posix(), name.parent.name, file.read_bytes)


def _in_archive(place: Path) -> Iterable[Found]:
    # Left open: each picture is unpacked when it is looked at.
    archive = zipfile.ZipFile(place)
    for name in sorted(archive.namelist()):
        path = PurePosixPath(name)
        if _is_picture(path):
            yield Found(name, path.parent.name, partial(archive.read, name))


def _is_picture(name: PurePosixPath) -> bool:
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in name.parts)
    return name.suffix.lower() in SUFFIXES and len(name.parts) > 1 and not hidden


def sampled(found: list[Found], most: int | None) -> list[Found]:
    """About `most` of the pictures: the same ones each time, each class by its share, but a rare one whole."""
    if most is None or len(found) <= most:
        return found
    share = most / len(found)
    chosen: list[Found] = []
    for label in sorted({one.label for one in found}):
        own = [one for one in found if one.label == label]
        count = min(len(own), max(round(share * len(own)), LEAST_OF_A_CLASS))
        chosen += random.Random(0).sample(own, count)  # noqa: S311 - no secret
    print(f"a sample: {len(chosen):,} of {len(found):,} pictures, as `most_pictures` in schema.yaml says")
    return sorted(chosen, key=lambda one: one.name)


def validate(found: Sequence[Found], schema: Schema) -> Split:
    """The pictures with their classes, as the models are shown them. A file that can't be read is told and left out.

    Raises:
        DataError: lists what is wrong, each with the files.
    """
    grid = schema.picture
    features = np.empty((len(found), *grid.shape), dtype=np.float32)
    unread: dict[int, str] = {}
    with ThreadPoolExecutor() as threads:  # decoders work without the interpreter's lock
        for position, pixels in enumerate(threads.map(partial(_pixels, grid=grid), found)):
            if isinstance(pixels, str):
                unread[position] = pixels
            else:
                features[position] = pixels
    complaints = [f"{found[position].name}: {why}" for position, why in unread.items()]
    shown = "\n".join([*complaints[:_SHOWN], *(["..."] if len(complaints) > _SHOWN else [])])
    # Data that is drawn was written by `fetch`, picture by picture: there none may be wrong.
    if len(unread) > (0 if grid.drawn else MOST_UNREADABLE * len(found)):
        raise DataError(f"{len(unread)} of {len(found)} pictures can't be taken:\n{shown}")
    if unread:
        print(f"{len(unread)} pictures can't be taken and are left out:\n{shown}")
    rows = [position for position in range(len(found)) if position not in unread]
    labels = np.array([found[row].label for row in rows], dtype=np.str_)
    return Split(features[rows] if unread else features, labels, tuple(found[row].name for row in rows))


def _pixels(one: Found, grid: Grid) -> Pictures | str:
    """What a model is shown of a picture, or why that can't be."""
    try:
        if grid.drawn:
            ink = import_module(".ink", __package__)
            pixels: Pictures = ink.as_it_stands(pictures.opened(one.content()), grid).pixels
        else:
            pixels = pictures.read(one.content(), grid).pixels
    except InvalidInputError as error:
        return str(error)
    except (OSError, zipfile.BadZipFile) as error:
        return str(error) or type(error).__name__
    return pixels


def split(every: Split, schema: Schema, params: Prepare) -> dict[str, Split]:
    """Three splits without a common picture; classes keep their shares in each.

    Of pictures that hardly differ only the first stays: a near copy in two splits would let the model see the answer.

    Raises:
        DataError: too few pictures are left of a class.
    """
    from sklearn.model_selection import train_test_split

    first = first_like(every.features, schema, params.apart)
    kept = np.flatnonzero(first == np.arange(len(first)))
    _tell_copies(every, first)
    counts = Counter(every.target[kept].tolist())
    if few := [f"{name!r} ({counts[name]})" for name in schema.classes if counts[name] < LEAST_OF_A_CLASS]:
        raise DataError(
            f"once copies and what can't be read are left out, too few pictures remain of {', '.join(few)}; each class "
            f"needs {LEAST_OF_A_CLASS} at least: bring more, or list it under `too_rare` in schema.yaml"
        )
    rest, test = train_test_split(
        kept, test_size=params.test_share, random_state=params.seed, stratify=every.target[kept]
    )
    train, validation = train_test_split(
        rest,
        test_size=params.validation_share / (1 - params.test_share),
        random_state=params.seed,
        stratify=every.target[rest],
    )
    return {
        name: Split(every.features[rows], every.target[rows], tuple(every.names[row] for row in rows if every.names))
        for name, rows in zip(SPLITS, (train, validation, test), strict=True)
    }


def first_like(features: Pictures, schema: Schema, apart: float) -> NDArray[np.int64]:
    """For each picture the row of the first that hardly differs from it, its own if there is none. Shape (rows,).

    Hardly is a root mean square difference of the cells of `apart` or less. That of block means is never larger, and a
    hundred times as quick to compare, so pictures are compared cell by cell only where their blocks are that near.
    """
    from sklearn.neighbors import NearestNeighbors

    rough = pictures.blocks(features, schema.picture).reshape(len(features), -1)
    radius = apart * np.sqrt(rough.shape[1]) + 1e-6
    near = NearestNeighbors(radius=radius).fit(rough).radius_neighbors(rough, return_distance=False)
    first = np.arange(len(features))
    for row, others in enumerate(near):
        earlier = np.sort(others[others < row])
        if len(earlier):
            differences = ((features[earlier] - features[row]) ** 2).mean(axis=(1, 2, 3))
            alike = earlier[differences <= apart**2]
            first[row] = alike[0] if len(alike) else row
    return first


def _tell_copies(every: Split, first: NDArray[np.int64]) -> None:
    copies = np.flatnonzero(first != np.arange(len(first)))
    if not len(copies):
        return
    print(f"{len(copies)} pictures hardly differ from another and are left out")
    names = every.names or tuple(map(str, range(len(first))))
    torn = [f"{names[first[row]]} and {names[row]}" for row in copies if every.target[first[row]] != every.target[row]]
    if torn:
        print(f"{len(torn)} of them are of another class than their like: {', '.join(torn[:_SHOWN])}")


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

    The class, and what `_MEASURES` measures, by thirds of the training pictures: where a model that saw bright pictures
    and thick strokes fails is the dark and the thin.
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


def mean_of(features: Pictures) -> NDArray[np.float64]:
    """The mean of each picture's cells: its brightness, or of a drawing, its ink. Shape (rows,)."""
    return np.asarray(features.mean(axis=(1, 2, 3)), dtype=np.float64)


def contrast_of(features: Pictures) -> NDArray[np.float64]:
    """The standard deviation of each picture's cells. Shape (rows,)."""
    return np.asarray(features.std(axis=(1, 2, 3)), dtype=np.float64)


def stroke_of(features: Pictures) -> NDArray[np.float64]:
    """How full a cell is that the pen touched, on average: the thickness of the stroke. Shape (rows,)."""
    touched = (features > 0).mean(axis=(1, 2, 3)).clip(min=1e-9)
    return np.asarray(mean_of(features) / touched, dtype=np.float64)


_MEASURES: dict[str, tuple[str, Callable[[Pictures], NDArray[np.float64]]]] = {
    "brightness": ("Brightness", mean_of),
    "contrast": ("Contrast", contrast_of),
    "ink": ("Ink", mean_of),
    "stroke": ("Stroke", stroke_of),
}


def thirds(values: NDArray[np.float64], train: NDArray[np.float64]) -> pd.Categorical:
    """The third of the training values in which each value falls."""
    low, high = np.quantile(train, [1 / 3, 2 / 3])
    labels = [f"below {low:.3g}", f"{low:.3g} to {high:.3g}", f"above {high:.3g}"]
    return pd.Categorical(np.select([values < low, values <= high], labels[:2], labels[2]), categories=labels)


def table_of(split: Split, schema: Schema) -> pd.DataFrame:
    """Each picture's class and mean, as MLflow describes a data set; the cells would be thousands of columns."""
    return pd.DataFrame({schema.target.name: split.target, "mean": mean_of(split.features)})
