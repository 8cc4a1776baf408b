"""What goes wrong with networks without a word: a first loss that is off, inputs not connected, a false resume."""

import dataclasses
import math
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from .package import champion, data, models, params, serving, train

pictures: Any = import_module(f"{data.__package__}.pictures")

Splits = dict[str, data.Split]


def network(turned: params.Params, **changed: Any) -> params.Train:
    """The parameters of training, with some of the network's changed."""
    assert turned.train.deep is not None
    return dataclasses.replace(turned.train, deep=dataclasses.replace(turned.train.deep, **changed))


def right(model: Any, split: data.Split, schema: data.Schema) -> float:
    answers = models.predict(model, split.features).argmax(axis=1)
    return float((answers == data.encode_target(split.target, schema)).mean())


def test_first_loss_is_that_of_knowing_nothing(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    facts = models.fit("deep", splits["train"], schema, network(turned, epochs=1)).facts
    assert facts["expected_initial_loss"] == pytest.approx(math.log(len(schema.classes)))
    assert facts["initial_loss"] == pytest.approx(math.log(len(schema.classes)), rel=0.01)


def test_a_tiny_batch_is_learnt_by_heart(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    tiny = data.Split(splits["train"].features[:24], splits["train"].target[:24])
    still = {"shift": 0.0, "turn": 0.0, "stretch": 0.0, "slant": 0.0, "brightness": 0.0, "dropout": 0.0}
    eager = network(turned, epochs=80, patience=80, weight_decay=0.0, **still)
    history = models.fit("deep", tiny, schema, eager).history
    assert history[-1]["loss"] < 0.02 * history[0]["loss"]


def test_shuffled_labels_teach_nothing(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    shuffled = np.random.default_rng(0).permutation(splits["train"].target)
    honest = models.fit("deep", splits["train"], schema, turned.train)
    misled = models.fit("deep", dataclasses.replace(splits["train"], target=shuffled), schema, turned.train)
    frequent = np.unique(splits["train"].target, return_counts=True)[1].max() / len(splits["train"].target)
    assert right(misled, splits["test"], schema) < frequent + 0.2
    assert right(honest, splits["test"], schema) > frequent + 0.3


def test_jiggled_pictures_are_still_pictures(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    deep = import_module(f"{models.__package__}.deep")

    assert turned.train.deep is not None
    cells = deep.rows_of(splits["train"], schema).inputs
    (moved,) = deep.Jiggle(schema.picture, turned.train.deep)(cells, torch.Generator().manual_seed(0))
    assert moved.shape == cells[0].shape
    assert 0 <= float(moved.min()) <= float(moved.max()) <= 1
    assert float(moved.sum() / cells[0].sum()) == pytest.approx(1, abs=0.1)
    assert not torch.equal(moved, cells[0])


def test_without_anything_to_turn_pictures_stay(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    """A grid that is off by half a cell would blur every picture, and training would hardly suffer."""
    deep = import_module(f"{models.__package__}.deep")

    still = network(turned, shift=0.0, turn=0.0, stretch=0.0, slant=0.0, brightness=0.0).deep
    assert still is not None
    cells = deep.rows_of(splits["train"], schema).inputs
    (moved,) = deep.Jiggle(schema.picture, still)(cells, torch.Generator().manual_seed(0))
    torch.testing.assert_close(moved, cells[0], atol=1e-3, rtol=0)


def test_a_turned_picture_keeps_its_shape_on_a_long_grid(turned: params.Params) -> None:
    """Where the sides are counted from -1 to 1, an angle of one side is another of the other."""
    deep = import_module(f"{models.__package__}.deep")
    grid = pictures.Grid(height=16, width=48)
    squares = torch.zeros(64, 16, 48, 1)
    squares[:, 5:11, 21:27] = 1
    only = network(turned, shift=0.0, turn=45.0, stretch=0.0, slant=0.0, brightness=0.0).deep
    (moved,) = deep.Jiggle(grid, only)((squares.reshape(64, -1),), torch.Generator().manual_seed(0))
    shares = moved.reshape(64, 16, 48)
    torch.testing.assert_close(shares.sum(dim=(1, 2)), torch.full((64,), 36.0), atol=1.5, rtol=0)
    down, across = torch.meshgrid(torch.arange(16.0) - 7.5, torch.arange(48.0) - 23.5, indexing="ij")
    high, wide = ((shares * part.square()).sum(dim=(1, 2)) for part in (down, across))
    torch.testing.assert_close(high, wide, rtol=0.05, atol=0)


def test_many_pictures_are_answered_like_few(
    splits: Splits, schema: data.Schema, turned: params.Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = import_module(f"{models.__package__}.deep")
    model, features = models.fit("deep", splits["train"], schema, network(turned, epochs=1)), splits["test"].features
    exported = models.export_onnx(model, schema)
    together = models.predict(model, features), models.predict_onnx(exported, features, schema)
    for module in (deep, models):
        monkeypatch.setattr(module, "BATCH", 7)
    apart = models.predict(model, features), models.predict_onnx(exported, features, schema)
    np.testing.assert_allclose(apart, together, atol=1e-6)


def test_a_mirrored_picture_is_mirrored_whole(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    deep = import_module(f"{models.__package__}.deep")

    still = network(turned, shift=0.0, turn=0.0, stretch=0.0, slant=0.0, brightness=0.0, mirror=True).deep
    assert still is not None
    cells = deep.rows_of(splits["train"], schema).inputs
    (moved,) = deep.Jiggle(schema.picture, still)(cells, torch.Generator().manual_seed(0))
    shape = (-1, *schema.picture.shape)
    before, after = cells[0].reshape(shape), moved.reshape(shape)
    same, mirrored = ((after - one).abs().amax(dim=(1, 2, 3)) < 1e-3 for one in (before, before.flip(2)))
    assert bool((same | mirrored).all())
    assert 0.3 < float(mirrored.float().mean()) < 0.7


def test_an_interrupted_training_ends_where_the_other_does(
    splits: Splits, schema: data.Schema, turned: params.Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = network(turned, epochs=4, patience=4)
    whole = models.fit("deep", splits["train"], schema, few)
    checkpoint = tmp_path / "deep.pt"
    load, saved = torch.save, []

    def interrupted(state: Any, path: Path) -> None:
        load(state, path)
        saved.append(state["epoch"])
        if len(saved) == 2:
            Path(path).replace(checkpoint)  # written; then the power goes
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", interrupted)
        with pytest.raises(KeyboardInterrupt):
            models.fit("deep", splits["train"], schema, few, checkpoint)
    resumed = models.fit("deep", splits["train"], schema, few, checkpoint)
    assert saved == [1, 2]
    assert resumed.history == whole.history
    features = splits["test"].features
    np.testing.assert_array_equal(models.predict(resumed, features), models.predict(whole, features))
    assert not checkpoint.exists()


def test_every_test_picture_is_answered_alike_by_the_export(
    splits: Splits, schema: data.Schema, turned: params.Params
) -> None:
    model = models.fit("deep", splits["train"], schema, network(turned, epochs=3))
    exported = train.canonical(models.export_onnx(model, schema))
    assert models.export_difference(model, exported, splits["test"].features, schema) < 1e-5
    assert champion.sha256(exported) == champion.sha256(train.canonical(models.export_onnx(model, schema)))
    assert np.ptp(models.predict_onnx(exported, splits["test"].features, schema), axis=0).max() > 0


def test_serving_needs_no_pytorch() -> None:
    code = f"import sys, {serving.__name__}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
