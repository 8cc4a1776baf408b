"""The bundled data is written to data/raw/."""

from pathlib import Path

import pandas as pd
import pytest

from second_look.config import check
from second_look.data.source import RAW_FILE, Fetch, write_raw
from second_look.errors import UserError


def test_the_breast_cancer_table_is_written(tmp_path: Path) -> None:
    assert write_raw(tmp_path, Fetch("breast_cancer")).startswith("569 rows, 31 columns")
    assert set(pd.read_csv(tmp_path / RAW_FILE)["diagnosis"]) == {"benign", "malignant"}


def test_an_unknown_source_is_an_error() -> None:
    with pytest.raises(UserError, match=r"fetch\.source should be 'breast_cancer', not \"iris\""):
        check({"source": "iris"}, Fetch, "params.yaml", "fetch")
