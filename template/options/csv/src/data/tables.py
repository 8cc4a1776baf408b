"""Reading of the raw CSV file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import pandas as pd
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass


class TableError(ValueError):
    """The raw file is missing or can't be read."""


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Reading:
    """The raw file: its name in `data/raw/`."""

    file: str


class TableColumn(NamedTuple):
    """A column to read: its name in the result and in the file, its type, and the format of a date."""

    name: str
    file_name: str
    kind: Literal["number", "category", "date"]
    date_format: str = ""


class RawTable(NamedTuple):
    """The columns that were read, by their names in the result, and the names of all columns of the file."""

    frame: pd.DataFrame
    columns: tuple[str, ...]


def read_table(folder: Path, reading: Reading, columns: Sequence[TableColumn], _stratum: str = "") -> RawTable:
    """Read columns of the raw file; a column that the file lacks is left out.

    Categories are text, numbers float64 with nan for empty cells, dates the number of days since 1970-01-01. A column
    with values of another type is returned as text. The file is read whole, never sampled.

    Raises:
        TableError: the file is missing or not a CSV file.
    """
    try:
        text = pd.read_csv(folder / reading.file, dtype=str, keep_default_na=False)
    except FileNotFoundError as error:
        raise TableError(f"data/raw/{reading.file} not found; create it with: uv run dvc repro fetch") from error
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise TableError(f"data/raw/{reading.file} can't be read: {error}") from error
    present = [column for column in columns if column.file_name in text]
    frame = {column.name: _convert(text[column.file_name].str.strip(" "), column) for column in present}
    return RawTable(pd.DataFrame(frame, index=text.index), tuple(str(name) for name in text))


def _convert(text: pd.Series, column: TableColumn) -> pd.Series:
    values = text.mask(text == "")
    if column.kind == "category":
        return values
    if column.kind == "date":
        days = pd.to_datetime(values, format=column.date_format or "ISO8601", errors="coerce") - pd.Timestamp(0)
        numbers = days.dt.days.astype("float64")
    else:
        numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    return values if (numbers.isna() & values.notna()).any() else numbers
