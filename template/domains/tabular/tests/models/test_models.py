"""Every model answers in the agreed shape, and the baseline is what it says it is."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from .package import data, metrics, models, params

Splits = dict[str, data.Split]


def test_baseline_answers_alike_to_everyone(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    model = models.fit("baseline", splits["train"], schema, turned.train)
    answers = models.predict(model, splits["test"].features)
    target = splits["train"].target
    if schema.task == "classification":
        shares = [float((target == label).mean()) for label in schema.classes]
        np.testing.assert_allclose(answers, np.tile(shares, (len(answers), 1)))
    else:
        np.testing.assert_allclose(answers, float(target.astype(float).mean()), rtol=1e-6)


def test_answers_have_the_agreed_shape(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    features = splits["test"].features
    for name in turned.train.models:
        answers = models.predict(models.fit(name, splits["train"], schema, turned.train), features)
        if schema.task == "classification":
            assert answers.shape == (len(features), len(schema.classes))
            np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-6)
        else:
            assert answers.shape == (len(features),)
        assert np.isfinite(answers).all()


def test_an_unknown_name_is_an_error(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    with pytest.raises(ValueError, match=r"no model is called 'oracle'; see train.models in params.yaml"):
        models.fit("oracle", splits["train"], schema, turned.train)


def test_export_answers_like_the_model(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    for name in turned.train.models:
        model = models.fit(name, splits["train"], schema, turned.train)
        exported = models.export_onnx(model, schema)
        assert models.export_difference(model, exported, splits["test"].features, schema) < 1e-5


def test_a_value_on_a_threshold_takes_the_same_way_in_the_export(schema: data.Schema, turned: params.Params) -> None:
    """Between 1.6 and 1.8 a tree asks for 1.7, which is a little more in single precision than in double."""
    tenths = np.arange(100, dtype=np.float32) / np.float32(10)
    size = data.Column("size", "Size", "number")
    kind = data.Column("kind", "Kind", "category", choices=("even", "odd"))
    table = data.Schema("", "", schema.reading, kind, (size,))
    known, between = tenths[::2], tenths[1::2]
    labels = pd.Series(["odd" if number % 2 else "even" for number in range(len(known))])
    eager = dataclasses.replace(turned.train.shallow, max_leaf_nodes=31, min_samples_leaf=1, max_features=1.0)
    rows = data.Split(pd.DataFrame({"size": np.tile(known, 8)}), pd.concat([labels] * 8, ignore_index=True))
    model = models.fit("shallow", rows, table, dataclasses.replace(turned.train, shallow=eager))
    exported = models.export_onnx(model, table)
    assert models.export_difference(model, exported, pd.DataFrame({"size": between}), table) < 1e-5


def test_another_export_is_noticed(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    shallow, baseline = (models.fit(name, splits["train"], schema, turned.train) for name in ("shallow", "baseline"))
    exported = models.export_onnx(baseline, schema)
    assert models.export_difference(shallow, exported, splits["test"].features, schema) > 0.01


def test_an_input_that_is_not_looked_at_has_no_importance(
    splits: Splits, schema: data.Schema, turned: params.Params
) -> None:
    exported = models.export_onnx(models.fit("baseline", splits["train"], schema, turned.train), schema)
    metric = metrics.metrics_for(schema.task)[turned.evaluate.metric]
    lost = models.importances(exported, splits["validation"], schema, metric, seed=0)
    assert lost == pytest.approx({column.name: 0 for column in schema.features})
