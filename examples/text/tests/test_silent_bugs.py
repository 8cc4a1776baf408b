"""Bugs that crash nothing and ruin everything: a leak, a wrong label, a model that is not the one that was trained."""

import dataclasses
import itertools
from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import f1_score

from .package import data, metrics, models, params, serving

Splits = dict[str, data.Split]


def score(name: str, train: data.Split, test: data.Split, schema: data.Schema, turned: params.Train) -> float:
    answers = models.predict(models.fit(name, train, schema, turned), test.features)
    return float(f1_score(data.encode_target(test.target, schema), answers.argmax(axis=1), average="macro"))


def shallow(turned: params.Params, **changed: Any) -> params.Train:
    return dataclasses.replace(turned.train, shallow=dataclasses.replace(turned.train.shallow, **changed))


def pairs_of_splits() -> list[tuple[str, str]]:
    return list(itertools.combinations(data.SPLITS, 2))


def shingles_of(text: str, size: int, schema: data.Schema) -> set[tuple[str, ...]]:
    words = data.words_of(text, schema)
    return {tuple(words[start : start + size]) for start in range(max(1, len(words) - size + 1))}


# What a model could cheat with


def test_no_group_is_in_two_splits(splits: Splits) -> None:
    groups = {name: set(part.features["group"]) for name, part in splits.items()}
    for one, other in pairs_of_splits():
        assert not groups[one] & groups[other]


def test_rows_of_a_group_count_as_one_case(splits: Splits) -> None:
    for part in splits.values():
        assert len(set(part.groups)) == part.features["group"].nunique()
        assert len(set(zip(part.groups, part.features["group"], strict=True))) == len(set(part.groups))


