"""The data: what a row must look like, where it comes from, how it is checked and split.

Every stage is a process of its own and imports this module, so what one function alone needs is imported there:
scikit-learn and pandera take longer to load than to do their work here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from .markdown import rounded
from .mistakes import UserError, read_yaml
from .params import Evaluate, Prepare
from .reading import Reading, ReadingError, Wanted, read

if TYPE_CHECKING:
    import pandera.pandas as pa

SPLITS = ("train", "validation", "test")
# Categories that stand for an empty cell, and for one that `schema.yaml` doesn't list.
MISSING, OTHER = "(missing)", "(other)"
_STRICT = ConfigDict(extra="forbid")


class DataError(UserError):
    """The data is not what `schema.yaml` says; the message lists each difference."""

    heading = "The data is not what schema.yaml says:"


@dataclass(frozen=True, config=_STRICT)
class Column:
    """One column: what the code and the API call it, and how the demo shows it.

    Attributes:
        name: an identifier.
        label: for people.
        kind: a date is a number of days to the models, and a date to people.
        unit: of a number.
        whole: whether a number has no fraction, as a count has none.
        minimum: the least that is possible; of a date in days since 1970-01-01.
        maximum: the most.
        choices: the categories.
        column: what the file calls it, if that is not the name.
        nullable: whether it may be empty. Models see nan, or the category `MISSING`.
        others: whether a category that is not among the choices is taken for `OTHER`, or refused.
        date_format: of a date in the file, as `strptime` has it, `Q%q` for a quarter; empty for ISO 8601.
    """

    name: str
    label: str
    kind: Literal["number", "category", "date"]
    unit: str = ""
    whole: bool = False
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    column: str = ""
    nullable: bool = False
    others: bool = False
    date_format: str = ""

    @property
    def levels(self) -> tuple[str, ...]:
        """What a model may meet in a column of categories."""
        if self.kind != "category":
            return ()
        return (*self.choices, *([OTHER] if self.others else []), *([MISSING] if self.nullable else []))


@dataclass(frozen=True, config=_STRICT)
class LeftOut:
    """A column of the file that no model sees, and why."""

    column: str
    reason: str


@dataclass(frozen=True, config=_STRICT)
class Schema:
    """The columns of the table, and how to read it.

    Attributes:
        source: where the data comes from.
        licence: under which it may be used.
        reading: the file and its format.
        target: what is predicted.
        features: what it is predicted from.
        positive: the class that the scores are about, if there are two.
        left_out: the columns of the file that are neither.
        too_rare: classes with too few rows to learn, validate and test; their rows are left out.
        repeats: whether equal rows are different cases (few columns, few values), or one row that was copied.
    """

    source: str
    licence: str
    reading: Reading
    target: Column
    features: tuple[Column, ...]
    positive: str | None = None
    left_out: tuple[LeftOut, ...] = ()
    too_rare: tuple[str, ...] = ()
    repeats: bool = False

    @property
    def cases(self) -> str:
        """What is counted where a model learns or is measured."""
        return "rows"

    @property
    def inputs_in_words(self) -> str:
        """What the model reads."""
        return f"{len(self.features)} inputs"

    @property
    def task(self) -> Literal["classification", "regression"]:
        """A target of categories is to be classified, one of numbers to be regressed."""
        return "classification" if self.target.kind == "category" else "regression"

    @property
    def classes(self) -> tuple[str, ...]:
        """The target's classes, in the order of the model's probabilities."""
        return tuple(sorted(self.target.choices))


@dataclass(frozen=True, config=ConfigDict(arbitrary_types_allowed=True))
class Split:
    """Rows of one split: the features, one row each, and the target in the same order."""

    features: pd.DataFrame
    target: pd.Series

    @property
    def groups(self) -> None:
        """Each row is a case by itself."""
        return


def load_schema(path: Path) -> Schema:
    """Read and check `schema.yaml`.

    Raises:
        UserError: names each entry that is missing, unknown, or not what it should be.
    """
    return read_yaml(path, Schema)


def read_raw(folder: Path, schema: Schema) -> pd.DataFrame:
    """The raw table, with the names that `schema.yaml` gives to its columns.

    Categories are the text that stands there ("01" stays "01", "NA" stays a word), a date is a number of days. A column
    of the file that the schema doesn't know comes along empty, so that `validate` can complain of it. Rows without an
    answer to learn are left out, and so are those of classes that are too rare to learn.

    Raises:
        DataError: the file is not there, or can't be read.
    """
    every = (*schema.features, schema.target)
    wanted = [Wanted(one.name, one.column or one.name, one.kind, one.date_format) for one in every]
    stratum = schema.target.name if schema.task == "classification" else None
    try:
        raw = read(folder, schema.reading, wanted, stratum)
    except ReadingError as error:
        raise DataError(str(error)) from error
    table, target = raw.frame, schema.target.name
    if len(table) < raw.rows:
        print(f"a sample: {len(table):,} of {raw.rows:,} rows, as `most_rows` under `reading` in schema.yaml says")
    known = {one.column for one in wanted} | {one.column for one in schema.left_out}
    table = table.assign(**{name: None for name in raw.columns if name not in known})
    if schema.target.nullable and target in table:
        table = table[table[target].notna()]
    if schema.too_rare and target in table:
        table = table[~table[target].isin(schema.too_rare)]
    return table.reset_index(drop=True)


def validate(table: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """The table with the schema's types, once every value has been checked against it.

    Raises:
        DataError: lists each missing or unknown column, and each column with values that are not allowed.
    """
    import pandera.pandas as pa
    from pandera.errors import SchemaErrors

    if texts := list(_texts_among_numbers(table, schema)):
        raise DataError("\n".join([*_other_columns(table, schema), *texts]))
    expected = pa.DataFrameSchema(
        {column.name: _expected(column) for column in (*schema.features, schema.target)},
        strict=True,
    )
    try:
        valid: pd.DataFrame = expected.validate(_typed(table, schema), lazy=True)
    except SchemaErrors as errors:
        raise DataError("\n".join(_in_words(errors.failure_cases))) from errors
    return valid


def _other_columns(table: pd.DataFrame, schema: Schema) -> Iterable[str]:
    names = [column.name for column in (*schema.features, schema.target)]
    yield from (f"column {name!r} is missing" for name in names if name not in table)
    yield from (f"column {name!r} is not in schema.yaml" for name in table if name not in names)


def _texts_among_numbers(table: pd.DataFrame, schema: Schema) -> Iterable[str]:
    for column in (*schema.features, schema.target):
        if column.kind != "category" and column.name in table:
            values = table[column.name]
            texts = values[values.notna() & pd.to_numeric(values, errors="coerce").isna()]
            if len(texts):
                yield _complaint(column.name, f"has values that are not {column.kind}s", texts, texts.index)


def _typed(table: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Numbers as float32, since that is what the served model computes with; categories as text."""
    typed = table.copy()
    for column in (*schema.features, schema.target):
        if column.name not in typed:
            continue
        if column.kind == "category":
            typed[column.name] = _categories(typed[column.name], column)
        else:
            typed[column.name] = pd.to_numeric(typed[column.name]).astype(np.float32)
    return typed


