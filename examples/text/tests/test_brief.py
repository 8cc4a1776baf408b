"""The demo starts from questions and documents that it answers, typical ones, with the versions it learnt from."""

from importlib.metadata import version

import numpy as np
import pandas as pd

from .package import brief, data, serving


def test_every_question_and_example_is_accepted(predictor: serving.Predictor, schema: data.Schema) -> None:
    record = predictor.champion.record
    for question in [one["ask"] for one in record["questions"]] + [
        one["inputs"]["question"] for one in record["examples"]
    ]:
        assert predictor.complete(question) == question
    assert [one["truth"] for one in record["examples"]] == list(schema.classes)


def test_examples_are_test_documents_and_typical_ones(splits: dict[str, data.Split], schema: data.Schema) -> None:
    test = splits["test"]
    prediction = np.random.default_rng(0).dirichlet(np.ones(len(schema.classes)), size=len(test.target))
    sizes = test.features["text"].map(lambda text: len(data.words_of(text)))
    short = sizes.between(*brief.EXAMPLE_WORDS).to_numpy()
    for position, example in enumerate(brief.pick_examples(schema, test, prediction)):
        rows = short & (test.target == example["truth"]).to_numpy()
        (row,) = np.flatnonzero((test.features["text"] == example["inputs"]["question"]).to_numpy())
        below = (prediction[rows, position] < prediction[row, position]).mean()
        assert rows[row]
        assert 0.4 <= below <= 0.6, "half of the library's short documents are easier"


def test_a_library_without_a_short_document_has_an_example_all_the_same(schema: data.Schema) -> None:
    texts = [f"word{'s and more' * 600}" for _ in schema.classes]
    rows = data.Split(
        pd.DataFrame({"text": texts, "module": "m", "version": "1"}), pd.Series(schema.classes, name="library"), ()
    )
    examples = brief.pick_examples(schema, rows, np.eye(len(schema.classes)))
    assert [one["truth"] for one in examples] == list(schema.classes)
    assert {len(one["inputs"]["question"]) for one in examples} == {brief.LONGEST}


def test_versions_are_the_installed_ones(predictor: serving.Predictor, schema: data.Schema) -> None:
    assert predictor.champion.record["libraries"] == {name: version(name) for name in schema.classes}
