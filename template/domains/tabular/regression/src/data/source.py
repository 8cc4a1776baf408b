"""The data that the project starts from: the diabetes data of "Least Angle Regression", included in scikit-learn.

Source: B. Efron, T. Hastie, I. Johnstone, R. Tibshirani (2004).
"""

from pathlib import Path
from typing import Literal

from pydantic.dataclasses import dataclass
from sklearn.datasets import load_diabetes

from ..config import STRICT

RAW_FILE = "table.csv"


@dataclass(frozen=True, config=STRICT)
class Fetch:
    """The data set to write to `data/raw/`."""

    source: Literal["diabetes"]


def write_raw(folder: Path, params: Fetch) -> str:
    """Write the raw table and return a summary."""
    bunch = load_diabetes(as_frame=True, scaled=False)
    table = bunch.data.astype({"sex": int}).assign(progression=bunch.target)  # sex is a code, 1 or 2
    table.to_csv(folder / RAW_FILE, index=False, lineterminator="\n")
    return f"{len(table)} rows, {table.shape[1]} columns of {params.source} in data/raw/{RAW_FILE}"
