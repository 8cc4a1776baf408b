"""The data that the project starts from: Breast Cancer Wisconsin (Diagnostic), included in scikit-learn.

Source: W. Street, W. Wolberg, O. Mangasarian (1993).
"""

from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic.dataclasses import dataclass
from sklearn.datasets import load_breast_cancer

from ..config import STRICT

RAW_FILE = "table.csv"


@dataclass(frozen=True, config=STRICT)
class Fetch:
    """The data set to write to `data/raw/`."""

    source: Literal["breast_cancer"]


def write_raw(folder: Path, params: Fetch) -> str:
    """Write the raw table and return a summary."""
    bunch = load_breast_cancer(as_frame=True)
    target = bunch.target.map(dict(enumerate(bunch.target_names))).rename("diagnosis")
    table = pd.concat([bunch.data, target], axis="columns").rename(columns=lambda name: name.replace(" ", "_"))
    table.to_csv(folder / RAW_FILE, index=False, lineterminator="\n")
    return f"{len(table)} rows, {table.shape[1]} columns of {params.source} in data/raw/{RAW_FILE}"
