"""Every model answers in the agreed shape, and the baseline is what it says it is."""

from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from tokenizers import Tokenizer

from .package import data, models, params

Splits = dict[str, data.Split]


@pytest.fixture(scope="module")
def fitted(splits: Splits, schema: data.Schema, turned: params.Params) -> dict[str, Any]:
    """Each model of the small project, fitted once."""
    return {name: models.fit(name, splits["train"], schema, turned.train) for name in turned.train.models}


@pytest.fixture(scope="module")
def tokenizer(splits: Splits, schema: data.Schema) -> Tokenizer:
    """One that knows every word of the training texts."""
    return models.train_words(splits["train"], schema, least_documents=1)


def some(split: data.Split, of_each: int) -> data.Split:
    """A few texts of each class."""
    rows = split.target.groupby(split.target).head(of_each).index
    return replace(split, features=split.features.loc[rows], target=split.target.loc[rows])


def test_baseline_answers_alike_to_everyone(fitted: dict[str, Any], splits: Splits, schema: data.Schema) -> None:
    answers = models.predict(fitted["baseline"], splits["test"].features)
    shares = [float((splits["train"].target == label).mean()) for label in schema.classes]
    np.testing.assert_allclose(answers, np.tile(shares, (len(answers), 1)), atol=1e-7)


def test_answers_have_the_agreed_shape(fitted: dict[str, Any], splits: Splits, schema: data.Schema) -> None:
    features = splits["test"].features
    for model in fitted.values():
        answers = models.predict(model, features)
        assert answers.shape == (len(features), len(schema.classes))
        np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-6)
        assert np.isfinite(answers).all()


def test_an_unknown_name_is_an_error(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    with pytest.raises(ValueError, match=r"no model is called 'oracle'; see train.models in params.yaml"):
        models.fit("oracle", splits["train"], schema, turned.train)


def test_export_answers_like_the_model_on_every_test_row(
    fitted: dict[str, Any], splits: Splits, schema: data.Schema
) -> None:
    for model in fitted.values():
        exported = models.export_onnx(model, schema)
        assert models.export_difference(model, exported, splits["test"].features, schema) < 1e-5


def test_runs_of_words_are_exported_too(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    """The small project counts single words; the real one counts pairs."""
    triples = replace(turned.train, shallow=replace(turned.train.shallow, ngrams=3, least_documents=1, C=0.1))
    model = models.fit("shallow", some(splits["train"], 20), schema, triples)
    assert {len(run) for run in model.vectorizer.vocabulary_} == {1, 2, 3}
    exported = models.export_onnx(model, schema)
    assert models.export_difference(model, exported, splits["test"].features, schema) < 1e-5


def test_another_export_is_noticed(fitted: dict[str, Any], splits: Splits, schema: data.Schema) -> None:
    exported = models.export_onnx(fitted["baseline"], schema)
    assert models.export_difference(fitted["shallow"], exported, splits["test"].features, schema) > 0.01


def test_the_file_states_its_input_its_output_and_its_tokenizer(fitted: dict[str, Any], schema: data.Schema) -> None:
    for name in fitted:
        model = onnx.load_from_string(models.export_onnx(fitted[name], schema))
        assert [one.name for one in model.graph.input] == ["tokens"]
        assert [one.name for one in model.graph.output] == ["answer"]
        assert [one.key for one in model.metadata_props].count(models.TOKENIZER) == 1


def test_a_tokenizer_reads_the_words_that_the_data_has(
    tokenizer: Tokenizer, splits: Splits, schema: data.Schema
) -> None:
    """Texts are cleaned in Python, questions in the tokenizer: both must see the same words."""
    for text in splits["test"].features["text"]:
        assert read_by(tokenizer, text) == data.words_of(text, schema)


@pytest.fixture(scope="module")
def of_any_script(splits: Splits, schema: data.Schema) -> Tokenizer:
    """One whose words may have the letters of any script, and which takes out two names."""
    named = replace(splits["train"], names=("plomp", "two words"))
    return models.train_words(named, replace(schema, word=data.ANY_WORD, code=True), least_documents=1)


def read_by(tokenizer: Tokenizer, text: str) -> list[str]:
    """The words that the tokenizer finds, known or not."""
    return [word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(tokenizer.normalizer.normalize_str(text))]


@pytest.mark.parametrize(
    "text",
    [
        "Don't go to 10/10, café Ⅷ",
        "Как построить ёлку?",
        "如何画一条线",
        "日本語のテキスト",
        "안녕하세요 세계",
        "हिन्दी में लिखो",
        "ภาษาไทย",
        "مرحبا؟ بكم",
        "Straße ﬁne ΣΊΣΥΦΟΣ Σίσυφος",
        "snake_case 🙂 a\u200bb",
    ],
)
def test_words_of_any_script_are_read_alike(text: str, of_any_script: Tokenizer, schema: data.Schema) -> None:
    any_script = replace(schema, word=data.ANY_WORD, code=True)
    assert read_by(of_any_script, text) == data.words_of(text, any_script) != []


@pytest.mark.parametrize("text", ["Plömp data", "PLOMP data", "(plomp) data", "plomp plomp: data", "two words, data"])
def test_names_are_taken_out_of_a_question(text: str, of_any_script: Tokenizer) -> None:
    assert read_by(of_any_script, text) == ["data"]


def test_a_text_without_a_known_word_is_answered_all_the_same(fitted: dict[str, Any]) -> None:
    """Serving refuses it; the model must not fall over it."""
    odd = pd.DataFrame({"text": ["", "🙂", "zzzz qqqq"]})
    for model in fitted.values():
        assert np.isfinite(models.predict(model, odd)).all()


def test_a_word_of_one_text_alone_is_not_published(splits: Splits, schema: data.Schema) -> None:
    """However often it stands there: it may be a name, and the model is public."""
    train = splits["train"]
    texts = ["zzuniq zzuniq zzuniq.", "zztwo.", "zztwo.", *train.features["text"].iloc[3:]]
    changed = replace(train, features=train.features.assign(text=texts))
    tokenizer = models.train_words(changed, schema, least_documents=2)
    assert tokenizer.token_to_id("zzuniq") is None
    assert tokenizer.token_to_id("zztwo") is not None
