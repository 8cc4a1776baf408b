"""The demo starts from texts that it answers, typical ones, and publishes no more of them than it is allowed."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from .package import Layout, brief, champion, data, models, params, serving

Splits = dict[str, data.Split]


@pytest.fixture(scope="module")
def exported(project: Layout) -> bytes:
    """The champion's file."""
    return (project.champion / champion.MODEL_FILE).read_bytes()


def test_every_question_and_example_is_accepted(predictor: serving.Predictor, schema: data.Schema) -> None:
    record = predictor.champion.record
    for text in [one["ask"] for one in record["questions"]] + [
        one["inputs"][schema.text.name] for one in record["examples"]
    ]:
        assert predictor.complete(text) == text
    truths = [one["truth"] for one in record["examples"]]
    assert len(truths) == min(len(schema.classes), brief.MOST_EXAMPLES)
    assert truths == sorted(set(truths))


def test_examples_are_test_texts_and_typical_ones(splits: Splits, schema: data.Schema, exported: bytes) -> None:
    test = splits["test"]
    prediction = np.random.default_rng(0).dirichlet(np.ones(len(schema.classes)), size=len(test.target))
    sizes = test.features["text"].map(lambda text: len(data.words_of(text, schema)))
    short = sizes.between(*brief.EXAMPLE_WORDS).to_numpy()
    extracts = test.features["text"].map(brief.extract)
    for example in brief.pick_examples(schema, test, prediction, exported):
        rows = short & (test.target == example["truth"]).to_numpy()
        row = np.flatnonzero((extracts == example["inputs"][schema.text.name]).to_numpy())[0]
        position = schema.classes.index(example["truth"])
        easier = (prediction[rows, position] < prediction[row, position]).sum()
        assert rows[row]
        assert abs(int(easier) - rows.sum() / 2) <= 1, "half of the class's short texts are easier"


def test_a_class_without_a_short_text_has_an_example_all_the_same(
    splits: Splits, schema: data.Schema, exported: bytes
) -> None:
    known = next(iter(data.words_of(splits["train"].features["text"].iloc[0], schema)))
    some = schema.classes[: brief.MOST_EXAMPLES]
    few = dataclasses.replace(schema, target=dataclasses.replace(schema.target, choices=some))
    features = pd.DataFrame({"text": [f"{known} and more of it " * 600] * len(some), "group": "m"})
    rows = data.Split(features, pd.Series(some, name=schema.target.name), ())
    examples = brief.pick_examples(few, rows, np.eye(len(some)), exported)
    assert {one["truth"] for one in examples} <= set(some)
    tokens = models.tokenizer_of(exported).encode(known)
    assert bool(examples) == (max(tokens.ids) >= len(models.SPECIAL))
    for one in examples:
        assert brief.EXTRACT // 2 < len(one["inputs"][schema.text.name]) <= brief.EXTRACT


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\n words", "two words"),
        ("word " * 60, f"{'word ' * 39}…"),
        ("字" * 500, f"{'字' * 198} …"),
    ],
)
def test_an_extract_is_a_line_that_ends_with_a_word(text: str, shown: str) -> None:
    assert brief.extract(text) == shown


def test_without_extracts_no_text_of_the_data_is_published(
    splits: Splits, schema: data.Schema, turned: params.Params, exported: bytes
) -> None:
    asked = data.Question(ask="What is this about?", answer=schema.classes[0])
    private = dataclasses.replace(schema, questions=(asked,), extracts=False)
    answers = {"test": np.eye(len(schema.classes))[data.encode_target(splits["test"].target, schema)]}
    found = brief.brief_of(exported, answers, splits, private, turned)
    assert found["examples"] == []
    assert found["inputs"][0]["default"] == asked.ask


def test_the_longest_text_is_one_that_the_data_may_have(splits: Splits) -> None:
    train = splits["train"]
    long = train.features.assign(text=["x" * size for size in np.linspace(1, 4000, len(train.target)).astype(int)])
    assert brief.longest({**splits, "train": dataclasses.replace(train, features=long)}) == 4000
    longer = train.features.assign(text="x" * 50_000)
    assert brief.longest({**splits, "train": dataclasses.replace(train, features=longer)}) == brief.MOST
