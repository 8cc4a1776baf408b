"""The data that the project starts from."""

import dataclasses
import json
from importlib import import_module
from pathlib import Path

import pytest

from .package import Layout, data, params

source = import_module(f"{data.__package__}.source")

SOURCE = '''
"""About lines."""
def fit(x):
    """Fit a line."""
    def inner(): """Nobody sees this."""
def _hidden(): """Nor this."""
class Line:
    """A line."""
    def slope(self): """How steep."""
    def _secret(self): """Nor that."""
class _Private:
    """Hidden."""
    def method(self): """Hidden as well."""
add_newdoc("pkg", "sine", """The sine of an angle.""")
add_newdoc("_gone", """Hidden, too.""")
add_newdoc("pkg", "blank", """   """)
'''


@pytest.fixture(scope="module")
def fetched(turned: params.Params) -> params.Fetch:
    assert turned.fetch is not None
    return turned.fetch


def test_only_what_is_public_is_read() -> None:
    assert dict(source.docstrings(SOURCE)) == {
        "": "About lines.",
        "fit": "Fit a line.",
        "Line": "A line.",
        "Line.slope": "How steep.",
        "pkg": "The sine of an angle.",
    }


def test_fetched_libraries_are_those_of_the_schema(fetched: params.Fetch) -> None:
    assert sorted(fetched.libraries) == list(data.load_schema(Layout().schema).classes)


def test_the_same_libraries_give_the_same_bytes(fetched: params.Fetch, tmp_path: Path) -> None:
    one = dataclasses.replace(fetched, libraries=["networkx"])
    written = []
    for name in ("once", "again"):
        (tmp_path / name).mkdir()
        assert "networkx" in source.fetch_raw(tmp_path / name, one)
        written.append((tmp_path / name / data.RAW_FILE).read_bytes())
    assert written[0] == written[1]
    assert json.loads(written[0].splitlines()[0])["library"] == "networkx"


def test_a_library_that_is_not_installed_is_named(fetched: params.Fetch, tmp_path: Path) -> None:
    with pytest.raises(data.DataError, match="'no-such-library', which is not installed"):
        source.fetch_raw(tmp_path, dataclasses.replace(fetched, libraries=["no-such-library"]))
