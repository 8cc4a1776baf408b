"""What is read of a text, broken data is refused in words, and splits share no text."""

import dataclasses
import re
from pathlib import Path

import pandas as pd
import pytest

from .package import Layout, data, mistakes, params


@pytest.fixture(scope="module")
def table(project: Layout, schema: data.Schema) -> pd.DataFrame:
    return data.validate(data.read_raw(project.raw, schema), schema)


@pytest.fixture(scope="module")
def small(table: pd.DataFrame, schema: data.Schema) -> pd.DataFrame:
    """Enough of each class to split, and quick."""
    parts = [rows.sample(min(len(rows), 90), random_state=0) for _, rows in table.groupby(schema.target_column)]
    return pd.concat(parts).reset_index(drop=True)


@pytest.fixture(scope="module")
def any_script(schema: data.Schema) -> data.Schema:
    """The project's schema, with every word read as it stands."""
    return dataclasses.replace(schema, word=data.ANY_WORD, code=True, names=(), names_in="")


def every(splits: dict[str, data.Split]) -> pd.DataFrame:
    return pd.concat([part.features.assign(label=part.target, part=name) for name, part in splits.items()])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Naïve Bayes, a CAFÉ's x", "naive bayes a cafe s x"),
        ("10 of 10 in 2D", "10 of 10 in 2d"),
        ("Как построить ёлку?", "как построить елку"),
        ("Größe, ﬁn", "große fin"),
        ("如何画", "如 何 画"),
        ("안녕하세요 세계", "안녕하세요 세계"),
        ("हिन्दी में", "हिन्दी में"),
        ("مرحبا؟ بكم", "مرحبا بكم"),
        ("snake_case 🙂 --- !?", "snake case"),
        ("", ""),
    ],
)
def test_words_of_any_script_are_folded(text: str, words: str, any_script: data.Schema) -> None:
    assert data.words_of(text, any_script) == words.split()


@pytest.mark.parametrize(
    "code", ["snake_case", "camelCase", "a.dotted.name", "call()", "x=3", r"\alpha", "`quoted it`", "https://a.b/c"]
)
def test_code_is_taken_out_where_it_is_no_matter_of_the_texts(code: str, schema: data.Schema) -> None:
    prose = dataclasses.replace(schema, code=False)
    assert data.words_of(data.plain(f"before {code} after", prose), prose) == ["before", "after"]
    assert data.plain(f"before {code} after", dataclasses.replace(schema, code=True)) == f"before {code} after"


def test_what_nobody_types_is_taken_out(any_script: data.Schema) -> None:
    assert data.plain("\x00one\x1b[31m\ttwo\x85\ud800 ", any_script) == "one [31m\ttwo"


@pytest.mark.parametrize(("value", "said"), [("no such class", "no such class"), (None, "is empty")])
def test_a_wrong_class_is_named_with_its_row(
    small: pd.DataFrame, schema: data.Schema, value: object, said: str
) -> None:
    broken = small.astype(object)
    broken.loc[0, schema.target_column] = value  # type: ignore[call-overload]  # any value, since it is to be refused
    with pytest.raises(data.DataError) as caught:
        data.validate(broken, schema)
    assert repr(schema.target_column) in str(caught.value)
    assert said in str(caught.value)
    assert "rows 0" in str(caught.value)


def test_columns_are_those_of_the_schema(small: pd.DataFrame, schema: data.Schema) -> None:
    with pytest.raises(data.DataError, match="is missing") as caught:
        data.validate(small.drop(columns=schema.text_column), schema)
    assert repr(schema.text_column) in str(caught.value)
    with pytest.raises(data.DataError, match=r"column 'moon_phase' is not in schema\.yaml"):
        data.validate(small.assign(moon_phase=1.0), schema)


def test_relabelled_and_missing_classes_are_noticed(small: pd.DataFrame, schema: data.Schema) -> None:
    column, gone = schema.target_column, schema.classes[0]
    with pytest.raises(data.DataError, match=r"of schema\.yaml has no text") as caught:
        data.validate(small[small[column] != gone], schema)
    assert repr(gone) in str(caught.value)
    with pytest.raises(data.DataError, match="holds classes that"):
        data.validate(small.assign(**{column: small[column] + "!"}), schema)


