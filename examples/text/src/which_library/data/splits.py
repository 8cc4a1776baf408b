"""The training, validation and test split."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import DataError
from .folds import Folds, Mask, random_folds
from .params import Prepare
from .schema import Schema

SPLITS = ("train", "validation", "test")
NAMES_FILE = "names.txt"


@dataclass(frozen=True)
class Split:
    """The texts of one split.

    Attributes:
        features: columns text, group and, if the data has it, version; one row per text.
        target: the class of each text, in the same order.
        names: words removed from all texts because they reveal a class.
    """

    features: pd.DataFrame
    target: pd.Series
    names: tuple[str, ...] = ()

    @property
    def groups(self) -> NDArray[np.int64]:
        """Return the number of each text's group (module, thread, author). Shape (texts,)."""
        return np.asarray(pd.factorize(self.features["group"])[0], dtype=np.int64)

    def take(self, rows: Mask) -> "Split":
        """Return some of the texts."""
        return Split(self.features[rows].reset_index(drop=True), self.target[rows].reset_index(drop=True), self.names)


def split(table: pd.DataFrame, schema: Schema, params: Prepare) -> dict[str, Split]:
    """Clean the texts and split them by group, stratified by class as far as whole groups allow.

    Raises:
        DataError: a class is too small for three splits.
    """
    # Only `prepare` cleans texts; the other stages need not load SciPy for it.
    from .documents import build_documents

    documents, names = build_documents(table, schema, params)
    assigned = documents["group"].map(assign_groups(documents, params))
    if missing := sorted(set(schema.classes) - set(documents.loc[assigned == "train", "label"])):
        raise DataError(
            f"no text of {', '.join(map(repr, missing))} is left for training: the groups of {schema.group!r} are too "
            "large; choose a finer `group` in schema.yaml"
        )
    parts = {name: documents[assigned == name].reset_index(drop=True) for name in SPLITS}
    return {name: _make_split(part, schema, names) for name, part in parts.items()}


def assign_groups(documents: pd.DataFrame, params: Prepare) -> dict[str, str]:
    """Return the split of each group: in random order to test, then validation, while it fits, else to train."""
    rng = np.random.default_rng(params.seed)
    assigned: dict[str, str] = {}
    for _, members in documents.groupby("label"):
        sizes = members["group"].value_counts(sort=False).sort_index()
        shares = {"test": params.test_share, "validation": params.validation_share}
        # At least one text, so that every split has each class.
        capacity = {name: max(1.0, share * len(members)) for name, share in shares.items()}
        for position in rng.permutation(len(sizes)):
            group, size = str(sizes.index[position]), int(sizes.iloc[position])
            # A group with texts of several classes may be assigned already.
            name = assigned.get(group) or next((name for name in capacity if size <= capacity[name]), "train")
            assigned[group] = name
            if name in capacity:
                capacity[name] -= size
    return assigned


def join(splits: dict[str, Split]) -> Split:
    """Return the texts of the training split, followed by those of the validation split."""
    parts = splits["train"], splits["validation"]
    features = pd.concat([part.features for part in parts], ignore_index=True)
    target = pd.concat([part.target for part in parts], ignore_index=True)
    return Split(features, target, splits["train"].names)


def draw_folds(splits: dict[str, Split], schema: Schema, params: Prepare) -> Folds | None:
    """Return the folds, whole groups each; None to compare on the validation split."""
    rows = join(splits)
    return random_folds(params.folds, rows.target, params.seed, rows.groups)


def write_splits(splits: dict[str, Split], folder: Path) -> None:
    """Write one Parquet file per split, and the removed names, one per line."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in splits.items():
        part.features.assign(label=part.target).to_parquet(folder / f"{name}.parquet", index=False)
    names = splits["train"].names
    (folder / NAMES_FILE).write_text("".join(f"{name}\n" for name in names), encoding="utf-8", newline="\n")


def read_splits(folder: Path, schema: Schema) -> dict[str, Split]:
    """Read what `write_splits` wrote."""
    names = tuple((folder / NAMES_FILE).read_text(encoding="utf-8").splitlines())
    return {name: _make_split(pd.read_parquet(folder / f"{name}.parquet"), schema, names) for name in SPLITS}


def _make_split(documents: pd.DataFrame, schema: Schema, names: tuple[str, ...]) -> Split:
    return Split(documents.drop(columns="label"), documents["label"].rename(schema.target.name), names)


def encode_target(target: pd.Series, schema: Schema) -> NDArray[np.int64]:
    """Return the index of each text's class. Shape (rows,)."""
    index = {label: position for position, label in enumerate(schema.classes)}
    return np.asarray(target.map(index), dtype=np.int64)


def to_table(split: Split, schema: Schema) -> pd.DataFrame:
    """Return texts and classes as one table, for MLflow's data set."""
    return split.features.assign(**{schema.target.name: split.target})
