"""Every model of `params.yaml`, and the tokenizer."""

from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from scipy.special import softmax
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import log_loss
from tokenizers import Tokenizer

from which_library.config import Params
from which_library.data.cleaning import clean_text, words_of
from which_library.data.schema import Schema
from which_library.data.splits import Split
from which_library.data.words import ANY_WORD
from which_library.models import baseline, naive_bayes, tfidf
from which_library.models.base import Model, TrainingContext, fit_model, hyperparameters
from which_library.models.inference import export_difference
from which_library.models.ngrams import count_ngrams, fit_vectorizer
from which_library.models.special_tokens import TOKENIZER_KEY
from which_library.models.tokenizer import split_words, word_tokenizer

from ..conftest import MODELS

Splits = dict[str, Split]
NGRAM_MODELS: dict[str, Any] = {"naive_bayes": naive_bayes, "tfidf": tfidf}
ngram_model = pytest.mark.parametrize("name", NGRAM_MODELS)


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest, splits: Splits, schema: Schema, params: Params) -> Model:
    """Each model, trained on the small project."""
    return fit_model(request.param, splits["train"], schema, params.train, TrainingContext(params.train.seed))


def test_probabilities_have_one_column_per_class(model: Model, splits: Splits, schema: Schema) -> None:
    probabilities = model.predict(splits["test"].features)
    assert probabilities.shape == (len(splits["test"].target), len(schema.classes))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


def test_the_file_has_one_input_one_output_and_the_tokenizer(model: Model) -> None:
    exported = onnx.load_from_string(model.export_onnx())
    assert [node.name for node in exported.graph.input] == ["tokens"]
    assert [node.name for node in exported.graph.output] == ["probabilities"]
    assert [prop.key for prop in exported.metadata_props] == [TOKENIZER_KEY]


def test_texts_without_a_known_word_have_a_prediction(model: Model) -> None:
    assert np.isfinite(model.predict(pd.DataFrame({"text": ["", "🙂", "zzzz qqqq"]}))).all()


def test_the_baseline_predicts_the_class_frequencies(splits: Splits, schema: Schema) -> None:
    model = baseline.fit(splits["train"], schema, baseline.Params(), TrainingContext(0))
    frequencies = [float((splits["train"].target == label).mean()) for label in schema.classes]
    np.testing.assert_allclose(model.predict(splits["test"].features.head(2)), [frequencies] * 2, atol=1e-7)


@pytest.mark.parametrize("ngram_range", [(1, 3), (2, 2)])
@ngram_model
def test_ngrams_are_exported(
    name: str, ngram_range: tuple[int, int], splits: Splits, schema: Schema, params: Params
) -> None:
    train = splits["train"]
    rows = train.target.groupby(train.target).head(20).index
    few = replace(train, features=train.features.loc[rows], target=train.target.loc[rows])
    changed = replace(hyperparameters(name, params.train), ngram_range=ngram_range, min_df=1)
    model = NGRAM_MODELS[name].fit(few, schema, changed, TrainingContext(0))
    shortest, longest = ngram_range
    assert {len(ngram) for ngram in model.vectorizer.vocabulary_} == set(range(shortest, longest + 1))
    assert export_difference(model, model.export_onnx(), splits["test"].features, schema) < 1e-5


@ngram_model
def test_two_classes_are_exported(name: str, splits: Splits, schema: Schema, params: Params) -> None:
    labels = schema.classes[:2]
    binary = replace(schema, target=replace(schema.target, choices=labels), questions=(), extracts=True)
    rows = splits["train"].target.isin(labels)
    train = replace(splits["train"], features=splits["train"].features[rows], target=splits["train"].target[rows])
    model = NGRAM_MODELS[name].fit(train, binary, hyperparameters(name, params.train), TrainingContext(0))
    assert export_difference(model, model.export_onnx(), splits["test"].features, binary) < 1e-5


def test_a_reversed_ngram_range_is_rejected(params: Params) -> None:
    with pytest.raises(ValueError, match=r"ngram_range is \[2, 1\]"):
        replace(hyperparameters("tfidf", params.train), ngram_range=(2, 1))