def test_a_typo_in_the_schema_is_an_error(project: Layout, tmp_path: Path) -> None:
    text = project.schema.read_text(encoding="utf-8").replace("label:", "lable:", 1)
    (tmp_path / "schema.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="lable"):
        data.load_schema(tmp_path / "schema.yaml")


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("questions: [{ask: Who, answer: nobody}]", "nobody, which is none of the classes"),
        ("extracts: false", "needs questions to start from"),
    ],
)
def test_entries_of_the_schema_fit_together(said: str, wrong: str, tmp_path: Path) -> None:
    head = "{source: s, licence: l, target: {name: a, label: A, choices: [x, y]}, text: {name: b, label: B}, "
    (tmp_path / "schema.yaml").write_text(f"{head}{said}}}", encoding="utf-8")
    with pytest.raises(mistakes.UserError, match=wrong):
        data.load_schema(tmp_path / "schema.yaml")


def test_a_name_is_one_that_is_listed_or_that_one_class_alone_uses(any_script: data.Schema) -> None:
    one, other = any_script.classes[:2]
    rows = [
        (one, "Quux Signal", "quux signal"),
        (other, "Signal", "signal"),
        (other, "Frobnicator", "a frobnicator and two frobnicators"),
    ]
    table = pd.DataFrame(rows, columns=[any_script.target_column, "names", "text"])
    named = dataclasses.replace(any_script, names=("Plömp",), names_in="names")
    assert data.names_of(table, table["text"], named) == ("frobnicator", "frobnicators", "plomp", "quux")


NAMES = frozenset({"pandas", "pd", "scikit-learn", "scikit learn", "muller"})


@pytest.mark.parametrize(
    "text", ["Pandas", "a pandas.", "(scikit-learn)", "use pd, now", "PANDAS-like", "Scikit Learn"]
)
def test_names_are_taken_out_word_by_word_as_by_the_one_pattern(text: str, any_script: data.Schema) -> None:
    quick = data.without_names(text, NAMES)
    assert quick == re.sub(data.names_pattern(NAMES), " ", text)
    assert not set(data.words_of(quick, any_script)) & NAMES


def test_names_are_found_with_accents_and_inside_words_they_stay() -> None:
    assert data.without_names("Müller spends", NAMES) == "  spends"
    assert data.without_names("expands updraft", NAMES) == "expands updraft"
    assert data.without_names("nothing to take out", frozenset()) == "nothing to take out"


def test_a_repeated_sentence_stands_in_one_text(any_script: data.Schema, turned: params.Params) -> None:
    shared = "This sentence is in both classes."
    texts = [f"Only here at first. {shared}", f"Only here at first. {shared} And this is new.", f"{shared} Short one."]
    strict = dataclasses.replace(turned.prepare, sentence_words=4)
    assert data.unique_sentences(texts, ["a", "a", "b"], any_script, strict) == [
        "Only here at first.",
        "And this is new.",
        "Short one.",
    ]


def test_near_duplicates_share_a_group(any_script: data.Schema, turned: params.Params) -> None:
    one = "compute the mean of all numbers along the given axis of an array"
    texts = [one, one.replace("mean", "median"), "draw a line between two points of the current picture", one.upper()]
    groups = data.near_duplicates(texts, any_script, turned.prepare)
    assert groups[0] == groups[1] == groups[3] != groups[2]
    strict = dataclasses.replace(turned.prepare, similarity=1.0)
    groups = data.near_duplicates(texts, any_script, strict)
    assert groups[0] == groups[3] != groups[1]


