"""Training, validation and test split."""

from pathlib import Path

import pandas as pd
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass
from sklearn.model_selection import train_test_split

from .params import Prepare
from .schema import Schema
from .target import encode_target as encode_target

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, config=ConfigDict(arbitrary_types_allowed=True))
class Split:
    """The rows of a split: features and target in the same order."""

    features: pd.DataFrame
    target: pd.Series

    @property
    def groups(self) -> None:
        """None: rows are independent."""
        return


def split(table: pd.DataFrame, schema: Schema, params: Prepare) -> dict[str, Split]:
    """Split the rows at random, without overlap.

    Rows with equal features are duplicates, unless the schema says otherwise: a duplicate in another split would leak
    the target.
    """
    features = [column.name for column in schema.features]
    if not schema.repeats:
        table = table.drop_duplicates(subset=features).reset_index(drop=True)
    rest, test = _split_off(table, params.test_share, schema, params.seed)
    train, validation = _split_off(rest, params.validation_share / (1 - params.test_share), schema, params.seed)
    target = schema.target.name
    return {
        name: Split(part[features], part[target]) for name, part in zip(SPLITS, (train, validation, test), strict=True)
    }


def _split_off(table: pd.DataFrame, share: float, schema: Schema, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the other rows and a share of them, each with the same proportions of the classes."""
    classes = table[schema.target.name] if schema.classes else None
    rest, part = train_test_split(table, test_size=share, random_state=seed, stratify=classes)
    return rest, part


def write_splits(splits: dict[str, Split], folder: Path) -> None:
    """Write a Parquet file per split."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in splits.items():
        part.features.assign(**{str(part.target.name): part.target}).to_parquet(folder / f"{name}.parquet", index=False)


def read_splits(folder: Path, schema: Schema) -> dict[str, Split]:
    """Read what `write_splits` wrote."""
    tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in SPLITS}
    target = schema.target.name
    return {name: Split(table.drop(columns=target), table[target]) for name, table in tables.items()}


def to_table(split: Split, schema: Schema) -> pd.DataFrame:
    """Return features and target as one table, for MLflow."""
    return split.features.assign(**{schema.target.name: split.target})
