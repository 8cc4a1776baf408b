"""The network learns, its random transformations keep what an image shows, and training can be resumed."""

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from project_package.config import Params
from project_package.data.images import ImageSpec
from project_package.data.schema import Schema
from project_package.data.splits import Split
from project_package.models import cnn, network
from project_package.models.base import TrainingContext, hyperparameters

Splits = dict[str, Split]
NO_TRANSFORM: dict[str, Any] = {"translate": 0.0, "degrees": 0.0, "scale": 0.0, "shear": 0.0, "brightness": 0.0}
CONTEXT = TrainingContext(seed=0)


@pytest.fixture
def default(params: Params) -> cnn.Params:
    parameters: cnn.Params = hyperparameters("cnn", params.train)
    return parameters


def transform(split: Split, schema: Schema, params: cnn.Params) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the images before and after a random transformation, shape (rows, height, width, channels)."""
    (pixels,) = cnn.to_batch(split, schema).inputs
    (moved,) = cnn.RandomTransform(schema.picture, params)((pixels,), torch.Generator().manual_seed(0))
    return pixels.reshape(split.features.shape), moved.reshape(split.features.shape)


def test_initial_loss_is_that_of_equal_probabilities(splits: Splits, schema: Schema, default: cnn.Params) -> None:
    log = cnn.fit(splits["train"], schema, dataclasses.replace(default, epochs=1), CONTEXT).log
    assert log.metrics["expected_initial_loss"] == pytest.approx(math.log(len(schema.classes)))
    assert log.metrics["initial_loss"] == pytest.approx(math.log(len(schema.classes)), rel=0.01)


def test_overfits_a_small_batch(splits: Splits, schema: Schema, default: cnn.Params) -> None:
    small = splits["train"].take(np.arange(24))
    params = dataclasses.replace(default, epochs=80, patience=80, weight_decay=0.0, dropout=0.0, **NO_TRANSFORM)
    history = cnn.fit(small, schema, params, CONTEXT).log.history
    assert history[-1]["loss"] < 0.02 * history[0]["loss"]


def test_transformed_images_are_similar(splits: Splits, schema: Schema, default: cnn.Params) -> None:
    before, after = transform(splits["train"], schema, default)
    assert 0 <= float(after.min()) <= float(after.max()) <= 1
    assert float(after.sum() / before.sum()) == pytest.approx(1, abs=0.1)
    assert not torch.equal(after, before)


def test_zero_parameters_leave_images_unchanged(splits: Splits, schema: Schema, default: cnn.Params) -> None:
    """A sampling grid that is off by half a pixel would blur all images."""
    before, after = transform(splits["train"], schema, dataclasses.replace(default, **NO_TRANSFORM))
    torch.testing.assert_close(after, before, atol=1e-3, rtol=0)


def test_rotation_does_not_distort_wide_images(default: cnn.Params) -> None:
    spec = ImageSpec(height=16, width=48)
    square = torch.zeros(64, 16, 48)
    square[:, 5:11, 21:27] = 1
    params = dataclasses.replace(default, **(NO_TRANSFORM | {"degrees": 45.0}))
    (moved,) = cnn.RandomTransform(spec, params)((square.reshape(64, -1),), torch.Generator().manual_seed(0))
    rotated = moved.reshape(64, 16, 48)
    torch.testing.assert_close(rotated.sum(dim=(1, 2)), torch.full((64,), 36.0), atol=1.5, rtol=0)
    y, x = torch.meshgrid(torch.arange(16.0) - 7.5, torch.arange(48.0) - 23.5, indexing="ij")
    y_moment, x_moment = ((rotated * axis.square()).sum(dim=(1, 2)) for axis in (y, x))
    torch.testing.assert_close(y_moment, x_moment, rtol=0.05, atol=0)


def test_horizontal_flip_mirrors_about_half_of_the_images(splits: Splits, schema: Schema, default: cnn.Params) -> None:
    before, after = transform(
        splits["train"], schema, dataclasses.replace(default, horizontal_flip=True, **NO_TRANSFORM)
    )
    same, mirrored = ((after - expected).abs().amax(dim=(1, 2, 3)) < 1e-3 for expected in (before, before.flip(2)))
    assert bool((same | mirrored).all())
    assert 0.3 < float(mirrored.float().mean()) < 0.7


def test_interrupted_training_resumes_with_the_same_result(
    splits: Splits, schema: Schema, default: cnn.Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params, context = dataclasses.replace(default, epochs=4, patience=4), TrainingContext(0, tmp_path)
    whole = cnn.fit(splits["train"], schema, params, CONTEXT)
    epochs: list[int] = []

    def interrupt(_trial: object, epoch: int, _loss: float) -> None:
        epochs.append(epoch)
        if epoch == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(network, "report_epoch", interrupt)
    with pytest.raises(KeyboardInterrupt):
        cnn.fit(splits["train"], schema, params, context)
    resumed = cnn.fit(splits["train"], schema, params, context)
    assert epochs == [1, 2, 3, 4]
    assert resumed.log.history == whole.log.history
    np.testing.assert_array_equal(resumed.predict(splits["test"].features), whole.predict(splits["test"].features))
    assert not list(tmp_path.iterdir())


def test_batches_predict_the_same_as_one_batch(
    splits: Splits, schema: Schema, default: cnn.Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = cnn.fit(splits["train"], schema, dataclasses.replace(default, epochs=1), CONTEXT)
    together = model.predict(splits["test"].features)
    monkeypatch.setattr(cnn, "BATCH_SIZE", 7)
    np.testing.assert_allclose(model.predict(splits["test"].features), together, atol=1e-6)
