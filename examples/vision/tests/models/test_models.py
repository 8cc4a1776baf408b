"""Predictions of the scikit-learn models, and of exported models in batches."""

import numpy as np
import pytest

from digit_reader.config import Params
from digit_reader.data.schema import Schema
from digit_reader.data.splits import Split
from digit_reader.models import inference
from digit_reader.models.base import Model, TrainingContext, fit_model

Splits = dict[str, Split]


@pytest.fixture
def svm(splits: Splits, schema: Schema, params: Params) -> Model:
    return fit_model("svm", splits["train"], schema, params.train, TrainingContext(seed=0))


@pytest.fixture
def baseline(splits: Splits, schema: Schema, params: Params) -> Model:
    return fit_model("baseline", splits["train"], schema, params.train, TrainingContext(seed=0))


@pytest.mark.parametrize("name", ["logistic_regression", "svm"])
def test_predictions_are_probabilities(name: str, splits: Splits, schema: Schema, params: Params) -> None:
    model = fit_model(name, splits["train"], schema, params.train, TrainingContext(seed=0))
    probabilities = model.predict(splits["test"].features)
    assert probabilities.shape == (len(splits["test"].target), len(schema.classes))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-12)
    assert probabilities.min() >= 0


def test_baseline_predicts_the_class_shares(baseline: Model, splits: Splits, schema: Schema) -> None:
    shares = [(splits["train"].target == label).mean() for label in schema.classes]
    np.testing.assert_allclose(baseline.predict(splits["test"].features[:2]), [shares, shares])


def test_logistic_regression_has_one_weight_per_pixel_and_class(splits: Splits, schema: Schema, params: Params) -> None:
    """A change of one pixel changes the log-odds of two classes by the same amount in every image."""
    model = fit_model("logistic_regression", splits["train"], schema, params.train, TrainingContext(seed=0))
    pixels = splits["test"].features[:5]
    changed = pixels.copy()
    changed[:, 0, 0, 0] += 0.5
    before, after = (np.log(model.predict(images)) for images in (pixels, changed))
    effect = (after - before)[:, 1] - (after - before)[:, 0]
    np.testing.assert_allclose(effect, effect[0], atol=1e-4)


def test_batches_are_predicted_like_one_batch(
    svm: Model, splits: Splits, schema: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported, features = svm.export_onnx(), splits["test"].features
    together = inference.predict_onnx(exported, features, schema)
    monkeypatch.setattr(inference, "BATCH_SIZE", 7)
    np.testing.assert_allclose(inference.predict_onnx(exported, features, schema), together, atol=1e-6)


def test_the_export_of_another_model_differs(svm: Model, baseline: Model, splits: Splits, schema: Schema) -> None:
    assert inference.export_difference(svm, baseline.export_onnx(), splits["test"].features, schema) > 0.01
