"""The data that the project starts from."""

from importlib import import_module
from pathlib import Path

import pytest

from .package import data, mistakes, params

source = import_module(f"{data.__package__}.source")


def test_an_unknown_source_is_an_error_with_the_known_one(tmp_path: Path) -> None:
    with pytest.raises(mistakes.UserError, match="'faces'; known is 'digits'"):
        source.fetch_raw(tmp_path, params.Fetch(source="faces"))
