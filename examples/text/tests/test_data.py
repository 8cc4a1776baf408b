"""Docstrings become prose without code or names, broken data is refused in words, and splits share no module."""

import dataclasses
import re
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pytest

from .package import Layout, data, params

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


@pytest.fixture(scope="module")
def table(project: Layout, schema: data.Schema) -> pd.DataFrame:
    return data.validate(data.read_raw(project.raw, schema), schema)


@pytest.fixture(scope="module")
def small(table: pd.DataFrame) -> pd.DataFrame:
    """A tenth of the modules: enough to split, and quick."""
    modules = pd.Series(table["module"].unique()).sample(frac=0.1, random_state=0)
    return table[table["module"].isin(modules)].reset_index(drop=True)


def every(splits: dict[str, data.Split]) -> pd.DataFrame:
    return pd.concat([part.features.assign(library=part.target, part=name) for name, part in splits.items()])


def test_prose_is_what_the_docstring_says_in_words() -> None:
    words = data.words_of(data.prose(DOCSTRING))
    assert " ".join(words) == (
        "fit line to points the slope of the line minimises the squared error see and where the points are in metres"
    )


@pytest.mark.parametrize(
    "code", ["snake_case", "camelCase", "a.dotted.name", "call()", "x=3", r"\alpha", "`quoted it`"]
)
def test_code_is_no_prose(code: str) -> None:
    assert data.words_of(data.prose(f"before {code} after")) == ["before", "after"]


def test_words_are_folded() -> None:
    assert data.words_of("Naïve Bayes in 2D, a CAFÉ's x") == ["naive", "bayes", "in", "cafe"]


def test_raw_data_states_the_installed_versions(table: pd.DataFrame, schema: data.Schema) -> None:
    stated = table.groupby("library")["version"].unique().map(list).to_dict()
    assert stated == {name: [version(name)] for name in schema.classes}


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [("library", "fortran", "fortran"), ("docstring", "  \n", "docstring"), ("module", None, "not_nullable")],
)
def test_a_wrong_value_is_named_with_its_row(
    small: pd.DataFrame, schema: data.Schema, column: str, value: object, said: str
) -> None:
    broken = small.astype(object)
    broken.loc[0, column] = value  # type: ignore[call-overload]  # any value, since it is to be refused
    with pytest.raises(data.DataError) as caught:
        data.validate(broken, schema)
    assert column in str(caught.value)
    assert said in str(caught.value)
    assert "rows 0" in str(caught.value)


def test_columns_are_those_of_the_raw_data(small: pd.DataFrame, schema: data.Schema) -> None:
    with pytest.raises(data.DataError, match="column 'docstring' is missing"):
        data.validate(small.drop(columns="docstring"), schema)
    with pytest.raises(data.DataError, match=r"column 'moon_phase' is not in schema\.yaml"):
        data.validate(small.assign(moon_phase=1.0), schema)


def test_relabelled_and_missing_libraries_are_noticed(small: pd.DataFrame, schema: data.Schema) -> None:
    with pytest.raises(data.DataError, match=r"library 'scipy' of schema\.yaml has no docstring"):
        data.validate(small[small["library"] != "scipy"], schema)
    with pytest.raises(data.DataError, match="MATPLOTLIB"):
        data.validate(small.assign(library=small["library"].str.upper()), schema)


