"""The data that the project starts from: the digits that scikit-learn carries, written to `data/raw/`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .data import RAW_FILE, DataError
from .params import Fetch


def fetch_raw(folder: Path, params: Fetch) -> str:
    """Write the pictures that scikit-learn carries, as their makers published them; returns what was written.

    One line a picture: 64 counts, row by row, then the digit. Nothing is downloaded.

    Source: E. Alpaydin, C. Kaynak (1998), Optical recognition of handwritten digits, UCI Machine Learning Repository.
    """
    from sklearn.datasets import load_digits

    if params.source != "digits":
        raise DataError(f"fetch.source in params.yaml is {params.source!r}; known is 'digits'")
    bunch = load_digits()
    table = np.column_stack([bunch.data, bunch.target]).astype(int)
    folder.mkdir(parents=True, exist_ok=True)
    lines = (",".join(map(str, row)) + "\n" for row in table.tolist())
    (folder / RAW_FILE).write_text("".join(lines), encoding="utf-8", newline="\n")
    return f"{len(table)} pictures of {params.source} in data/raw/{RAW_FILE}"
