"""The bundled data is written to data/raw/."""

from pathlib import Path

import pandas as pd
import pytest

from project_package.config import check
from project_package.data.source import RAW_FILE, Fetch, write_raw
from project_package.errors import UserError


def test_the_diabetes_table_is_written(tmp_path: Path) -> None:
    assert write_raw(tmp_path, Fetch("diabetes")).startswith("442 rows, 11 columns")
    assert pd.read_csv(tmp_path / RAW_FILE)["progression"].between(25, 346).all()


def test_an_unknown_source_is_an_error() -> None:
    with pytest.raises(UserError, match=r"fetch\.source should be 'diabetes', not \"iris\""):
        check({"source": "iris"}, Fetch, "params.yaml", "fetch")
