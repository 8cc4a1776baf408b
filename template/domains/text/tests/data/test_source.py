"""The data that the project starts from."""

import dataclasses
import itertools
import json
from collections import defaultdict
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pytest
from tokenizers import Tokenizer

from .package import Layout, data, mistakes, models, params, serving

source = import_module(f"{data.__package__}.source")

Splits = dict[str, data.Split]

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
    with pytest.raises(mistakes.UserError, match="'no-such-library', which is not installed"):
        source.fetch_raw(tmp_path, dataclasses.replace(fetched, libraries=["no-such-library"]))


DOCSTRING = """Fit a line to points.

The slope of the line minimises the squared error, see :func:`~pkg.other` and `Line.slope`.

.. versionadded:: 1.2
   With a note that goes on.

Parameters
----------
x : array_like of shape (n,), optional
    Where the points are, in metres.

Examples
--------
>>> import pkg
>>> pkg.fit_line(3)
9

See Also
--------
other : Something else.
"""


def test_prose_is_what_the_docstring_says_in_words(schema: data.Schema) -> None:
    words = data.words_of(data.plain(source.prose(DOCSTRING), schema), schema)
    assert " ".join(words) == (
        "fit line to points the slope of the line minimises the squared error see and where the points are in metres"
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
def test_the_names_of_a_docstring_are_those_of_its_modules_and_classes(
    module: str, name: str, names: list[str]
) -> None:
    assert source.public_names(module, name) == names


def test_raw_data_states_the_installed_versions(project: Layout, schema: data.Schema) -> None:
    table = data.read_raw(project.raw, schema)
    stated = table.groupby("library")["version"].unique().map(list).to_dict()
    assert stated == {name: [version(name)] for name in schema.classes}


# What a model could cheat with


def test_no_module_is_in_two_splits(project: Layout, splits: Splits, schema: data.Schema) -> None:
    modules = data.read_raw(project.raw, schema)["module"]
    parts = {name: set(part.features["group"]) for name, part in splits.items()}
    assert set.union(*parts.values()) <= set(modules)
    assert min(map(len, parts.values())) > 50
    for one, other in itertools.combinations(parts.values(), 2):
        assert not one & other


def test_no_sentence_is_in_two_texts(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    texts = pd.concat([part.features["text"] for part in splits.values()])
    every = texts.str.split(r"(?<=[.!?:])\s+", regex=True).explode()
    sentences = every.map(lambda sentence: data.words_of(sentence, schema))
    longer = sentences[sentences.map(len) >= turned.prepare.sentence_words].map(" ".join)
    assert longer.index.size == longer.nunique() > 1000


def test_the_libraries_own_names_are_taken_out(splits: Splits) -> None:
    names = set(splits["train"].names)
    assert {"pandas", "pd", "plt", "sklearn", "matplotlib", "scipy", "networkx", "nx", "dataframe"} <= names
    assert not {"graph", "figure", "tree"} & names, "these are words of the field"


def test_no_word_that_one_library_alone_uses_names_a_part_of_it(
    project: Layout, splits: Splits, schema: data.Schema
) -> None:
    """Whatever the lists say: the public names of the raw data, against the words of the texts."""
    raw = data.read_raw(project.raw, schema)
    public = {data.folded(name) for cell in raw["names"] for name in cell.split()}
    users: dict[str, set[str]] = defaultdict(set)
    for library, text in zip(raw["library"], raw["text"], strict=True):
        for word in set(data.words_of(data.plain(text, schema), schema)):
            users[word].add(library)
    texts = [text for part in splits.values() for text in part.features["text"]]
    used = {word for text in texts for word in data.words_of(text, schema)}
    assert {word for word in used & public if len(users[word]) == 1} == set()


def test_no_code_is_in_a_text(splits: Splits) -> None:
    for part in splits.values():
        assert not part.features["text"].str.contains(r"`|>>>|[a-z]_[a-z]|[a-z][A-Z]|\w\(|https?:").any()


# What the questions of schema.yaml show


def test_questions_in_everyday_words_find_their_library(predictor: serving.Predictor, schema: data.Schema) -> None:
    right = [predictor.predict(one.ask).label == one.answer for one in schema.questions]
    assert sum(right) >= len(right) - 1, "one may be hard; more are a sign of labels in the wrong order"


def test_names_do_not_matter(predictor: serving.Predictor, schema: data.Schema) -> None:
    """The model may not be told the answer."""
    for question, library in itertools.product(schema.questions, schema.classes):
        plain, told = predictor.scores([question.ask, f"{library}: {question.ask}"])
        np.testing.assert_allclose(told, plain, atol=1e-6)


@pytest.mark.parametrize("word", ["pandas", "np.linalg.eig(matrix)", "`quoted`", "Как построить график функции?"])
def test_names_and_code_alone_are_no_question(predictor: serving.Predictor, word: str) -> None:
    with pytest.raises(serving.InvalidInputError, match="without names of libraries and without code"):
        predictor.predict(word)


@pytest.fixture(scope="module")
def tokenizer(splits: Splits, schema: data.Schema) -> Tokenizer:
    """One that knows every word of the training texts."""
    return models.train_words(splits["train"], schema, least_documents=1)


@pytest.mark.parametrize(
    "question", ["Plot pandas data", "plot `any code` data", "plot df.to_csv() data", "PLOT\tDATA!", "plót Bézier data"]
)
def test_names_and_code_are_taken_out_of_a_question(tokenizer: Tokenizer, question: str) -> None:
    assert tokenizer.encode(question).tokens == ["[CLS]", "plot", "data"]


def test_the_word_that_decides_is_the_strongest(predictor: serving.Predictor) -> None:
    explanation = predictor.explain("Is there a way to count the nodes of it?")
    strongest = max(explanation.pieces, key=lambda piece: piece.shift or 0)
    assert explanation.label == "networkx"
    assert strongest.text == "nodes"


def test_the_page_names_the_versions_it_learnt_from(address: str, predictor: serving.Predictor) -> None:
    page = httpx.get(f"{address}/config").text
    versions = predictor.champion.record["versions"]
    assert set(versions) == set(predictor.classes)
    for library, number in versions.items():
        assert number == version(library)
        assert f"{library} {number}" in page
