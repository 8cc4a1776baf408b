"""The network starts where it should, learns, learns nothing from nonsense, survives an interruption, and exports."""

import dataclasses
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from .package import data, metrics, models, params, serving

Splits = dict[str, data.Split]
MAE = metrics.FORECAST["mae"]
# Only projects with a network have these two, so `package` cannot name them for all.
deep: Any = import_module(f"{data.__package__}.deep")
fitting: Any = import_module(f"{data.__package__}.fitting")


def changed(turned: params.Params, **values: Any) -> params.Train:
    assert turned.train.deep is not None
    return dataclasses.replace(turned.train, deep=dataclasses.replace(turned.train.deep, **values))


def every_eighth(part: data.Split) -> data.Split:
    return data.Split(part.features.iloc[::8], part.target.iloc[::8])


def test_the_expected_loss_is_that_of_the_normal_distribution() -> None:
    generator = torch.Generator().manual_seed(0)
    target = torch.randn(200_000, 1, generator=generator)
    quantiles = torch.tensor([-1.2815516, 0.0, 1.2815516]).expand(len(target), 1, 3)
    assert float(deep.pinball(quantiles, target)) == pytest.approx(deep.expected_loss(), rel=0.01)


def test_the_loss_before_any_step_is_the_expected_one(
    splits: Splits, schema: data.Schema, turned: params.Params
) -> None:
    model = deep.fit(splits["train"], schema, changed(turned, epochs=1))
    assert model.facts["expected_initial_loss"] == pytest.approx(deep.expected_loss())
    assert model.facts["initial_loss"] == pytest.approx(model.facts["expected_initial_loss"], rel=0.1)


def test_what_it_learns_from_has_mean_zero_and_spread_one(splits: Splits, schema: data.Schema) -> None:
    scores, rows, check = deep.rows_of(splits["train"], schema)
    assert float(rows.target.mean()) == pytest.approx(0, abs=1e-4)
    assert float(rows.target.std()) == pytest.approx(1, abs=0.05)
    history, target = deep.tensor_of(splits["train"].features), torch.tensor(splits["train"].target.to_numpy())
    back = scores.back(history, scores.of(history, target)[:, :, None].expand(-1, -1, 3))
    np.testing.assert_allclose(back[:, :, 1], target, atol=1e-3)
    assert len(check) > 20


def test_the_steps_that_tell_when_to_stop_are_none_that_it_learns_from(splits: Splits, schema: data.Schema) -> None:
    _, rows, check = deep.rows_of(splits["train"], schema)
    origins = splits["train"].target.index
    learnt, held_out = origins[len(rows) - 1], origins[len(origins) - len(check)]
    assert learnt + splits["train"].target.shape[1] < held_out + 1


def test_a_tiny_batch_is_learnt_by_heart(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    """A network that cannot is not connected to its inputs or its targets."""
    scores, rows, _ = deep.rows_of(splits["train"], schema)
    few = rows.at(torch.arange(0, len(rows), 16))
    fitting.seeded(0)
    network = deep.Network(scores.horizon, schema.season, (1.0, 5.0), params.Deep(32, 0.0, 1, 2, 0.1, 0.0, 1))
    recipe = fitting.Recipe(epochs=400, batch_size=8, learning_rate=0.02, weight_decay=0.0, patience=400, seed=0)
    history = fitting.fit_network(network, few, few, deep.pinball, recipe)
    assert min(record["check_loss"] for record in history) < 0.1 * history[0]["check_loss"]


def test_shuffled_targets_teach_nothing(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    """What comes after a history, given to another one: what is left to say is the quantiles of everyone."""
    scores, rows, check = deep.rows_of(splits["train"], schema)
    losses = {}
    for name, order in (("honest", torch.arange(len(rows))), ("shuffled", torch.randperm(len(rows)))):
        fitting.seeded(0)
        network = deep.Network(scores.horizon, schema.season, (1.0, 5.0), params.Deep(16, 0.0, 1, 2, 0.1, 0.0, 1))
        recipe = fitting.Recipe(epochs=30, batch_size=32, learning_rate=0.01, weight_decay=0.01, patience=30, seed=0)
        history = fitting.fit_network(
            network, fitting.Rows(rows.inputs, rows.target[order]), check, deep.pinball, recipe
        )
        losses[name] = min(record["check_loss"] for record in history) / history[0]["check_loss"]
    assert losses["shuffled"] > 0.9
    assert losses["honest"] < losses["shuffled"]


def test_an_interrupted_training_ends_in_the_same_weights(
    splits: Splits, schema: data.Schema, turned: params.Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = every_eighth(splits["train"])
    whole = deep.fit(few, schema, turned.train)
    checkpoint = tmp_path / "checkpoint.pt"

    def interrupted(self: Any, path: Path | None, mark: str, epoch: int) -> None:
        save(self, path, mark, epoch)
        if epoch == 2:
            raise KeyboardInterrupt

    save = fitting._Run.save
    with monkeypatch.context() as patch:
        patch.setattr(fitting._Run, "save", interrupted)
        with pytest.raises(KeyboardInterrupt):
            deep.fit(few, schema, turned.train, checkpoint)
    assert checkpoint.exists()
    resumed = deep.fit(few, schema, turned.train, checkpoint)
    assert not checkpoint.exists()
    assert resumed.history == whole.history
    for name, weights in whole.served.state_dict().items():
        assert torch.equal(weights, resumed.served.state_dict()[name]), name


def test_same_seed_same_model(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    few, features = every_eighth(splits["train"]), splits["test"].features
    next_seed = dataclasses.replace(turned.train, seed=turned.train.seed + 1)
    once, again, other = (
        deep.fit(few, schema, one).predict(features) for one in (turned.train, turned.train, next_seed)
    )
    np.testing.assert_array_equal(once, again)
    assert (once != other).any()


def test_the_export_answers_like_the_network_on_the_whole_test_split(
    splits: Splits, schema: data.Schema, turned: params.Params
) -> None:
    model = deep.fit(splits["train"], schema, turned.train)
    exported, features = model.export_onnx(), splits["test"].features
    trained, served = model.predict(features), models.predict_onnx(exported, features, schema)
    np.testing.assert_allclose(trained, served, rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(models.predict_onnx(exported, features[:1], schema), served[:1], atol=1e-3)


def test_its_quantiles_never_cross(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    wild = splits["test"].features + np.random.default_rng(0).normal(scale=20, size=splits["test"].features.shape)
    answers = deep.fit(every_eighth(splits["train"]), schema, turned.train).predict(wild)
    assert (np.diff(answers, axis=2) >= 0).all()


def test_serving_needs_no_pytorch() -> None:
    code = f"import sys, {serving.__name__}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
