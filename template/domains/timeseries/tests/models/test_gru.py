"""The network starts at the expected loss, learns, resumes and is reproducible."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from project_package.config import Params
from project_package.data.schema import Schema
from project_package.data.splits import Split
from project_package.models import gru, network
from project_package.models.base import TrainingContext, hyperparameters
from project_package.models.network import Batch, TrainingSetup, seed_torch, train_network

Splits = dict[str, Split]


@pytest.fixture
def settings(params: Params) -> gru.Params:
    return hyperparameters("gru", params.train)  # type: ignore[no-any-return]


@pytest.fixture
def few(splits: Splits) -> Split:
    """Every eighth training window."""
    return Split(splits["train"].features.iloc[::8], splits["train"].target.iloc[::8])


def test_expected_initial_loss_is_that_of_the_normal_distribution() -> None:
    target = torch.randn(200_000, 1, generator=torch.Generator().manual_seed(0))
    quantiles = torch.tensor([-1.2815516, 0.0, 1.2815516]).expand(len(target), 1, 3)
    assert float(gru.pinball_loss(quantiles, target)) == pytest.approx(gru.expected_initial_loss(), rel=0.01)


def test_initial_loss_is_the_expected_one(splits: Splits, schema: Schema, settings: gru.Params) -> None:
    one_epoch = dataclasses.replace(settings, epochs=1)
    metrics = gru.fit(splits["train"], schema, one_epoch, TrainingContext(seed=0)).log.metrics
    assert metrics["expected_initial_loss"] == pytest.approx(gru.expected_initial_loss())
    assert metrics["initial_loss"] == pytest.approx(gru.expected_initial_loss(), rel=0.1)


def test_scaled_target_has_mean_0_and_standard_deviation_1(splits: Splits, schema: Schema) -> None:
    scaler, batch, held_out = gru.training_batches(splits["train"], schema)
    assert float(batch.target.mean()) == pytest.approx(0, abs=1e-4)
    assert float(batch.target.std()) == pytest.approx(1, abs=0.05)
    assert len(held_out) > 20
    history, target = gru.to_tensor(splits["train"].features), torch.tensor(splits["train"].target.to_numpy())
    scaled = scaler.transform(history, target)[:, :, None].expand(-1, -1, 3)
    np.testing.assert_allclose(scaler.inverse_transform(history, scaled)[:, :, 1], target, atol=1e-3)


def test_held_out_steps_are_not_trained_on(splits: Splits, schema: Schema) -> None:
    _, batch, held_out = gru.training_batches(splits["train"], schema)
    origins, horizon = splits["train"].target.index, splits["train"].target.shape[1]
    assert origins[len(batch) - 1] + horizon < origins[len(origins) - len(held_out)] + 1


def relative_loss(batch: Batch, held_out: Batch, season: int, settings: gru.Params) -> float:
    """Return the lowest held-out loss of a training, relative to the initial one."""
    seed_torch(0)
    network = gru.Network(batch.inputs[0], batch.target.shape[1], season, settings)
    setup = TrainingSetup(settings, gru.pinball_loss)
    losses = [epoch["check_loss"] for epoch in train_network(network, batch, held_out, setup, TrainingContext(0))]
    return min(losses) / losses[0]


def test_overfits_a_small_batch(splits: Splits, schema: Schema) -> None:
    """A network that cannot is not connected to its inputs or its target."""
    _, batch, _ = gru.training_batches(splits["train"], schema)
    small = batch.select(torch.arange(0, len(batch), 16))
    settings = gru.Params(
        hidden_size=32, dropout=0.0, epochs=400, batch_size=8, learning_rate=0.02, weight_decay=0.0, patience=400
    )
    assert relative_loss(small, small, schema.season, settings) < 0.1


def test_shuffled_targets_teach_nothing(splits: Splits, schema: Schema) -> None:
    _, batch, held_out = gru.training_batches(splits["train"], schema)
    settings = gru.Params(
        hidden_size=16, dropout=0.0, epochs=30, batch_size=32, learning_rate=0.01, weight_decay=0.01, patience=30
    )
    order = torch.randperm(len(batch), generator=torch.Generator().manual_seed(0))
    shuffled = relative_loss(Batch(batch.inputs, batch.target[order]), held_out, schema.season, settings)
    assert shuffled > 0.9
    assert relative_loss(batch, held_out, schema.season, settings) < shuffled


def test_interrupted_training_resumes_to_the_same_weights(
    few: Split, schema: Schema, settings: gru.Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_trial: object, epoch: int, _loss: float) -> None:
        if epoch == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(network, "report_epoch", interrupt)
        with pytest.raises(KeyboardInterrupt):
            gru.fit(few, schema, settings, TrainingContext(0, tmp_path))
    assert list(tmp_path.iterdir())
    resumed = gru.fit(few, schema, settings, TrainingContext(0, tmp_path))
    assert not list(tmp_path.iterdir())
    whole = gru.fit(few, schema, settings, TrainingContext(0))
    assert resumed.log.history == whole.log.history
    for name, weights in whole.served.state_dict().items():
        assert torch.equal(weights, resumed.served.state_dict()[name]), name


def test_predictions_depend_on_the_seed_only(splits: Splits, few: Split, schema: Schema, settings: gru.Params) -> None:
    first, second, other = (
        gru.fit(few, schema, settings, TrainingContext(seed)).predict(splits["test"].features) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


def test_quantiles_never_cross(splits: Splits, few: Split, schema: Schema, settings: gru.Params) -> None:
    features = splits["test"].features
    noisy = features + np.random.default_rng(0).normal(scale=20, size=features.shape)
    quantiles = gru.fit(few, schema, settings, TrainingContext(0)).predict(noisy)
    assert (np.diff(quantiles, axis=2) >= 0).all()
