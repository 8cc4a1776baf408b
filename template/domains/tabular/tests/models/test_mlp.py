"""The network starts at the loss of a uniform guess, overfits a small batch, and resumes exactly."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from project_package.config import Params as AllParams
from project_package.data.schema import MISSING, Column, Schema
from project_package.data.splits import Split
from project_package.models import mlp, network
from project_package.models.base import TrainingContext, hyperparameters
from project_package.models.inference import export_difference
from project_package.pipeline.train import canonical_onnx

Splits = dict[str, Split]


@pytest.fixture(scope="module")
def hyper(params: AllParams) -> mlp.Params:
    loaded: mlp.Params = hyperparameters("mlp", params.train)
    return loaded


CONTEXT = TrainingContext(seed=0)


def fit(train: Split, schema: Schema, params: mlp.Params, context: TrainingContext = CONTEXT) -> Any:
    return mlp.fit(train, schema, params, context)


def test_initial_loss_is_that_of_a_uniform_guess(splits: Splits, schema: Schema, hyper: mlp.Params) -> None:
    metrics = fit(splits["train"], schema, dataclasses.replace(hyper, epochs=1)).log.metrics
    # Exact for classes; for numbers the variance of the held-out rows is an estimate.
    tolerance = 0.02 if schema.classes else 0.35
    assert metrics["initial_loss"] == pytest.approx(metrics["expected_initial_loss"], rel=tolerance)


def test_overfits_a_small_batch(splits: Splits, schema: Schema, hyper: mlp.Params) -> None:
    rows = splits["train"].features.sample(24, random_state=0).index
    small = Split(splits["train"].features.loc[rows], splits["train"].target.loc[rows])
    params = dataclasses.replace(
        hyper, epochs=300, patience=300, dropout=0.0, weight_decay=0.0, hidden_layer_sizes=[64, 64]
    )
    history = fit(small, schema, params).log.history
    assert history[-1]["loss"] < 0.02 * history[0]["loss"]


def test_an_interrupted_training_resumes_exactly(
    splits: Splits, schema: Schema, hyper: mlp.Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = dataclasses.replace(hyper, epochs=6, patience=6)
    complete = fit(splits["train"], schema, params)

    def interrupt(_trial: object, epoch: int, _loss: float) -> None:
        if epoch == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(network, "report_epoch", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fit(splits["train"], schema, params, TrainingContext(0, tmp_path))
    assert list(tmp_path.iterdir())
    resumed = fit(splits["train"], schema, params, TrainingContext(0, tmp_path))
    assert resumed.log.history == complete.log.history
    features = splits["test"].features
    np.testing.assert_array_equal(resumed.predict(features), complete.predict(features))
    assert not list(tmp_path.iterdir())


def test_the_export_is_reproducible_and_uses_the_inputs(splits: Splits, schema: Schema, hyper: mlp.Params) -> None:
    model = fit(splits["train"], schema, dataclasses.replace(hyper, epochs=3))
    exported = canonical_onnx(model.export_onnx())
    assert export_difference(model, exported, splits["test"].features, schema) < 1e-5
    assert exported == canonical_onnx(model.export_onnx())
    assert np.ptp(model.predict(splits["test"].features), axis=0).max() > 0


def test_categories_and_missing_numbers_are_exported(splits: Splits, schema: Schema, hyper: mlp.Params) -> None:
    rows = pd.DataFrame({"size": [1.0, np.nan, 3.0] * 8, "color": ["red", MISSING, "blue"] * 8})
    features = (
        Column("size", "Size", "number", nullable=True),
        Column("color", "Color", "category", choices=("red", "blue"), nullable=True),
    )
    own = dataclasses.replace(schema, features=features)
    train = Split(rows.astype({"size": np.float32}), splits["train"].target.head(24))
    model = fit(train, own, dataclasses.replace(hyper, epochs=2))
    assert export_difference(model, model.export_onnx(), train.features, own) < 1e-5