def test_a_typo_in_the_schema_is_an_error(project: Layout, tmp_path: Path) -> None:
    text = project.schema.read_text(encoding="utf-8").replace("label:", "lable:", 1)
    (tmp_path / "schema.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="lable"):
        data.load_schema(tmp_path / "schema.yaml")


def test_a_name_is_a_word_that_names_and_that_no_other_library_uses(schema: data.Schema) -> None:
    rows = [
        ("scipy", "scipy.quux", "f", "quux signal"),
        ("pandas", "pandas.signal", "g", "signal"),
        ("pandas", "pandas.core", "Frobnicator", "a frobnicator and two frobnicators"),
    ]
    table = pd.DataFrame(rows, columns=["library", "module", "name", "docstring"])
    names = data.own_names(table, table["docstring"], schema)
    assert {"quux", "frobnicator", "frobnicators", "pandas", "pd", "sklearn", "plt"} <= set(names)
    assert "signal" not in names, "others use the word, too"
    assert "two" not in names, "it names nothing"


@pytest.mark.parametrize("text", ["Pandas", "a pandas.", "(scikit-learn)", "use pd, plt", "SciPy's", "PANDAS-like"])
def test_names_are_taken_out_word_by_word_as_by_the_one_pattern(text: str, schema: data.Schema) -> None:
    names = frozenset(name for library in schema.libraries for name in library.names)
    quick = data.without_names(text, names)
    assert quick == re.sub(data.names_pattern(names), " ", text)
    assert not set(data.words_of(quick)) & names


def test_names_inside_words_stay(schema: data.Schema) -> None:
    names = frozenset(name for library in schema.libraries for name in library.names)
    assert data.without_names("spin expands", names) == "spin expands"


def test_a_repeated_sentence_stands_in_one_document(turned: params.Params) -> None:
    shared = "This sentence is in both libraries."
    texts = [f"Only here at first. {shared}", f"Only here at first. {shared} And this is new.", f"{shared} Short one."]
    libraries = ["scipy", "scipy", "pandas"]
    assert data.unique_sentences(texts, libraries, turned.prepare) == [
        "Only here at first.",
        "And this is new.",
        "Short one.",
    ]


def test_near_duplicates_share_a_group(turned: params.Params) -> None:
    one = "compute the mean of all numbers along the given axis of an array"
    texts = [one, one.replace("mean", "median"), "draw a line between two points of the current picture", one.upper()]
    groups = data.near_duplicates(texts, turned.prepare)
    assert groups[0] == groups[1] == groups[3] != groups[2]


def test_shares_and_classes_are_those_of_the_parameters(splits: dict[str, data.Split], turned: params.Params) -> None:
    rows = every(splits)
    for share, part in ((turned.prepare.test_share, "test"), (turned.prepare.validation_share, "validation")):
        assert (rows["part"] == part).mean() == pytest.approx(share, abs=0.01)
        for _, group in rows.groupby("library"):
            assert (group["part"] == part).mean() == pytest.approx(share, abs=0.02)


def test_same_seed_same_split(small: pd.DataFrame, schema: data.Schema, turned: params.Params) -> None:
    once, again = (data.split(small, schema, turned.prepare)["test"] for _ in range(2))
    other = data.split(small, schema, dataclasses.replace(turned.prepare, seed=turned.prepare.seed + 1))["test"]
    assert once.features.equals(again.features)
    assert set(once.features["text"]) != set(other.features["text"])


def test_splits_survive_the_disk(splits: dict[str, data.Split], schema: data.Schema, tmp_path: Path) -> None:
    data.write_splits(splits, tmp_path)
    for name, part in data.read_splits(tmp_path, schema).items():
        pd.testing.assert_frame_equal(part.features, splits[name].features)
        pd.testing.assert_series_equal(part.target, splits[name].target)
        assert part.names == splits[name].names


def test_slices_cover_every_row_once(splits: dict[str, data.Split], schema: data.Schema, turned: params.Params) -> None:
    slices = data.slices_of(splits, schema, turned.evaluate)
    assert list(slices) == ["Library", "Length"]
    for labels in slices.values():
        assert len(labels) == len(splits["test"].target)
        assert labels.notna().all()
    assert list(slices["Library"].categories) == list(schema.classes)
    assert len(set(slices["Length"])) == 3


def test_an_unknown_slice_is_an_error_with_the_known_ones(
    splits: dict[str, data.Split], schema: data.Schema, turned: params.Params
) -> None:
    with pytest.raises(ValueError, match="names moon; known are library, length"):
        data.slices_of(splits, schema, dataclasses.replace(turned.evaluate, slices=["moon"]))