def test_near_duplicates_are_those_that_a_comparison_of_all_pairs_finds(
    splits: dict[str, data.Split], schema: data.Schema, turned: params.Params
) -> None:
    """Only texts with a rare shingle in common are compared; none may be missed by that."""
    words = [data.words_of(text, schema)[:14] for text in splits["train"].features["text"].head(60)]
    texts = [" ".join(one[:cut]) for one in words for cut in (len(one), 11, 8, 6)]
    sets = [{tuple(one.split()[at : at + 2]) for at in range(max(1, len(one.split()) - 1))} for one in texts]
    for similarity in (0.3, 0.5, 0.8):
        pairs = dataclasses.replace(turned.prepare, shingle_words=2, similarity=similarity)
        groups = data.near_duplicates(texts, schema, pairs)
        alike = 0
        for row, one in enumerate(sets):
            for other in range(row):
                if len(one & sets[other]) >= similarity * len(one | sets[other]):
                    alike += 1
                    assert groups[row] == groups[other], (texts[row], texts[other])
        assert alike


def test_empty_texts_and_near_duplicates_are_left_out(
    small: pd.DataFrame, schema: data.Schema, turned: params.Params
) -> None:
    # Else the sentences of the second copy are gone before the texts are compared.
    whole = dataclasses.replace(turned.prepare, sentence_words=0)
    before, _ = data.documents(small, schema, whole)
    longest = small.loc[[small[schema.text_column].str.len().idxmax()]]
    empty = small.head(2).copy()
    empty[schema.text_column] = [None, " \n"]
    after, _ = data.documents(pd.concat([small, longest, empty], ignore_index=True), schema, whole)
    assert after["text"].tolist() == before["text"].tolist()
    assert not before["text"].duplicated().any()


def test_a_class_of_which_too_little_is_left_is_named(
    small: pd.DataFrame, schema: data.Schema, turned: params.Params
) -> None:
    last = schema.classes[-1]
    poor = small.astype(object)
    poor.loc[poor[schema.target_column] == last, schema.text_column] = "one and the same text"
    with pytest.raises(data.DataError, match="too few texts remain of") as caught:
        data.split(poor, schema, turned.prepare)
    assert repr(last) in str(caught.value)


def test_shares_and_classes_are_those_of_the_parameters(splits: dict[str, data.Split], turned: params.Params) -> None:
    rows = every(splits)
    for share, part in ((turned.prepare.test_share, "test"), (turned.prepare.validation_share, "validation")):
        for _, group in rows.groupby("label"):
            size = (group["part"] == part).sum()
            assert size >= 1
            assert size == pytest.approx(share * len(group), abs=max(1, 0.02 * len(group)))


def test_a_group_stands_in_one_split_even_with_several_classes(turned: params.Params) -> None:
    rows = pd.DataFrame({"label": ["a", "b"] * 60, "group": [f"thread {at // 4}" for at in range(120)]})
    part_of = data.assign_groups(rows, turned.prepare)
    assert set(part_of) == set(rows["group"])
    assert set(part_of.values()) == set(data.SPLITS)


def test_of_a_small_class_each_split_has_one(turned: params.Params) -> None:
    rows = pd.DataFrame({"label": ["a"] * 50 + ["b"] * 3, "group": [str(at) for at in range(53)]})
    part_of = data.assign_groups(rows, turned.prepare)
    assert {part_of[str(at)] for at in (50, 51, 52)} == set(data.SPLITS)


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
    both = dataclasses.replace(turned.evaluate, slices=[schema.target.name, "length"])
    slices = data.slices_of(splits, schema, both)
    assert list(slices) == [schema.target.label, "Length"]
    for labels in slices.values():
        assert len(labels) == len(splits["test"].target)
        assert labels.notna().all()
    assert list(slices[schema.target.label].categories) == list(schema.classes)
    assert len(set(slices["Length"])) == 3


def test_an_unknown_slice_is_an_error_with_the_known_ones(
    splits: dict[str, data.Split], schema: data.Schema, turned: params.Params
) -> None:
    with pytest.raises(ValueError, match=f"names moon; known are {schema.target.name}, length"):
        data.slices_of(splits, schema, dataclasses.replace(turned.evaluate, slices=["moon"]))
