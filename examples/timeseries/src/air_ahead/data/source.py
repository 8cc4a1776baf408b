"""The bundled data set: weekly CO₂ at Mauna Loa, from statsmodels."""

from pathlib import Path

import pandas as pd
from pydantic.dataclasses import dataclass
from statsmodels.datasets import co2

from ..config import STRICT
from ..errors import UserError

RAW_FILE = "series.csv"


@dataclass(frozen=True, config=STRICT)
class Fetch:
    """Which data set to write to `data/raw/`."""

    source: str


def write_raw(folder: Path, fetch: Fetch) -> str:
    """Write the weekly series to `folder`; a week without a measurement has an empty value.

    Returns:
        A summary of what was written.

    Raises:
        UserError: there is no data set of that name.
    """
    if fetch.source != "co2":
        raise UserError(f"params.yaml: fetch.source is {fetch.source!r}; the only data set is 'co2'")
    series: pd.Series = co2.load_pandas().data["co2"]
    folder.mkdir(parents=True, exist_ok=True)
    series.to_csv(folder / RAW_FILE, index_label="date", date_format="%Y-%m-%d", lineterminator="\n")
    return (
        f"{len(series)} weeks of {fetch.source}, {series.isna().sum()} of them without a value, in data/raw/{RAW_FILE}"
    )
