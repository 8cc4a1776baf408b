"""The examples and limits of the demo."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from which_library.config import Params
from which_library.data.cleaning import words_of
from which_library.data.schema import Question, Schema
from which_library.data.splits import Split, encode_target
from which_library.evaluation.candidate import Candidate
from which_library.evaluation.demo_metadata import (
    EXAMPLE_WORDS,
    EXCERPT_LENGTH,
    MAX_ERRORS,
    MAX_EXAMPLES,
    MAX_LIMIT,
    demo_metadata,
    excerpt,
    length_limit,
    select_examples,
)
from which_library.paths import ProjectPaths
from which_library.serving.champion import MODEL_FILE
from which_library.serving.predictor import Predictor

Splits = dict[str, Split]


@pytest.fixture(scope="module")
def exported(project: ProjectPaths) -> bytes:
    return (project.champion / MODEL_FILE).read_bytes()


def test_questions_and_examples_are_valid_inputs(predictor: Predictor, schema: Schema) -> None:
    record = predictor.champion.record
    examples = [example["inputs"][schema.text.name] for example in record["examples"]]
    for text in [*(question["ask"] for question in record["questions"]), *examples]:
        assert predictor.validate(text) == text


def test_there_is_one_example_per_class(predictor: Predictor, schema: Schema) -> None:
    labels = [example["truth"] for example in predictor.champion.record["examples"]]
    assert labels == sorted(set(labels))
    assert len(labels) == min(len(schema.classes), MAX_EXAMPLES)


def test_examples_are_typical_test_texts(splits: Splits, schema: Schema, exported: bytes) -> None:
    test = splits["test"]
    probabilities = np.random.default_rng(0).dirichlet(np.ones(len(schema.classes)), size=len(test.target))
    words = test.features["text"].map(lambda text: len(words_of(text, schema)))
    short = words.between(*EXAMPLE_WORDS).to_numpy()
    excerpts = test.features["text"].map(excerpt)
    for example in select_examples(schema, test, probabilities, exported):
        rows = short & (test.target == example["truth"]).to_numpy()
        row = np.flatnonzero((excerpts == example["inputs"][schema.text.name]).to_numpy())[0]
        position = schema.classes.index(example["truth"])
        assert rows[row]
        rank = (probabilities[rows, position] < probabilities[row, position]).sum()
        assert abs(int(rank) - rows.sum() / 2) <= 1, "the probability is the median of the class"


def test_errors_are_texts_that_the_demo_predicts_wrongly(predictor: Predictor, schema: Schema) -> None:
    errors = predictor.champion.record["errors"]
    assert len(errors) <= MAX_ERRORS
    predictions = [predictor.predict(error["inputs"][schema.text.name]) for error in errors]
    assert all(error["truth"] != prediction.label for error, prediction in zip(errors, predictions, strict=True))
    confidence = [max(prediction.probabilities.values()) for prediction in predictions]
    assert confidence == pytest.approx(sorted(confidence, reverse=True), abs=1e-5)


def test_a_long_text_is_shortened(splits: Splits, schema: Schema, exported: bytes) -> None:
    classes = schema.classes[:MAX_EXAMPLES]
    long = splits["train"].features["text"].iloc[0] * 100
    test = Split(pd.DataFrame({"text": [long] * len(classes)}), pd.Series(classes))
    few = replace(schema, target=replace(schema.target, choices=classes), questions=(), extracts=True)
    examples = select_examples(few, test, np.eye(len(classes)), exported)
    assert [example["truth"] for example in examples] == list(classes)
    assert all(EXCERPT_LENGTH // 2 < len(example["inputs"][schema.text.name]) <= EXCERPT_LENGTH for example in examples)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("two\n words", "two words"),
        ("word " * 60, f"{'word ' * 39}…"),
        ("字" * 500, f"{'字' * 198} …"),
    ],
)
def test_an_excerpt_is_one_line_cut_between_words(text: str, line: str) -> None:
    assert excerpt(text) == line


def test_without_extracts_no_text_is_published(splits: Splits, schema: Schema, params: Params, exported: bytes) -> None:
    question = Question(ask="What is this about?", answer=schema.classes[0])
    private = replace(schema, questions=(question,), extracts=False)
    probabilities = np.eye(len(schema.classes))[encode_target(splits["test"].target, schema)]
    metadata = demo_metadata(Candidate(exported, {"test": probabilities}), None, splits, private, params)
    assert metadata["examples"] == metadata["errors"] == []
    assert metadata["inputs"][0]["default"] == question.ask


@pytest.mark.parametrize(("longest", "limit"), [(100, 2000), (4000, 4000), (50_000, MAX_LIMIT)])
def test_the_length_limit_depends_on_the_training_texts(splits: Splits, longest: int, limit: int) -> None:
    train = splits["train"]
    lengths = np.linspace(1, longest, len(train.target)).astype(int)
    texts = train.features.assign(text=["x" * length for length in lengths])
    assert length_limit(replace(train, features=texts)) == limit
