"""`schema.yaml`: the columns of the table."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic.dataclasses import dataclass

from ..config import LAX, load_yaml
from ..errors import UserError
from .excluded import ExcludedColumn
from .target import TASK

# The categories of an empty cell, and of one whose category `schema.yaml` does not list.
MISSING, OTHER = "(missing)", "(other)"

# Of the files in an archive, for the data card; and the types of its columns.
RECORD_TYPE = "text/csv"
TYPES = {"number": "sc:Float", "category": "sc:Text", "date": "sc:Date"}


@dataclass(frozen=True, config=LAX)
class Column:
    """A column of the table.

    Attributes:
        name: an identifier, used by the code and the API.
        label: for people.
        kind: a number, a category, or a date, which models get as the number of days since 1970-01-01.
        unit: of a number.
        whole: whether a number is an integer.
        minimum: the smallest valid value; of a date in days since 1970-01-01.
        maximum: the largest valid value.
        choices: the categories.
        column: its name in the file, if that differs from `name`.
        nullable: whether cells may be empty. Models get nan, or the category `MISSING`.
        others: whether a category that is not in `choices` counts as `OTHER` instead of being an error.
        date_format: of a date in the file, for `strptime`; empty for ISO 8601.
        personal: whether the request log must not contain it.
        section: the heading of the demo below which the input is; without any, inputs are sorted by importance alone.
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
    personal: bool = False
    section: str = ""

    @property
    def file_name(self) -> str:
        """The name of the column in the file."""
        return self.column or self.name

    @property
    def levels(self) -> tuple[str, ...]:
        """The categories that a model gets; none for a number or a date."""
        if self.kind != "category":
            return ()
        return (*self.choices, *([OTHER] if self.others else []), *([MISSING] if self.nullable else []))


@dataclass(frozen=True, config=LAX)
class Schema:
    """The table.

    Attributes:
        source: where the data comes from.
        licence: under which it may be used.
        target: the column to predict.
        features: the columns to predict it from.
        positive: the positive class of a binary classification.
        reading: the file and its format, for a data set of your own (see `data/tables.py`).
        left_out: the other columns of the file.
        too_rare: classes with too few rows, which are dropped.
        repeats: whether equal rows are different samples, or duplicates that are dropped.
        group: features or other columns whose equal values mark rows of one case, such as a customer; they stay in one
            split.
        split: how rows are split: at random, or by time: training before validation before test, by the first date. A
            date that is no input, since the model can't learn from one that is over, is named by `group`.
        noun: what a row is, in the plural, such as customers.
    """

    source: str
    licence: str
    target: Column
    features: tuple[Column, ...]
    positive: str | None = None
    reading: dict[str, Any] | None = None
    left_out: tuple[ExcludedColumn, ...] = ()
    too_rare: tuple[str, ...] = ()
    repeats: bool = False
    group: tuple[str, ...] = ()
    split: Literal["random", "time"] = "random"
    noun: str = "rows"

    @property
    def time(self) -> str | None:
        """The column of a split by time: that of the group, or the first date among the features."""
        if self.split == "time" and self.group:
            return self.group[0]
        return next((column.name for column in self.features if column.kind == "date"), None)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The features and the target."""
        return (*self.features, self.target)

    @property
    def group_columns(self) -> tuple[str, ...]:
        """The columns of the file that are in `group` and are no features."""
        names = {column.name for column in self.features}
        return tuple(name for name in self.group if name not in names)

    @property
    def task(self) -> Literal["classification", "regression"]:
        """Classification of a category, regression of a number."""
        return "classification" if self.target.kind == "category" else "regression"

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes, in the order of the predicted probabilities."""
        return tuple(sorted(self.target.choices))

    @property
    def sample_noun(self) -> str:
        """The noun for the samples in reports."""
        return self.noun

    @property
    def input_summary(self) -> str:
        """The inputs, for the model card."""
        return f"{len(self.features)} input{'s' * (len(self.features) != 1)}"


def load_schema(path: Path) -> Schema:
    """Load and check `schema.yaml`.

    Raises:
        UserError: names each entry that is missing, unknown, mistyped or at odds with another.
    """
    schema = load_yaml(path, Schema)
    if schema.split == "time" and schema.time is None:
        raise UserError("schema.yaml: split: time needs a feature of kind: date; add one, or remove split")
    if schema.split == "time" and len(schema.group) > 1:
        raise UserError("schema.yaml: split: time keeps rows of one date together; name only that column under group")
    if schema.task != TASK:
        raise UserError(
            f"schema.yaml: the target {schema.target.name} is a {schema.target.kind}, but this project is a {TASK}; "
            "change its kind, or create another project with: mlpath new-project"
        )
    return schema


def iso_date(days: float) -> str:
    """Return the date that is so many days after 1970-01-01, in ISO 8601."""
    return (date(1970, 1, 1) + timedelta(days=int(days))).isoformat()


def raw_fields(schema: Schema) -> list[dict[str, Any]]:
    """Return name, meaning, type and source of each column, in the terms of Croissant."""
    texts = dict.fromkeys(schema.group_columns, "Rows with equal values are in one split.")
    texts |= {entry.column: f"Not used: {entry.reason}" for entry in schema.left_out}
    columns = {
        column.file_name: (
            f"{column.label} ({column.unit})" if column.unit else column.label,
            "sc:Integer" if column.kind == "number" and column.whole else TYPES[column.kind],
        )
        for column in schema.columns
    }
    columns |= {name: (text, "sc:Text") for name, text in texts.items() if name not in columns}
    computed = (schema.reading or {}).get("computed", {})
    return [
        {"name": name, "description": text, "dataType": kind, "source": {"extract": {"column": name}}}
        for name, (text, kind) in columns.items()
        if name not in computed
    ]
