"""Cleaned documents, splits and slices."""

import itertools
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from which_library.config import Params
from which_library.data.documents import build_documents
from which_library.data.loading import read_raw
from which_library.data.params import Prepare
from which_library.data.schema import Schema
from which_library.data.splits import SPLITS, Split, assign_groups, read_splits, split, write_splits
from which_library.errors import DataError, UserError
from which_library.evaluation.slices import slice_labels
from which_library.paths import ProjectPaths

Splits = dict[str, Split]


@pytest.fixture(scope="module")
def prepare(params: Params) -> Prepare:
    return params.prepare


@pytest.fixture(scope="module")
def table(project: ProjectPaths, schema: Schema) -> pd.DataFrame:
    """At most 90 texts per class."""
    raw = read_raw(project.raw, schema)
    samples = [rows.sample(min(len(rows), 90), random_state=0) for _, rows in raw.groupby(schema.target_column)]
    return pd.concat(samples).reset_index(drop=True)


def test_empty_texts_and_near_duplicates_are_left_out(table: pd.DataFrame, schema: Schema, prepare: Prepare) -> None:
    may_repeat = replace(prepare, min_sentence_words=0)
    expected, _ = build_documents(table, schema, may_repeat)
    longest = table.loc[[table[schema.text_column].str.len().idxmax()]]
    empty = table.head(2).copy()
    empty[schema.text_column] = [None, " \n"]
    documents, _ = build_documents(pd.concat([table, longest, empty], ignore_index=True), schema, may_repeat)
    assert documents["text"].tolist() == expected["text"].tolist()
    assert not documents["text"].duplicated().any()


def test_a_class_with_too_few_texts_is_reported(table: pd.DataFrame, schema: Schema, prepare: Prepare) -> None:
    last = schema.classes[-1]
    broken = table.astype(object)
    broken.loc[broken[schema.target_column] == last, schema.text_column] = "one and the same text"
    with pytest.raises(DataError, match=f"too few texts remain of '{re.escape(last)}'"):
        split(broken, schema, prepare)


def test_a_class_without_training_texts_is_reported(schema: Schema, prepare: Prepare) -> None:
    """The texts of a are in three groups, one per split; all texts of b, c and d are in one of these groups."""
    words = ["".join(letters) for letters in itertools.product("abcdefgh", repeat=3)]
    table = pd.DataFrame({"text": [" ".join(words[12 * row : 12 * row + 12]) for row in range(12)]})
    table["label"] = [*"aaa", *"bbb", *"ccc", *"ddd"]
    table["thread"] = [*"xyz", *"xxx", *"yyy", *"zzz"]
    target = replace(schema.target, name="label", column="", choices=tuple("abcd"))
    text = replace(schema.text, name="text", column="")
    grouped = replace(schema, target=target, text=text, group="thread", version="", names=(), names_in="", questions=())
    with pytest.raises(DataError, match="the groups of 'thread' are too large"):
        split(table, grouped, prepare)


def test_splits_have_the_configured_shares(splits: Splits, schema: Schema, prepare: Prepare) -> None:
    for label in schema.classes:
        sizes = {name: int((part.target == label).sum()) for name, part in splits.items()}
        for name, share in (("test", prepare.test_share), ("validation", prepare.validation_share)):
            total = sum(sizes.values())
            assert sizes[name] >= 1
            assert sizes[name] == pytest.approx(share * total, abs=max(1, 0.02 * total))


def test_a_group_with_several_classes_is_in_one_split(prepare: Prepare) -> None:
    documents = pd.DataFrame({"label": ["a", "b"] * 60, "group": [f"thread {row // 4}" for row in range(120)]})
    assigned = assign_groups(documents, prepare)
    assert set(assigned) == set(documents["group"])
    assert set(assigned.values()) == set(SPLITS)


def test_each_split_has_a_text_of_a_small_class(prepare: Prepare) -> None:
    documents = pd.DataFrame({"label": ["a"] * 50 + ["b"] * 3, "group": [str(row) for row in range(53)]})
    assigned = assign_groups(documents, prepare)
    assert {assigned[group] for group in ("50", "51", "52")} == set(SPLITS)


def test_the_seed_decides_the_split(table: pd.DataFrame, schema: Schema, prepare: Prepare) -> None:
    first, again = (split(table, schema, prepare)["test"] for _ in range(2))
    other = split(table, schema, replace(prepare, seed=prepare.seed + 1))["test"]
    assert first.features.equals(again.features)
    assert set(first.features["text"]) != set(other.features["text"])


def test_splits_are_read_as_written(splits: Splits, schema: Schema, tmp_path: Path) -> None:
    write_splits(splits, tmp_path)
    for name, part in read_splits(tmp_path, schema).items():
        pd.testing.assert_frame_equal(part.features, splits[name].features)
        pd.testing.assert_series_equal(part.target, splits[name].target)
        assert part.names == splits[name].names


def test_groups_are_numbered(splits: Splits) -> None:
    for part in splits.values():
        assert len(set(part.groups)) == part.features["group"].nunique()


def test_each_text_is_in_one_slice(splits: Splits, schema: Schema) -> None:
    slices = slice_labels(splits, schema, [schema.target.name, "length"])
    assert list(slices) == [schema.target.label, "Length"]
    assert all(len(labels) == len(splits["test"].target) and labels.notna().all() for labels in slices.values())
    assert list(slices[schema.target.label].categories) == list(schema.classes)
    assert len(set(slices["Length"])) == 3


def test_an_unknown_slice_is_reported(splits: Splits, schema: Schema) -> None:
    with pytest.raises(UserError, match=f"evaluate.slices has moon; available: {schema.target.name}, length"):
        slice_labels(splits, schema, ["moon"])
