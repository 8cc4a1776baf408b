"""Repeated sentences and near-duplicates."""

from dataclasses import replace

import pytest

from project_package.config import Params
from project_package.data.cleaning import words_of
from project_package.data.duplicates import drop_repeated_sentences, near_duplicate_groups
from project_package.data.schema import Schema
from project_package.data.splits import Split
from project_package.data.words import ANY_WORD

SENTENCE = "compute the mean of all numbers along the given axis of an array"


@pytest.fixture(scope="module")
def any_script(schema: Schema) -> Schema:
    return replace(schema, word=ANY_WORD, code=True)


def test_a_repeated_sentence_stays_in_one_text(any_script: Schema) -> None:
    shared = "This sentence is in both classes."
    texts = [f"Only here at first. {shared}", f"Only here at first. {shared} And this is new.", f"{shared} Short one."]
    kept = drop_repeated_sentences(texts, ["a", "a", "b"], any_script, min_words=4)
    assert kept == ["Only here at first.", "And this is new.", "Short one."]


@pytest.mark.parametrize(("threshold", "same"), [(0.5, True), (1.0, False)])
def test_near_duplicates_share_a_group(threshold: float, same: bool, any_script: Schema, params: Params) -> None:
    texts = [SENTENCE, SENTENCE.replace("mean", "median"), "draw a line between two points", SENTENCE.upper()]
    prepare = replace(params.prepare, shingle_size=3, similarity_threshold=threshold)
    groups = near_duplicate_groups(texts, any_script, prepare)
    assert groups[0] == groups[3] != groups[2]
    assert bool(groups[0] == groups[1]) is same


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.8])
def test_no_similar_pair_is_missed(threshold: float, splits: dict[str, Split], schema: Schema, params: Params) -> None:
    """Compare with the Jaccard similarity of all pairs."""
    beginnings = [words_of(text, schema)[:14] for text in splits["train"].features["text"].head(60)]
    texts = [" ".join(words[:size]) for words in beginnings for size in (len(words), 11, 8, 6)]
    sets = [shingles(text) for text in texts]
    groups = near_duplicate_groups(
        texts, schema, replace(params.prepare, shingle_size=2, similarity_threshold=threshold)
    )
    similar = [
        (row, other)
        for row, shingle_set in enumerate(sets)
        for other in range(row)
        if len(shingle_set & sets[other]) >= threshold * len(shingle_set | sets[other])
    ]
    assert similar
    assert all(groups[row] == groups[other] for row, other in similar)


def shingles(text: str) -> set[tuple[str, ...]]:
    words = text.split()
    return {tuple(words[start : start + 2]) for start in range(max(1, len(words) - 1))}
