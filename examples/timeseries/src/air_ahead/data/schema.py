"""The schema of the series, read from `schema.yaml`."""

import math
from pathlib import Path
from typing import Any, ClassVar

from pydantic.dataclasses import dataclass

from ..config import LAX, load_yaml
from .excluded import ExcludedColumn
from .periods import SEASON_LENGTHS, Step

# Of the files in an archive, for the data card.
RECORD_TYPE = "text/csv"


@dataclass(frozen=True, config=LAX)
class Target:
    """The quantity to forecast.

    Attributes:
        name: identifier.
        label: name shown to users.
        unit: unit of the values; empty if they have none.
        minimum: smallest possible value; None for no limit.
        maximum: largest possible value; None for no limit.
        column: column in the file, if it differs from the name.
    """

    name: str
    label: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    column: str = ""


@dataclass(frozen=True, config=LAX)
class Date:
    """The date of a measurement.

    Attributes:
        name: identifier.
        column: column in the file, if it differs from the name.
        date_format: `strptime` format; empty for ISO 8601.
        days_apart: required number of days between consecutive rows; None for any.
    """

    name: str
    column: str = ""
    date_format: str = ""
    days_apart: int | None = None


@dataclass(frozen=True, config=LAX)
class Schema:
    """A series: one date and one value per row; values may be missing.

    Attributes:
        source: where the data comes from.
        licence: license of the data.
        date: the column with the date.
        target: the column with the value.
        step: period of a forecast step; values within one step are averaged.
        reading: the file and its format, for a data set of your own.
        left_out: other columns of the file.
    """

    source: str
    licence: str
    date: Date
    target: Target
    step: Step
    reading: dict[str, Any] | None = None
    left_out: tuple[ExcludedColumn, ...] = ()

    task: ClassVar[str] = "forecast"
    classes: ClassVar[tuple[str, ...]] = ()
    positive: ClassVar[str | None] = None
    sample_noun: ClassVar[str] = "forecasts"

    @property
    def season(self) -> int:
        """Steps per seasonal cycle (1 for years)."""
        return SEASON_LENGTHS[self.step]

    @property
    def min_history(self) -> int:
        """Fewest steps from which statsmodels initializes level, trend and season."""
        return max(2 * self.season, 10 + 2 * (self.season // 2))

    @property
    def max_gap(self) -> int:
        """Most consecutive missing steps that are filled."""
        return max(1, self.season // 2)

    @property
    def limits(self) -> tuple[float, float]:
        """Smallest and largest possible value; infinite where the schema sets no limit."""
        low, high = self.target.minimum, self.target.maximum
        return -math.inf if low is None else low, math.inf if high is None else high

    @property
    def date_column(self) -> str:
        """Column of the date in the file."""
        return self.date.column or self.date.name

    @property
    def target_column(self) -> str:
        """Column of the target in the file."""
        return self.target.column or self.target.name

    @property
    def input_summary(self) -> str:
        """Inputs of the model, for the model card."""
        return f"its own past {self.step}s"


def load_schema(path: Path) -> Schema:
    """Load and validate `schema.yaml`.

    Raises:
        UserError: an entry is missing, unknown or invalid.
    """
    return load_yaml(path, Schema)


def raw_fields(schema: Schema) -> list[dict[str, Any]]:
    """Return name, meaning, type and source of each column, in the terms of Croissant."""
    label, unit = schema.target.label, schema.target.unit
    columns = {
        schema.date_column: ("Date of the measurement", "sc:Date"),
        schema.target_column: (f"{label} ({unit})" if unit else label, "sc:Float"),
    } | {entry.column: (f"Not used: {entry.reason}", "sc:Text") for entry in schema.left_out}
    return [
        {"name": name, "description": text, "dataType": kind, "source": {"extract": {"column": name}}}
        for name, (text, kind) in columns.items()
    ]
