"""The data: what a row must look like, where it comes from, how it is checked and split.

Every stage is a process of its own and imports this module, so what one function alone needs is imported there:
scikit-learn and pandera take longer to load than to do their work here.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from .params import Evaluate, Fetch, Prepare

if TYPE_CHECKING:
    import pandera.pandas as pa

RAW_FILE = "table.csv"
SPLITS = ("train", "validation", "test")
_STRICT = ConfigDict(extra="forbid")


class DataError(ValueError):
    """The data is not what `schema.yaml` says; the message lists each difference."""


@dataclass(frozen=True, config=_STRICT)
class Column:
    """One column: its name in the table, and how the demo shows it."""

    name: str
    label: str
    kind: Literal["number", "category"]
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, config=_STRICT)
class Schema:
    """The columns of the table; `positive` is the class that the scores are about, if there are two."""

    source: str
    licence: str
    target: Column
    features: tuple[Column, ...]
    positive: str | None = None

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


def load_schema(path: Path) -> Schema:
    """Read and check `schema.yaml`."""
    return TypeAdapter(Schema).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))


def load_source(name: str) -> pd.DataFrame:
    """One of the data sets that scikit-learn carries, as a table; nothing is downloaded.

    Sources: W. Street, W. Wolberg, O. Mangasarian (1993), breast cancer Wisconsin (diagnostic);
    B. Efron, T. Hastie, I. Johnstone, R. Tibshirani (2004), the diabetes data of "Least angle regression".
    """
    from sklearn.datasets import load_breast_cancer, load_diabetes

    if name == "breast_cancer":
        bunch = load_breast_cancer(as_frame=True)
        target = bunch.target.map(dict(enumerate(bunch.target_names))).rename("diagnosis")
    elif name == "diabetes":
        bunch = load_diabetes(as_frame=True, scaled=False)
        bunch.data = bunch.data.astype({"sex": int})  # a code, 1 or 2; scikit-learn has it as 1.0 or 2.0
        target = bunch.target.rename("progression")
    else:
        raise DataError(f"fetch.source in params.yaml is {name!r}; known are 'breast_cancer' and 'diabetes'")
    table: pd.DataFrame = pd.concat([bunch.data, target], axis="columns")
    return table.rename(columns=lambda column: column.replace(" ", "_"))


def fetch_raw(folder: Path, params: Fetch) -> str:
    """Write the raw table; returns what was written, in words."""
    table = load_source(params.source)
    table.to_csv(folder / RAW_FILE, index=False, lineterminator="\n")
    return f"{len(table)} rows, {table.shape[1]} columns of {params.source} in data/raw/{RAW_FILE}"


def read_raw(folder: Path, schema: Schema) -> pd.DataFrame:
    """The raw table; categories are read as the text that stands there ("01" stays "01", "NA" stays a word)."""
    categories = [column.name for column in (*schema.features, schema.target) if column.kind == "category"]
    table: pd.DataFrame = pd.read_csv(
        folder / RAW_FILE, dtype=dict.fromkeys(categories, str), keep_default_na=False, na_values={"": [""]}
    )
    return table


def validate(table: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """The table with the schema's types, once every value has been checked against it.

    Raises:
        DataError: lists each missing or unknown column, and each column with values that are not allowed.
    """
    import pandera.pandas as pa
    from pandera.errors import SchemaErrors

    if texts := list(_texts_among_numbers(table, schema)):
        raise DataError("\n".join(texts))
    expected = pa.DataFrameSchema(
        {column.name: _expected(column) for column in (*schema.features, schema.target)},
        strict=True,
    )
    try:
        valid: pd.DataFrame = expected.validate(_typed(table, schema), lazy=True)
    except SchemaErrors as errors:
        raise DataError("\n".join(_in_words(errors.failure_cases))) from errors
    return valid


def _texts_among_numbers(table: pd.DataFrame, schema: Schema) -> Iterable[str]:
    for column in (*schema.features, schema.target):
        if column.kind == "number" and column.name in table:
            values = table[column.name]
            texts = values[values.notna() & pd.to_numeric(values, errors="coerce").isna()]
            if len(texts):
                yield _complaint(column.name, "holds what is no number", texts, texts.index)


def _typed(table: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Numbers as float32, since that is what the served model computes with; categories as text."""
    typed = table.copy()
    for column in (*schema.features, schema.target):
        if column.name not in typed:
            continue
        if column.kind == "category":
            typed[column.name] = typed[column.name].astype(str)
        else:
            typed[column.name] = pd.to_numeric(typed[column.name]).astype(np.float32)
    return typed


def _expected(column: Column) -> pa.Column:
    import pandera.pandas as pa

    if column.kind == "category":
        return pa.Column(str, pa.Check.isin(column.choices), nullable=False)
    limits = []
    if column.minimum is not None:
        limits.append(pa.Check.ge(column.minimum))
    if column.maximum is not None:
        limits.append(pa.Check.le(column.maximum))
    return pa.Column(np.float32, limits, nullable=False)


def _in_words(failures: pd.DataFrame) -> Iterable[str]:
    for (column, check), group in failures.groupby(["column", "check"], dropna=False, sort=False):
        if check == "column_in_dataframe":
            yield f"column {group.failure_case.iloc[0]!r} is missing"
        elif check == "column_in_schema":
            yield f"column {group.failure_case.iloc[0]!r} is not in schema.yaml"
        else:
            yield _complaint(str(column), f"fails {check}", group.failure_case, group["index"])


def _complaint(column: str, wrong: str, values: pd.Series, rows: Iterable[Any]) -> str:
    shown = ", ".join(str(value) for value in values.head(5))
    where = ", ".join(str(row) for row in list(rows)[:5])
    return f"column {column!r} {wrong} in {len(values)} row(s): {shown} (rows {where}, counted from 0)"


def split(table: pd.DataFrame, schema: Schema, params: Prepare) -> dict[str, Split]:
    """Three splits without a common row; classes keep their shares in each.

    Rows with the same features are one row: a copy in two splits would let the model see the answer.
    """
    from sklearn.model_selection import train_test_split

    names = [column.name for column in schema.features]
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
    return {
        column.label: slice_labels(test, train, column) for column in schema.features if column.name in params.slices
    }


def table_of(split: Split, schema: Schema) -> pd.DataFrame:
    """Features and target as one table, as MLflow keeps a data set."""
    return split.features.assign(**{schema.target.name: split.target})


def signature_rows(split: Split, _schema: Schema, count: int) -> pd.DataFrame:
    """The first rows, from which MLflow reads names and types of the inputs."""
    return split.features.head(count)


def slice_labels(features: pd.DataFrame, train: pd.DataFrame, column: Column) -> pd.Categorical:
    """For each row the slice it falls in: the category, or the third of the training rows' values. Shape (rows,)."""
    values = features[column.name]
    if column.kind == "category":
        return pd.Categorical(values, categories=column.choices)
    low, high = train[column.name].quantile([1 / 3, 2 / 3])
    labels = [f"below {low:.3g}", f"{low:.3g} to {high:.3g}", f"above {high:.3g}"]
    return pd.Categorical(np.select([values < low, values <= high], labels[:2], labels[2]), categories=labels)