def _categories(values: pd.Series, column: Column) -> pd.Series:
    """The text that stands there; what is empty or unknown by the names that models know it by."""
    texts = values.where(values.isna(), values.astype(str)).astype(object)
    if column.others:
        texts = texts.where(texts.isna() | texts.isin(column.levels), OTHER)
    return texts.fillna(MISSING) if column.nullable else texts


def _expected(column: Column) -> pa.Column:
    import pandera.pandas as pa

    if column.kind == "category":
        return pa.Column(str, pa.Check.isin(column.levels), nullable=False)
    limits = []
    if column.minimum is not None:
        limits.append(pa.Check.ge(column.minimum))
    if column.maximum is not None:
        limits.append(pa.Check.le(column.maximum))
    return pa.Column(np.float32, limits, nullable=column.nullable)


def _in_words(failures: pd.DataFrame) -> Iterable[str]:
    for (column, check), group in failures.groupby(["column", "check"], dropna=False, sort=False):
        if check == "column_in_dataframe":
            yield f"column {group.failure_case.iloc[0]!r} is missing"
        elif check == "column_in_schema":
            yield f"column {group.failure_case.iloc[0]!r} is not in schema.yaml"
        else:
            name, _, told = str(check).rstrip(")").partition("(")
            limit = f"{float(told):g}" if name.endswith("_or_equal_to") else told
            wrong = {
                "not_nullable": "is empty",
                "isin": "holds categories that schema.yaml does not list",
                "greater_than_or_equal_to": f"goes below the minimum of {limit}",
                "less_than_or_equal_to": f"goes above the maximum of {limit}",
            }.get(name, f"fails {check}")
            yield _complaint(str(column), wrong, group.failure_case, group["index"])


