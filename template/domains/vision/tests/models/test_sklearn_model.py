"""Every model answers in the agreed shape, and the baseline is what it says it is."""

import numpy as np
import pytest

from .package import data, models, params

Splits = dict[str, data.Split]


def test_baseline_answers_alike_to_everyone(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    model = models.fit("baseline", splits["train"], schema, turned.train)
    answers = models.predict(model, splits["test"].features)
    target = splits["train"].target
    shares = [float((target == label).mean()) for label in schema.classes]
    np.testing.assert_allclose(answers, np.tile(shares, (len(answers), 1)))


def test_answers_have_the_agreed_shape(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    features = splits["test"].features
    for name in turned.train.models:
        answers = models.predict(models.fit(name, splits["train"], schema, turned.train), features)
        assert answers.shape == (len(features), len(schema.classes))
        np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-6)
        assert answers.min() >= 0


def test_an_unknown_name_is_an_error(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    with pytest.raises(ValueError, match=r"no model is called 'oracle'; see train.models in params.yaml"):
        models.fit("oracle", splits["train"], schema, turned.train)


def test_export_answers_like_the_model(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    for name in turned.train.models:
        model = models.fit(name, splits["train"], schema, turned.train)
        exported = models.export_onnx(model, schema)
        assert models.export_difference(model, exported, splits["test"].features, schema) < 1e-5


def test_another_export_is_noticed(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    shallow, baseline = (models.fit(name, splits["train"], schema, turned.train) for name in ("shallow", "baseline"))
    exported = models.export_onnx(baseline, schema)
    assert models.export_difference(shallow, exported, splits["test"].features, schema) > 0.01
