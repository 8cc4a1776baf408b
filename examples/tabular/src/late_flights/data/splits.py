"""Training, validation and test split."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass
from sklearn.model_selection import StratifiedGroupKFold, train_test_split

from ..errors import UserError
from .folds import Folds, Mask, random_folds, rolling_folds
from .params import Prepare
from .schema import Schema
from .target import encode_target as encode_target

SPLITS = ("train", "validation", "test")
# The column of the number of a row's case; no feature has such a name.
CASE = "(case)"


@dataclass(frozen=True, config=ConfigDict(arbitrary_types_allowed=True))
class Split:
    """The rows of a split: features, target and the number of the case in the same order.

    Without `cases`, each row is a case of its own.
    """

    features: pd.DataFrame
    target: pd.Series
    cases: pd.Series | None = None

    @property
    def groups(self) -> NDArray[np.int64]:
        """Return the number of each row's case, counted from 0. Shape (rows,)."""
        if self.cases is None:
            return np.arange(len(self.target))
        return np.asarray(pd.factorize(self.cases)[0], dtype=np.int64)

    def take(self, rows: Mask) -> "Split":
        """Return some of the rows."""
        return Split(self.features[rows], self.target[rows], None if self.cases is None else self.cases[rows])


def split(table: pd.DataFrame, schema: Schema, params: Prepare) -> dict[str, Split]:
    """Split the rows at random or by time, without overlap.

    Rows with equal features are duplicates, unless the schema says otherwise: a duplicate in another split would leak
    the target.

    Raises:
        UserError: split by time, a class is in no row of a split, or the column of the group has no dates.
    """
    features = [column.name for column in schema.features]
    if not schema.repeats:
        table = table.drop_duplicates(subset=features).reset_index(drop=True)
    if schema.split == "time" and schema.group_columns:
        table = table.assign(**{str(schema.time): _read_dates(table[str(schema.time)])})
    if schema.group:
        table = table.assign(**{CASE: _number_cases(table, schema.group)})
    rest, test = _split_off(table, params.test_share, schema, params.seed)
    train, validation = _split_off(rest, params.validation_share / (1 - params.test_share), schema, params.seed)
    target = schema.target.name
    parts = dict(zip(SPLITS, (train, validation, test), strict=True))
    if schema.split == "time":
        _check_classes({name: part[target] for name, part in parts.items()}, schema)
    return {name: Split(part[features], part[target], part.get(CASE)) for name, part in parts.items()}


def _split_off(table: pd.DataFrame, share: float, schema: Schema, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the other rows and a share of them: the latest, or at random with the same proportions of the classes."""
    if schema.split == "time":
        ordered = table.sort_values(str(schema.time), kind="stable", na_position="first")
        count = len(table) - round(share * len(table))
        if schema.group:
            count = _start_of_case(ordered[CASE], count)
        return ordered.iloc[:count], ordered.iloc[count:]
    classes = table[schema.target.name] if schema.classes else None
    if schema.group:
        others, rows = hold_out_cases(table[CASE], classes, share, seed)
        return table.iloc[others], table.iloc[rows]
    rest, part = train_test_split(table, test_size=share, random_state=seed, stratify=classes)
    return rest, part


def _read_dates(texts: pd.Series) -> pd.Series:
    try:
        return pd.to_datetime(texts, format="ISO8601")
    except ValueError as error:
        raise UserError(
            f"schema.yaml: split: time orders rows by {texts.name}, which is no date such as 2026-11-30 in every row: "
            f"{error}"
        ) from None


def _start_of_case(cases: pd.Series, count: int) -> int:
    first = int((cases == cases.iloc[count]).to_numpy().argmax()) if count < len(cases) else count
    return first or count


def hold_out_cases(
    cases: pd.Series, classes: pd.Series | None, share: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the positions of the other rows and of about a share of them: whole cases. Numbers have no `classes`."""
    folds = StratifiedGroupKFold(min(round(1 / share), cases.nunique()), shuffle=True, random_state=seed)
    others, rows = next(folds.split(cases, np.zeros(len(cases)) if classes is None else classes, cases))
    return others, rows


def _check_classes(targets: dict[str, pd.Series], schema: Schema) -> None:
    for name, target in targets.items():
        if missing := sorted(set(schema.classes) - set(target)):
            raise UserError(
                f"schema.yaml: split: time leaves no row of {', '.join(map(repr, missing))} for the {name} split; "
                "list the class under too_rare, or remove split"
            )


def join(splits: dict[str, Split]) -> Split:
    """Return the rows of the training split, followed by those of the validation split."""
    train, validation = splits["train"], splits["validation"]
    cases = None if train.cases is None else pd.concat([train.cases, validation.cases], ignore_index=True)
    return Split(
        pd.concat([train.features, validation.features], ignore_index=True),
        pd.concat([train.target, validation.target], ignore_index=True),
        cases,
    )


def draw_folds(splits: dict[str, Split], schema: Schema, params: Prepare) -> Folds | None:
    """Return the folds, at random, by time or by whole cases as the split; None to compare on the validation split."""
    rows = join(splits)
    classes = rows.target if schema.classes else np.zeros(len(rows.target))
    if schema.split == "time":
        return rolling_folds(params.folds, classes, rows.cases)
    return random_folds(params.folds, classes, params.seed, rows.cases)


def _number_cases(table: pd.DataFrame, group: Sequence[str]) -> pd.Series:
    """Return the number of each row's case; a row without values of the group is a case of its own."""
    cases = table.groupby(list(group), sort=False, dropna=False).ngroup()
    alone = table[list(group)].isna().all(axis=1)
    return cases.mask(alone, np.arange(len(table)) + len(table))


def write_splits(splits: dict[str, Split], folder: Path) -> None:
    """Write a Parquet file per split."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in splits.items():
        others = {str(part.target.name): part.target} | ({} if part.cases is None else {CASE: part.cases})
        part.features.assign(**others).to_parquet(folder / f"{name}.parquet", index=False)


def read_splits(folder: Path, schema: Schema) -> dict[str, Split]:
    """Read what `write_splits` wrote."""
    tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in SPLITS}
    features, target = [column.name for column in schema.features], schema.target.name
    return {name: Split(table[features], table[target], table.get(CASE)) for name, table in tables.items()}


def to_table(split: Split, schema: Schema) -> pd.DataFrame:
    """Return features and target as one table, for MLflow."""
    return split.features.assign(**{schema.target.name: split.target})
