"""The data that the project starts from: the weekly CO₂ that statsmodels carries, written to `data/raw/`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from .data import RAW_FILE
from .mistakes import UserError
from .params import Fetch


def fetch_raw(folder: Path, params: Fetch) -> str:
    """Write the weekly series that statsmodels carries; nothing is downloaded. A week without a value is empty.

    Returns:
        A sentence about what was written.

    Raises:
        UserError: no series has that name.
    """
    if params.source != "co2":
        raise UserError(f"params.yaml: fetch.source is {params.source!r}; known is 'co2'")
    from statsmodels.datasets import co2

    series: pd.Series = co2.load_pandas().data["co2"]
    folder.mkdir(parents=True, exist_ok=True)
    series.to_csv(folder / RAW_FILE, index_label="date", date_format="%Y-%m-%d", lineterminator="\n")
    return f"{len(series)} weeks of {params.source}, {series.isna().sum()} of them empty, in data/raw/{RAW_FILE}"
