"""Bugs that crash nothing and ruin everything: a leak, a wrong label, a model that is not the one that was trained."""

import dataclasses
import itertools
from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from .package import Layout, data, metrics, models, params, serving

Splits = dict[str, data.Split]


def score(name: str, train: data.Split, test: data.Split, schema: data.Schema, turned: params.Train) -> float:
    answers = models.predict(models.fit(name, train, schema, turned), test.features)
    return float(f1_score(data.encode_target(test.target, schema), answers.argmax(axis=1), average="macro"))


def shallow(turned: params.Params, **changed: Any) -> params.Train:
    return dataclasses.replace(turned.train, shallow=dataclasses.replace(turned.train.shallow, **changed))


def pairs_of_splits() -> list[tuple[str, str]]:
    return list(itertools.combinations(data.SPLITS, 2))


def shingles_of(text: str, size: int) -> set[tuple[str, ...]]:
    words = data.words_of(text)
    return {tuple(words[start : start + size]) for start in range(max(1, len(words) - size + 1))}


# What a model could cheat with


def test_no_module_is_in_two_splits(splits: Splits) -> None:
    modules = {name: set(part.features["module"]) for name, part in splits.items()}
    for one, other in pairs_of_splits():
        assert not modules[one] & modules[other]


def test_no_near_duplicate_is_in_two_splits(splits: Splits, turned: params.Params) -> None:
    """Counted here with sets of words, where `data.near_duplicates` multiplies matrices."""
    size, limit = turned.prepare.shingle_words, turned.prepare.similarity
    rows = [(name, shingles_of(text, size)) for name in data.SPLITS for text in splits[name].features["text"]]
    where = defaultdict(list)
    for row, (_, shingles) in enumerate(rows):
        for shingle in shingles:
            where[shingle].append(row)
    compared = 0
    for row, (_, shingles) in enumerate(rows):
        common = Counter(other for shingle in shingles for other in where[shingle] if other < row)
        compared += len(common)
        for other, count in common.items():
            whole = len(shingles) + len(rows[other][1]) - count
            assert count / whole < limit, f"{rows[row]} is nearly {rows[other]}"
    assert compared > len(rows), "documents have words in common, else nothing is compared"


def test_no_sentence_is_in_two_documents(splits: Splits, turned: params.Params) -> None:
    texts = pd.concat([part.features["text"] for part in splits.values()])
    sentences = texts.str.split(r"(?<=[.!?:])\s+", regex=True).explode().map(data.words_of)
    longer = sentences[sentences.map(len) >= turned.prepare.sentence_words].map(" ".join)
    assert longer.groupby(longer).nunique().max() == 1
    assert longer.index.size == longer.nunique()


def test_no_name_of_a_library_is_in_a_document(splits: Splits, schema: data.Schema) -> None:
    names = set(splits["train"].names)
    assert {name for library in schema.libraries for name in library.names} <= names
    assert {"pandas", "pd", "plt", "sklearn", "matplotlib", "scipy", "networkx", "nx", "dataframe"} <= names
    for part in splits.values():
        for text in part.features["text"]:
            assert not names & set(data.words_of(text)), text


def test_no_word_that_one_library_alone_uses_names_a_part_of_it(
    project: Layout, splits: Splits, schema: data.Schema
) -> None:
    """Whatever the lists say: the public names of the raw data, against the words of the documents."""
    raw = data.read_raw(project.raw, schema)
    public = {part.lower() for module in raw["module"] for part in module.split(".") if not part.startswith("_")}
    public |= {part.lower() for name in raw["name"] for part in name.split(".") if part[:1].isupper()}
    users: dict[str, set[str]] = defaultdict(set)
    for library, docstring in zip(raw["library"], raw["docstring"].map(data.prose), strict=True):
        for word in set(data.words_of(docstring)):
            users[word].add(library)
    used = {word for part in splits.values() for text in part.features["text"] for word in data.words_of(text)}
    assert {word for word in used & public if len(users[word]) == 1} == set()


def test_no_code_is_in_a_document(splits: Splits) -> None:
    for part in splits.values():
        assert not part.features["text"].str.contains(r"`|>>>|[a-z]_[a-z]|[a-z][A-Z]|\w\(|https?:").any()


# Whether it learns, and what