def test_the_vocabulary_is_fitted_to_the_tokens_of_the_tokenizer(
    splits: Splits, schema: Schema, params: Params
) -> None:
    """The training texts are split by Python, which is faster."""
    train, used = splits["train"], hyperparameters("naive_bayes", params.train)
    vectorizer = CountVectorizer(**used.options())
    tokenizer, counts = fit_vectorizer(vectorizer, train, schema, used.min_df)
    assert (counts != count_ngrams(vectorizer, tokenizer, train.features)).nnz == 0


def test_the_temperature_makes_naive_bayes_less_certain(splits: Splits, schema: Schema, params: Params) -> None:
    """N-grams of a text depend on each other, so that without it nearly all probabilities are 0 or 1."""
    model = naive_bayes.fit(splits["train"], schema, hyperparameters("naive_bayes", params.train), TrainingContext(0))
    test, target = splits["test"].features, splits["test"].target
    calibrated, raw = (entry.predict(test) for entry in (model, replace(model, temperature=1.0)))
    assert log_loss(target, calibrated, labels=schema.classes) < log_loss(target, raw, labels=schema.classes)
    assert (calibrated.argmax(axis=1) == raw.argmax(axis=1)).all()


def test_the_temperature_recovers_that_of_the_scores() -> None:
    random = np.random.default_rng(0)
    scores = random.normal(size=(4000, 3))
    target = np.array([random.choice(3, p=row) for row in softmax(scores, axis=1)])
    assert naive_bayes.fit_temperature(5 * scores, target) == pytest.approx(5, rel=0.15)


# The tokenizer


@pytest.fixture(scope="module")
def tokenizer(splits: Splits, schema: Schema) -> Tokenizer:
    """A tokenizer that removes two names."""
    train = replace(splits["train"], names=("plomp", "two words"))
    return word_tokenizer(train, replace(schema, word=ANY_WORD, code=True), min_df=1)


def test_the_tokenizer_finds_the_words_of_the_data(splits: Splits, schema: Schema) -> None:
    """Texts are cleaned in Python, inputs of the demo by the tokenizer."""
    own = word_tokenizer(splits["train"], schema, min_df=1)
    for text in splits["test"].features["text"]:
        assert split_words(own, text) == words_of(text, schema)


@pytest.mark.parametrize(
    "text",
    [
        "Don't go to 10/10, café Ⅷ",
        "Как построить ёлку?",
        "안녕하세요 세계",
        "مرحبا؟ بكم",
        "Straße ﬁne ΣΊΣΥΦΟΣ Σίσυφος",
        "snake_case 🙂 a\u200bb",
    ],
)
def test_the_tokenizer_finds_words_of_any_script(text: str, tokenizer: Tokenizer, schema: Schema) -> None:
    assert split_words(tokenizer, text) == words_of(text, replace(schema, word=ANY_WORD, code=True)) != []


@pytest.mark.parametrize("code", ["`a b`", "%(name)s", "{name}", "https://a.b/c", "snake_case", "*", "call()"])
def test_the_tokenizer_removes_code_as_the_cleaning_does(code: str, splits: Splits, schema: Schema) -> None:
    text, schema = f"before {code} after", replace(schema, code=False)
    own = word_tokenizer(splits["train"], schema, min_df=1)
    assert split_words(own, text) == words_of(clean_text(text, schema), schema) == ["before", "after"]


@pytest.mark.parametrize("text", ["Plömp data", "PLOMP data", "(plomp) data", "plomp plomp: data", "two words, data"])
def test_the_tokenizer_removes_names(text: str, tokenizer: Tokenizer) -> None:
    assert split_words(tokenizer, text) == ["data"]


def test_a_word_of_a_single_text_is_not_in_the_vocabulary(splits: Splits, schema: Schema) -> None:
    """It may be a person's name, and the model is published."""
    texts = ["zzuniq zzuniq zzuniq.", "zztwo.", "zztwo.", *splits["train"].features["text"].iloc[3:]]
    train = replace(splits["train"], features=splits["train"].features.assign(text=texts))
    vocabulary: dict[str, Any] = word_tokenizer(train, schema, min_df=2).get_vocab()
    assert "zzuniq" not in vocabulary
    assert "zztwo" in vocabulary
