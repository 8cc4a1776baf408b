"""The data that the project starts from."""

from importlib import import_module

import pytest

from .package import data, mistakes

source = import_module(f"{data.__package__}.source")


def test_an_unknown_source_is_an_error_with_the_known_ones() -> None:
    with pytest.raises(mistakes.UserError, match="known are 'breast_cancer' and 'diabetes'"):
        source.load_source("iris")
