"""The data that the project starts from: one of the tables that scikit-learn carries, written to `data/raw/`."""

from pathlib import Path

import pandas as pd
from sklearn.datasets import load_breast_cancer, load_diabetes

from .mistakes import UserError
from .params import Fetch

RAW_FILE = "table.csv"


def load_source(name: str) -> pd.DataFrame:
    """One of the data sets that scikit-learn carries, as a table; nothing is downloaded.

    Sources: W. Street, W. Wolberg, O. Mangasarian (1993), breast cancer Wisconsin (diagnostic);
    B. Efron, T. Hastie, I. Johnstone, R. Tibshirani (2004), the diabetes data of "Least angle regression".
    """
    if name == "breast_cancer":
        bunch = load_breast_cancer(as_frame=True)
        target = bunch.target.map(dict(enumerate(bunch.target_names))).rename("diagnosis")
    elif name == "diabetes":
        bunch = load_diabetes(as_frame=True, scaled=False)
        bunch.data = bunch.data.astype({"sex": int})  # a code, 1 or 2; scikit-learn has it as 1.0 or 2.0
        target = bunch.target.rename("progression")
    else:
        raise UserError(f"params.yaml: fetch.source is {name!r}; known are 'breast_cancer' and 'diabetes'")
    table: pd.DataFrame = pd.concat([bunch.data, target], axis="columns")
    return table.rename(columns=lambda column: column.replace(" ", "_"))


def fetch_raw(folder: Path, params: Fetch) -> str:
    """Write the raw table; returns what was written, in words."""
    table = load_source(params.source)
    table.to_csv(folder / RAW_FILE, index=False, lineterminator="\n")
    return f"{len(table)} rows, {table.shape[1]} columns of {params.source} in data/raw/{RAW_FILE}"
