"""Every model answers in the agreed shape, and the baseline is what it says it is."""

from dataclasses import replace

import numpy as np
import onnx
import pandas as pd
import pytest

from .package import data, models, params

Splits = dict[str, data.Split]


def test_baseline_answers_alike_to_everyone(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    model = models.fit("baseline", splits["train"], schema, turned.train)
    answers = models.predict(model, splits["test"].features)
    shares = [float((splits["train"].target == label).mean()) for label in schema.classes]
    np.testing.assert_allclose(answers, np.tile(shares, (len(answers), 1)), atol=1e-7)


def test_answers_have_the_agreed_shape(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    features = splits["test"].features
    for name in turned.train.models:
        answers = models.predict(models.fit(name, splits["train"], schema, turned.train), features)
        assert answers.shape == (len(features), len(schema.classes))
        np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-6)
        assert np.isfinite(answers).all()


def test_an_unknown_name_is_an_error(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    with pytest.raises(ValueError, match=r"no model is called 'oracle'; see train.models in params.yaml"):
        models.fit("oracle", splits["train"], schema, turned.train)


def test_export_answers_like_the_model_on_every_test_row(
    splits: Splits, schema: data.Schema, turned: params.Params
) -> None:
    for name in turned.train.models:
        model = models.fit(name, splits["train"], schema, turned.train)
        exported = models.export_onnx(model, schema)
        assert models.export_difference(model, exported, splits["test"].features, schema) < 1e-5


def test_runs_of_words_are_exported_too(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    """The small project counts single words; the real one counts pairs."""
    pairs = replace(turned.train, shallow=replace(turned.train.shallow, ngrams=3, max_iter=20))
    model = models.fit("shallow", splits["train"], schema, pairs)
    assert {len(run) for run in model.vectorizer.vocabulary_} == {1, 2, 3}
    exported = models.export_onnx(model, schema)
    assert models.export_difference(model, exported, splits["test"].features.head(200), schema) < 1e-5


def test_another_export_is_noticed(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    shallow, baseline = (models.fit(name, splits["train"], schema, turned.train) for name in ("shallow", "baseline"))
    exported = models.export_onnx(baseline, schema)
    assert models.export_difference(shallow, exported, splits["test"].features, schema) > 0.01


def test_the_file_states_its_input_its_output_and_its_tokenizer(
    splits: Splits, schema: data.Schema, turned: params.Params
) -> None:
    for name in turned.train.models:
        model = onnx.load_from_string(
            models.export_onnx(models.fit(name, splits["train"], schema, turned.train), schema)
        )
        assert [one.name for one in model.graph.input] == ["tokens"]
        assert [one.name for one in model.graph.output] == ["answer"]
        assert [one.key for one in model.metadata_props].count(models.TOKENIZER) == 1


def test_a_tokenizer_reads_the_words_that_the_data_has(splits: Splits) -> None:
    """Documents are cleaned in Python, questions in the tokenizer: both must see the same words."""
    tokenizer = models.train_words(splits["train"], least_documents=1)
    for text in splits["test"].features["text"].head(300):
        read = tokenizer.pre_tokenizer.pre_tokenize_str(tokenizer.normalizer.normalize_str(text))
        assert [word for word, _ in read] == data.words_of(text)


@pytest.mark.parametrize(
    "question", ["Plot pandas data", "plot `any code` data", "plot df.to_csv() data", "PLOT\tDATA!"]
)
def test_names_and_code_are_taken_out_of_a_question(splits: Splits, question: str) -> None:
    tokenizer = models.train_words(splits["train"], least_documents=1)
    assert tokenizer.encode(question).tokens == ["[CLS]", "plot", "data"]


def test_a_text_without_a_known_word_is_answered_all_the_same(
    splits: Splits, schema: data.Schema, turned: params.Params
) -> None:
    """Serving refuses it; the model must not fall over it."""
    odd = pd.DataFrame({"text": ["", "🙂", "zzzz qqqq"]})
    for name in turned.train.models:
        answers = models.predict(models.fit(name, splits["train"], schema, turned.train), odd)
        assert np.isfinite(answers).all()
