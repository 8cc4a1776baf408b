"""Every model of params.yaml predicts probabilities, and its ONNX export predicts the same."""

import numpy as np
import pytest

from project_package.config import Params
from project_package.data.schema import Schema
from project_package.data.splits import Split
from project_package.models import inference
from project_package.models.base import Model, TrainingContext, fit_model

from ..conftest import MODELS


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest, splits: dict[str, Split], schema: Schema, params: Params) -> Model:
    return fit_model(request.param, splits["train"], schema, params.train, TrainingContext(seed=0))


def test_predictions_are_probabilities(model: Model, splits: dict[str, Split], schema: Schema) -> None:
    probabilities = model.predict(splits["test"].features)
    assert probabilities.shape == (len(splits["test"].target), len(schema.classes))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert probabilities.min() >= 0


def test_export_predicts_the_same(
    model: Model, splits: dict[str, Split], schema: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported, features = model.export_onnx(), splits["test"].features
    assert inference.export_difference(model, exported, features, schema) < 1e-5
    monkeypatch.setattr(inference, "BATCH_SIZE", 7)
    np.testing.assert_allclose(inference.predict_onnx(exported, features, schema), model.predict(features), atol=1e-5)


def test_another_export_differs(splits: dict[str, Split], schema: Schema, params: Params) -> None:
    models = [
        fit_model(name, splits["train"], schema, params.train, TrainingContext(seed=0)) for name in ("svm", "baseline")
    ]
    exported = models[1].export_onnx()
    assert inference.export_difference(models[0], exported, splits["test"].features, schema) > 0.01


def test_baseline_predicts_the_class_shares(splits: dict[str, Split], schema: Schema, params: Params) -> None:
    baseline = fit_model("baseline", splits["train"], schema, params.train, TrainingContext(seed=0))
    shares = [(splits["train"].target == label).mean() for label in schema.classes]
    np.testing.assert_allclose(baseline.predict(splits["test"].features[:2]), [shares, shares])