def _complaint(column: str, wrong: str, values: pd.Series, rows: Iterable[Any]) -> str:
    shown = ", ".join(str(value) for value in values.head(5))
    where = ", ".join(str(row) for row in list(rows)[:5])
    return f"column {column!r} {wrong} in {len(values)} row(s): {shown} (rows {where}, counted from 0)"


def split(table: pd.DataFrame, schema: Schema, params: Prepare) -> dict[str, Split]:
    """Three splits without a common row; classes keep their shares in each.

    Rows with the same features are one row, unless the schema says that they repeat: a copy in two splits would let the
    model see the answer.
    """
    from sklearn.model_selection import train_test_split

    names = [column.name for column in schema.features]
    if not schema.repeats:
        table = table.drop_duplicates(subset=names).reset_index(drop=True)
    stratum = table[schema.target.name] if schema.task == "classification" else None
    rest, test = train_test_split(table, test_size=params.test_share, random_state=params.seed, stratify=stratum)
    train, validation = train_test_split(
        rest,
        test_size=params.validation_share / (1 - params.test_share),
        random_state=params.seed,
        stratify=None if stratum is None else stratum.loc[rest.index],
    )
    return {
        name: Split(features=part[names], target=part[schema.target.name])
        for name, part in zip(SPLITS, (train, validation, test), strict=True)
    }


def write_splits(splits: dict[str, Split], folder: Path) -> None:
    """One Parquet file a split: it keeps the types."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in splits.items():
        table = part.features.assign(**{str(part.target.name): part.target})
        table.to_parquet(folder / f"{name}.parquet", index=False)


def read_splits(folder: Path, schema: Schema) -> dict[str, Split]:
    """The splits that `write_splits` wrote."""
    tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in SPLITS}
    return {
        name: Split(features=table.drop(columns=schema.target.name), target=table[schema.target.name])
        for name, table in tables.items()
    }


def encode_target(target: pd.Series, schema: Schema) -> NDArray[np.float64] | NDArray[np.int64]:
    """The target as the metrics want it: the index of the class, or the number itself. Shape (rows,)."""
    if schema.task == "regression":
        return target.to_numpy(dtype=np.float64)
    index = {label: position for position, label in enumerate(schema.classes)}
    return np.asarray(target.map(index), dtype=np.int64)


def slices_of(splits: dict[str, Split], schema: Schema, params: Evaluate) -> dict[str, pd.Categorical]:
    """The slice of each test row, for each column named in `evaluate.slices`; by the column's label."""
    test, train = splits["test"].features, splits["train"].features
    known = [column.name for column in schema.features]
    if unknown := sorted(set(params.slices) - set(known)):
        raise UserError(f"params.yaml: evaluate.slices names {', '.join(unknown)}; known are {', '.join(known)}")
    return {
        column.label: slice_labels(test, train, column) for column in schema.features if column.name in params.slices
    }


def table_of(split: Split, schema: Schema) -> pd.DataFrame:
    """Features and target as one table, as MLflow keeps a data set."""
    return split.features.assign(**{schema.target.name: split.target})


def slice_labels(features: pd.DataFrame, train: pd.DataFrame, column: Column) -> pd.Categorical:
    """For each row the slice it falls in: the category, or the third of the training rows' values. Shape (rows,)."""
    values = features[column.name]
    if column.kind == "category":
        return pd.Categorical(values, categories=column.levels)
    low, high = train[column.name].quantile([1 / 3, 2 / 3])
    shown = [iso_date(limit) if column.kind == "date" else rounded(limit) for limit in (low, high)]
    labels = [f"below {shown[0]}", f"{shown[0]} to {shown[1]}", f"above {shown[1]}"]
    slices = [values < low, values <= high, values > high]
    return pd.Categorical(np.select(slices, labels, MISSING), categories=[*labels, *[MISSING] * column.nullable])


def iso_date(days: float) -> str:
    """The date that lies so many days after 1970-01-01, as people and the API write it."""
    return (date(1970, 1, 1) + timedelta(days=int(days))).isoformat()
