"""Bugs that raise no error: leaks, wrong labels, another model than the trained one."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import f1_score

from project_package.config import Params
from project_package.data.cleaning import normalize, words_of
from project_package.data.schema import Schema
from project_package.data.splits import SPLITS, Split, encode_target
from project_package.evaluation.metrics import METRICS
from project_package.models import tfidf
from project_package.models.base import TrainingContext, fit_model, hyperparameters
from project_package.serving.predictor import Predictor

Splits = dict[str, Split]


@pytest.fixture(scope="module")
def small(params: Params) -> tfidf.Params:
    """The hyperparameters of the small project."""
    loaded: tfidf.Params = hyperparameters("tfidf", params.train)
    return loaded


def macro_f1(train: Split, test: Split, schema: Schema, params: tfidf.Params) -> float:
    predicted = tfidf.fit(train, schema, params, TrainingContext(0)).predict(test.features).argmax(axis=1)
    return float(f1_score(encode_target(test.target, schema), predicted, average="macro"))


def shingles_of(words: list[str], size: int) -> set[tuple[str, ...]]:
    return {tuple(words[start : start + size]) for start in range(max(1, len(words) - size + 1))}


# Leaks


def test_splits_are_disjoint(splits: Splits) -> None:
    groups = {name: set(part.features["group"]) for name, part in splits.items()}
    for first, second in itertools.combinations(SPLITS, 2):
        common = groups[first] & groups[second]
        assert not common, f"{len(common)} groups are in {first} and in {second}"


def test_no_near_duplicates_remain(splits: Splits, schema: Schema, params: Params) -> None:
    """Compare pairs of word sets; `near_duplicate_groups` multiplies matrices."""
    size, threshold = params.prepare.shingle_size, params.prepare.similarity_threshold
    texts = [words_of(text, schema) for part in splits.values() for text in part.features["text"]]
    sets = [shingles_of(words, size) for words in texts]
    rows_by_shingle: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for row, shingles in enumerate(sets):
        common = Counter(other for shingle in shingles for other in rows_by_shingle[shingle])
        for other, count in common.items():
            assert count / (len(shingles) + len(sets[other]) - count) < threshold, (texts[row], texts[other])
        for shingle in shingles:
            rows_by_shingle[shingle].append(row)


def test_names_are_removed_from_all_texts(splits: Splits, schema: Schema) -> None:
    names = set(splits["train"].names)
    assert names >= {normalize(name) for name in schema.names}
    for part in splits.values():
        assert part.names == splits["train"].names
        found = names & {word for text in part.features["text"] for word in words_of(text, schema)}
        assert not found, f"{len(found)} names are in texts: {', '.join(sorted(found)[:5])}"


# Training


def test_shuffled_labels_score_at_chance(splits: Splits, schema: Schema, small: tfidf.Params) -> None:
    train, test = splits["train"], splits["test"]
    labels = train.target.sample(frac=1, random_state=0).set_axis(train.target.index)
    regularized = replace(small, C=1.0)  # random labels take long to fit otherwise
    shuffled = macro_f1(replace(train, target=labels), test, schema, regularized)
    chance = 1 / len(schema.classes)
    assert shuffled < chance + 3 * np.sqrt(chance * (1 - chance) / len(test.target))
    assert macro_f1(train, test, schema, regularized) > chance + (1 - chance) / 2


def test_overfits_a_small_batch(splits: Splits, schema: Schema, small: tfidf.Params) -> None:
    train = splits["train"]
    rows = train.target.groupby(train.target).head(5).index
    batch = replace(train, features=train.features.loc[rows], target=train.target.loc[rows])
    assert macro_f1(batch, batch, schema, replace(small, C=1000.0, min_df=1)) > 0.99


def test_the_baselines_loss_is_the_entropy_of_the_classes(splits: Splits, schema: Schema, params: Params) -> None:
    model = fit_model("baseline", splits["train"], schema, params.train, TrainingContext(0))
    target = encode_target(splits["test"].target, schema)
    loss = METRICS["log_loss"].score(target, model.predict(splits["test"].features))
    frequencies = splits["train"].target.value_counts(normalize=True)
    assert loss == pytest.approx(float(-(frequencies * np.log(frequencies)).sum()), abs=0.05)


# Serving


def test_served_predictions_equal_trained_predictions(
    predictor: Predictor, splits: Splits, schema: Schema, params: Params
) -> None:
    name = predictor.champion.record["model"]
    model = fit_model(name, splits["train"], schema, params.train, TrainingContext(params.train.seed))
    features = splits["test"].features
    served = np.concatenate([predictor.predict_proba([text]) for text in features["text"]])
    np.testing.assert_allclose(served, model.predict(features), rtol=1e-4, atol=1e-5)


def test_reported_scores_are_those_of_the_served_model(predictor: Predictor, splits: Splits, schema: Schema) -> None:
    probabilities = predictor.predict_proba(splits["test"].features["text"].tolist())
    target = encode_target(splits["test"].target, schema)
    for name, metric in METRICS.items():
        reported = predictor.champion.record["metrics"][name]["value"]
        assert metric.score(target, probabilities) == pytest.approx(reported, rel=1e-4), name


def test_predictions_of_the_demo_are_as_good_as_published(predictor: Predictor, splits: Splits) -> None:
    test = splits["test"]
    named = [predictor.classes[scores.argmax()] for scores in predictor.predict_proba(test.features["text"].tolist())]
    right = np.mean([label == truth for label, truth in zip(named, test.target, strict=True)])
    assert right == pytest.approx(predictor.champion.record["metrics"]["accuracy"]["value"], abs=1e-4)


@pytest.mark.parametrize(
    "change", [str.upper, str.title, "  {}  ".format, "{}!!!".format, "({})".format, "> {} 🙂".format]
)
def test_case_and_punctuation_do_not_matter(predictor: Predictor, splits: Splits, change: Callable[[str], str]) -> None:
    for text in splits["test"].features["text"].head(10):
        original, changed = predictor.predict_proba([text, change(text)])
        np.testing.assert_allclose(changed, original, atol=1e-6)


def test_words_matter_more_than_their_order(predictor: Predictor, splits: Splits, schema: Schema) -> None:
    test = splits["test"]
    texts = [" ".join(words_of(text, schema)) for text in test.features["text"].groupby(test.target).first()]
    original = predictor.predict_proba(texts)
    backwards = predictor.predict_proba([" ".join(reversed(text.split())) for text in texts])
    others = np.roll(original, -1, axis=0)
    assert np.abs(original - backwards).sum() < 0.5 * np.abs(original - others).sum()


def test_a_typical_word_raises_the_probability_of_its_class(
    predictor: Predictor, splits: Splits, schema: Schema
) -> None:
    """Swapped labels keep every shape and every type."""
    train = splits["train"]
    texts_with: dict[str, Counter[str]] = {label: Counter() for label in schema.classes}
    for text, label in zip(train.features["text"], train.target, strict=True):
        texts_with[label].update(set(words_of(text, schema)))
    sizes = train.target.value_counts()
    in_all = sum(texts_with.values(), Counter[str]())
    (nothing,) = predictor.predict_proba([""])
    for position, label in enumerate(schema.classes[:10]):
        own, size, rest = texts_with[label], sizes[label], len(train.target) - sizes[label]
        word = max(own, key=lambda word: own[word] / size - (in_all[word] - own[word]) / rest)
        (with_word,) = predictor.predict_proba([word])
        assert with_word[position] > nothing[position], (label, word)
