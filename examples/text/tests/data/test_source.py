"""The bundled docstrings, and what a model must not learn from them."""

import itertools
import json
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pytest

from which_library.config import Params, check, load_params
from which_library.data.cleaning import clean_text, normalize, words_of
from which_library.data.loading import read_raw
from which_library.data.schema import Schema, load_schema
from which_library.data.source import RAW_FILE, Fetch, extract_docstrings, prose, public_names, write_raw
from which_library.data.splits import Split
from which_library.errors import UserError
from which_library.models.tokenizer import word_tokenizer
from which_library.paths import ProjectPaths
from which_library.serving.predictor import InvalidInputError, Predictor

Splits = dict[str, Split]

SOURCE = '''
"""About lines."""
def fit(x):
    """Fit a line."""
    def inner(): """Not public."""
def _hidden(): """Not public."""
class Line:
    """A line."""
    def slope(self): """How steep."""
    def _secret(self): """Not public."""
class _Private:
    """Not public."""
    def method(self): """Not public."""
add_newdoc("pkg", "sine", """The sine of an angle.""")
add_newdoc("_private", """Not public.""")
add_newdoc("pkg", "blank", """   """)
'''

DOCSTRING = """Fit a line to points.

The slope of the line minimizes the squared error, see :func:`~pkg.other` and `Line.slope`.

.. versionadded:: 1.2
   With a note that goes on.

Parameters
----------
x : array_like of shape (n,), optional
    Where the points are, in meters.

Examples
--------
>>> import pkg
>>> pkg.fit_line(3)
9

See Also
--------
other : Something else.
"""


@pytest.fixture(scope="module")
def fetch() -> Fetch:
    return check(load_params(ProjectPaths().params).fetch, Fetch, "params.yaml", "fetch")


def test_public_docstrings_are_extracted() -> None:
    assert dict(extract_docstrings(SOURCE)) == {
        "": "About lines.",
        "fit": "Fit a line.",
        "Line": "A line.",
        "Line.slope": "How steep.",
        "pkg": "The sine of an angle.",
    }


def test_libraries_are_the_classes_of_the_schema(fetch: Fetch) -> None:
    assert sorted(fetch.libraries) == list(load_schema(ProjectPaths().schema).classes)


def test_fetching_twice_writes_the_same_file(fetch: Fetch, tmp_path: Path) -> None:
    files = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        assert "networkx" in write_raw(tmp_path / name, replace(fetch, libraries=["networkx"]))
        files.append((tmp_path / name / RAW_FILE).read_bytes())
    assert files[0] == files[1]
    assert json.loads(files[0].splitlines()[0])["library"] == "networkx"


def test_a_missing_library_is_reported(fetch: Fetch, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'no-such-library', which is not installed"):
        write_raw(tmp_path, replace(fetch, libraries=["no-such-library"]))


def test_prose_has_no_markup_code_and_lists(schema: Schema) -> None:
    assert " ".join(words_of(clean_text(prose(DOCSTRING), schema), schema)) == (
        "fit line to points the slope of the line minimizes the squared error see and where the points are in meters"
    )


@pytest.mark.parametrize(
    ("module", "name", "names"),
    [
        ("pkg.sub", "fit_line", ["pkg", "sub"]),
        ("pkg._hidden", "Line.slope", ["pkg", "Line"]),
        ("pkg", "Line._Inner", ["pkg", "Line"]),
        ("pkg", "", ["pkg"]),
    ],
)
def test_names_are_those_of_modules_and_classes(module: str, name: str, names: list[str]) -> None:
    assert public_names(module, name) == names


def test_raw_data_has_the_installed_versions(project: ProjectPaths, schema: Schema) -> None:
    table = read_raw(project.raw, schema)
    versions = table.groupby("library")["version"].unique().map(list).to_dict()
    assert versions == {name: [version(name)] for name in schema.classes}


# Leaks


def test_no_module_is_in_two_splits(splits: Splits) -> None:
    modules = [set(part.features["group"]) for part in splits.values()]
    assert min(map(len, modules)) > 50
    assert all(not first & second for first, second in itertools.combinations(modules, 2))


def test_no_long_sentence_is_in_two_texts(splits: Splits, schema: Schema, params: Params) -> None:
    texts = pd.concat([part.features["text"] for part in splits.values()])
    sentences = texts.str.split(r"(?<=[.!?:])\s+", regex=True).explode().map(lambda text: words_of(text, schema))
    long = sentences[sentences.map(len) >= params.prepare.min_sentence_words].map(" ".join)
    assert len(long) == long.nunique() > 1000


def test_no_word_is_the_name_of_one_library(project: ProjectPaths, splits: Splits, schema: Schema) -> None:
    """Compare the public names in the raw data with the words of the cleaned texts."""
    raw = read_raw(project.raw, schema)
    public = {normalize(name) for name in " ".join(raw["names"]).split()}
    texts = raw["text"].map(lambda text: words_of(clean_text(text, schema), schema))
    libraries = texts.explode().to_frame().assign(library=raw["library"]).groupby("text")["library"].nunique()
    used = {word for part in splits.values() for text in part.features["text"] for word in words_of(text, schema)}
    assert not used & public & set(libraries.index[libraries == 1])
    names = set(splits["train"].names)
    assert {"pandas", "pd", "plt", "sklearn", "matplotlib", "scipy", "networkx", "nx", "dataframe"} <= names
    assert not {"graph", "figure", "tree"} & names, "words of the field"


def test_no_code_is_in_a_text(splits: Splits) -> None:
    for part in splits.values():
        assert not part.features["text"].str.contains(r"`|>>>|[a-z]_[a-z]|[a-z][A-Z]|\w\(|https?:").any()


# The questions of schema.yaml


def test_questions_are_classified(predictor: Predictor, schema: Schema) -> None:
    correct = [predictor.predict(question.ask).label == question.answer for question in schema.questions]
    assert sum(correct) >= len(correct) - 1, "one may be wrong"


def test_library_names_do_not_change_the_prediction(predictor: Predictor, schema: Schema) -> None:
    for question, library in itertools.product(schema.questions, schema.classes):
        without, with_name = predictor.predict_proba([question.ask, f"{library}: {question.ask}"])
        np.testing.assert_allclose(with_name, without, atol=1e-6)


@pytest.mark.parametrize("text", ["pandas", "np.linalg.eig(matrix)", "`quoted`", "Как построить график функции?"])
def test_names_and_code_alone_are_rejected(predictor: Predictor, text: str) -> None:
    with pytest.raises(InvalidInputError, match="without library names and code"):
        predictor.predict(text)


@pytest.mark.parametrize(
    "text", ["Plot pandas data", "plot `any code` data", "plot df.to_csv() data", "PLOT\tDATA!", "plót Bézier data"]
)
def test_the_tokenizer_removes_names_and_code(text: str, splits: Splits, schema: Schema) -> None:
    tokenizer = word_tokenizer(splits["train"], schema, min_df=1)
    assert tokenizer.encode(text).tokens == ["[CLS]", "plot", "data"]


def test_the_decisive_word_has_the_largest_contribution(predictor: Predictor) -> None:
    explanation = predictor.explain("Is there a way to count the nodes of it?")
    strongest = max(explanation.pieces, key=lambda piece: piece.contribution or 0)
    assert explanation.label == "networkx"
    assert strongest.text == "nodes"


def test_the_page_shows_the_versions(address: str, predictor: Predictor) -> None:
    page = httpx.get(f"{address}/config").text
    assert predictor.champion.record["versions"] == {library: version(library) for library in predictor.classes}
    assert all(f"{library} {version(library)}" in page for library in predictor.classes)