def test_no_near_duplicate_is_in_two_splits(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    """Counted here with sets of words, where `data.near_duplicates` multiplies matrices."""
    size, limit = turned.prepare.shingle_words, turned.prepare.similarity
    rows = [(name, shingles_of(text, size, schema)) for name in data.SPLITS for text in splits[name].features["text"]]
    where = defaultdict(list)
    for row, (_, shingles) in enumerate(rows):
        for shingle in shingles:
            where[shingle].append(row)
    for row, (_, shingles) in enumerate(rows):
        common = Counter(other for shingle in shingles for other in where[shingle] if other < row)
        for other, count in common.items():
            whole = len(shingles) + len(rows[other][1]) - count
            assert count / whole < limit, f"{rows[row]} is nearly {rows[other]}"


def test_no_name_is_in_a_text(splits: Splits, schema: data.Schema) -> None:
    names = set(splits["train"].names)
    assert names >= {data.folded(name) for name in schema.names}
    for part in splits.values():
        assert part.names == splits["train"].names
        for text in part.features["text"]:
            assert not names & set(data.words_of(text, schema)), text


# Whether it learns, and what


def test_shuffled_labels_teach_nothing(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    """A model that still scores well has seen the answers by another way."""
    target = splits["train"].target.sample(frac=1, random_state=0).set_axis(splits["train"].target.index)
    shuffled = dataclasses.replace(splits["train"], target=target)
    quick = shallow(turned, C=1.0)  # noise takes long to fit closely
    noise, honest = (score("shallow", train, splits["test"], schema, quick) for train in (shuffled, splits["train"]))
    chance = 1 / len(schema.classes)
    assert noise < chance + 3 * np.sqrt(chance * (1 - chance) / len(splits["test"].target))
    assert honest > chance + (1 - chance) / 2


def test_a_tiny_batch_is_learnt_by_heart(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    """A model that cannot is not connected to its inputs or its labels."""
    train = splits["train"]
    rows = train.target.groupby(train.target).head(5).index
    tiny = dataclasses.replace(train, features=train.features.loc[rows], target=train.target.loc[rows])
    assert score("shallow", tiny, tiny, schema, shallow(turned, C=1000.0, least_documents=1)) > 0.99


def test_chance_is_what_the_baseline_scores(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    """The loss of one who knows the shares alone is their entropy: a little below ln(classes)."""
    answers = models.predict(models.fit("baseline", splits["train"], schema, turned.train), splits["test"].features)
    loss = metrics.CLASSIFICATION["log_loss"].score(data.encode_target(splits["test"].target, schema), answers)
    shares = splits["train"].target.value_counts(normalize=True)
    assert loss == pytest.approx(float(-(shares * np.log(shares)).sum()), abs=0.05)
    assert loss <= np.log(len(schema.classes)) + 0.05


def test_the_served_model_is_the_trained_one(
    predictor: serving.Predictor, splits: Splits, schema: data.Schema, turned: params.Params
) -> None:
    """Trained, exported, hashed, loaded, asked one by one as the demo asks: the same answers on every test row."""
    model = models.fit(predictor.champion.record["model"], splits["train"], schema, turned.train)
    features = splits["test"].features
    served = np.array([predictor.scores([text])[0] for text in features["text"]])
    np.testing.assert_allclose(served, models.predict(model, features), rtol=1e-4, atol=1e-5)


def test_scores_are_of_the_served_model(predictor: serving.Predictor, splits: Splits, schema: data.Schema) -> None:
    """What the README claims is what these bytes score."""
    answers = predictor.scores(splits["test"].features["text"].tolist())
    target = data.encode_target(splits["test"].target, schema)
    for name, metric in metrics.metrics_for(schema.task).items():
        claimed = predictor.champion.record["metrics"][name]["value"]
        assert metric.score(target, answers) == pytest.approx(claimed, rel=1e-4), name


# What must not matter, and what must


@pytest.mark.parametrize(
    "change", [str.upper, str.title, "  {}  ".format, "{}!!!".format, "({})".format, "> {} 🙂".format]
)
def test_dress_does_not_matter(predictor: serving.Predictor, splits: Splits, change: Any) -> None:
    for text in splits["test"].features["text"].head(10):
        plain, dressed = predictor.scores([text, change(text)])
        np.testing.assert_allclose(dressed, plain, atol=1e-6)


def test_the_order_of_words_moves_little_and_words_move_much(
    predictor: serving.Predictor, splits: Splits, schema: data.Schema
) -> None:
    """Which words there are matters more than their order."""
    test = splits["test"]
    texts = [" ".join(data.words_of(text, schema)) for text in test.features["text"].groupby(test.target).first()]
    turned_round, replaced = [], []
    for text, other in zip(texts, texts[1:] + texts[:1], strict=True):
        plain, backwards, another = predictor.scores([text, " ".join(reversed(text.split())), other])
        turned_round.append(np.abs(plain - backwards).sum())
        replaced.append(np.abs(plain - another).sum())
    assert np.mean(turned_round) < 0.5 * np.mean(replaced)


def test_a_telling_word_moves_the_answer_its_way(
    predictor: serving.Predictor, splits: Splits, schema: data.Schema
) -> None:
    """A column of probabilities under another class's name keeps every shape and every type."""
    train = splits["train"]
    used: dict[str, Counter[str]] = {label: Counter() for label in schema.classes}
    for text, label in zip(train.features["text"], train.target, strict=True):
        used[label].update(set(data.words_of(text, schema)))
    sizes = train.target.value_counts()
    for position, label in enumerate(schema.classes[:10]):
        elsewhere = sum((used[other] for other in schema.classes if other != label), Counter[str]())
        rest = len(train.target) - sizes[label]
        word = max(used[label], key=lambda one: used[label][one] / sizes[label] - elsewhere[one] / rest)
        plain, told = predictor.scores(["", word])
        assert told[position] > plain[position], (label, word)


def test_the_order_of_the_rows_is_no_input(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    model = models.fit("shallow", splits["train"], schema, turned.train)
    features = splits["test"].features
    backwards = models.predict(model, features.iloc[::-1])
    np.testing.assert_array_equal(backwards[::-1], models.predict(model, features))


def test_a_question_does_not_change_its_neighbours(predictor: serving.Predictor, splits: Splits) -> None:
    texts = splits["test"].features["text"].head(40).tolist()
    alone = np.array([predictor.scores([text])[0] for text in texts])
    np.testing.assert_allclose(predictor.scores(texts), alone, atol=1e-6)