def test_shuffled_labels_teach_nothing(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    """A model that still scores well has seen the answers by another way."""
    target = splits["train"].target.sample(frac=1, random_state=0).set_axis(splits["train"].target.index)
    shuffled = dataclasses.replace(splits["train"], target=target)
    quick = shallow(turned, C=1.0)  # noise takes long to fit closely
    noise, honest = (score("shallow", train, splits["test"], schema, quick) for train in (shuffled, splits["train"]))
    chance = 1 / len(schema.classes)
    assert noise < chance + 0.05
    assert honest > chance + 0.4


def test_a_tiny_batch_is_learnt_by_heart(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    """A model that cannot is not connected to its inputs or its labels."""
    rows = splits["train"].features.sample(24, random_state=0).index
    train = splits["train"]
    tiny = dataclasses.replace(train, features=train.features.loc[rows], target=train.target.loc[rows])
    assert score("shallow", tiny, tiny, schema, shallow(turned, C=1000.0, least_documents=1)) > 0.99


def test_chance_is_what_the_baseline_scores(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    """The loss of one who knows the shares alone is their entropy: a little below ln(classes)."""
    answers = models.predict(models.fit("baseline", splits["train"], schema, turned.train), splits["test"].features)
    loss = metrics.CLASSIFICATION["log_loss"].score(data.encode_target(splits["test"].target, schema), answers)
    shares = splits["train"].target.value_counts(normalize=True)
    assert loss == pytest.approx(float(-(shares * np.log(shares)).sum()), abs=0.02)
    assert loss <= np.log(len(schema.classes)) + 0.01


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


def test_questions_in_everyday_words_find_their_library(predictor: serving.Predictor, schema: data.Schema) -> None:
    right = [predictor.predict(one.ask).label == one.library for one in schema.questions]
    assert sum(right) >= len(right) - 1, "one may be hard; more are a sign of labels in the wrong order"


# What must not matter, and what must


@pytest.mark.parametrize(
    "change", [str.upper, str.title, "  {}  ".format, "{}!!!".format, "({})".format, "> {} 🙂".format]
)
def test_dress_does_not_matter(predictor: serving.Predictor, schema: data.Schema, change: Any) -> None:
    for question in schema.questions:
        plain, dressed = predictor.scores([question.ask, change(question.ask)])
        np.testing.assert_allclose(dressed, plain, atol=1e-6)


def test_names_do_not_matter(predictor: serving.Predictor, schema: data.Schema) -> None:
    """The model may not be told the answer."""
    for question, library in itertools.product(schema.questions, schema.libraries):
        plain, told = predictor.scores([question.ask, f"{library.name}: {question.ask}"])
        np.testing.assert_allclose(told, plain, atol=1e-6)


def test_the_order_of_words_moves_little_and_words_move_much(predictor: serving.Predictor, schema: data.Schema) -> None:
    """Which words are asked matters more than their order."""
    turned_round, replaced = [], []
    asked = [question.ask for question in schema.questions]
    for ask, other in zip(asked, asked[1:] + asked[:1], strict=True):
        plain, backwards, another = predictor.scores([ask, " ".join(reversed(ask.rstrip("?").split())), other])
        turned_round.append(np.abs(plain - backwards).sum())
        replaced.append(np.abs(plain - another).sum())
    assert np.mean(turned_round) < 0.5 * np.mean(replaced)


@pytest.mark.parametrize(
    ("word", "library"),
    [
        ("axes legend", "matplotlib"),
        ("nodes edges graph", "networkx"),
        ("dtype index", "pandas"),
        ("classifier", "scikit-learn"),
    ],
)
def test_a_telling_word_moves_the_answer_its_way(predictor: serving.Predictor, word: str, library: str) -> None:
    """A column of probabilities under another library's name keeps every shape and every type."""
    plain, told = predictor.scores(
        ["Which function should be used for that?", f"Which function should be used for {word}?"]
    )
    position = predictor.classes.index(library)
    assert told[position] > plain[position]


def test_the_order_of_the_rows_is_no_input(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    model = models.fit("shallow", splits["train"], schema, turned.train)
    features = splits["test"].features
    backwards = models.predict(model, features.iloc[::-1])
    np.testing.assert_array_equal(backwards[::-1], models.predict(model, features))


def test_a_question_does_not_change_its_neighbours(predictor: serving.Predictor, splits: Splits) -> None:
    texts = splits["test"].features["text"].head(40).tolist()
    alone = np.array([predictor.scores([text])[0] for text in texts])
    np.testing.assert_allclose(predictor.scores(texts), alone, atol=1e-6)
