"""What goes wrong with networks without a word: a first loss that is off, inputs not connected, a false resume."""

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from .package import champion, data, models, params, serving, train

Splits = dict[str, data.Split]


def network(turned: params.Params, **changed: Any) -> params.Train:
    """The parameters of training, with some of the network's changed."""
    assert turned.train.deep is not None
    return dataclasses.replace(turned.train, deep=dataclasses.replace(turned.train.deep, **changed))


def test_first_loss_is_that_of_knowing_nothing(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    facts = models.fit("deep", splits["train"], schema, network(turned, epochs=1)).facts
    # ln(classes) whatever the rows; the variance, which the few rows held out estimate roughly.
    assert facts["initial_loss"] == pytest.approx(facts["expected_initial_loss"], rel=0.02 if schema.classes else 0.35)


def test_a_tiny_batch_is_learnt_by_heart(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    rows = splits["train"].features.sample(24, random_state=0).index
    tiny = data.Split(splits["train"].features.loc[rows], splits["train"].target.loc[rows])
    eager = network(turned, epochs=300, patience=300, dropout=0.0, weight_decay=0.0, hidden=[64, 64])
    history = models.fit("deep", tiny, schema, eager).history
    assert history[-1]["loss"] < 0.02 * history[0]["loss"]


def test_the_loss_falls_and_labels_matter(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    """On shuffled labels the held-out rows are guessed no better than by knowing nothing."""
    honest = models.fit("deep", splits["train"], schema, turned.train).history
    target = splits["train"].target.sample(frac=1, random_state=0).set_axis(splits["train"].target.index)
    shuffled = models.fit("deep", dataclasses.replace(splits["train"], target=target), schema, turned.train).history
    gain, noise = (1 - min(one["check_loss"] for one in h) / h[0]["check_loss"] for h in (honest, shuffled))
    assert noise < 0.15  # the best of some epochs on few rows is a little better than chance
    assert gain > noise + 0.15


def test_an_interrupted_training_ends_where_the_other_does(
    splits: Splits, schema: data.Schema, turned: params.Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = network(turned, epochs=6, patience=6)
    whole = models.fit("deep", splits["train"], schema, few)
    checkpoint = tmp_path / "deep.pt"
    load, saved = torch.save, []

    def interrupted(state: Any, path: Path) -> None:
        load(state, path)
        saved.append(state["epoch"])
        if len(saved) == 4:
            Path(path).replace(checkpoint)  # written; then the power goes
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", interrupted)
        with pytest.raises(KeyboardInterrupt):
            models.fit("deep", splits["train"], schema, few, checkpoint)
    resumed = models.fit("deep", splits["train"], schema, few, checkpoint)
    assert saved == [1, 2, 3, 4]
    assert resumed.history == whole.history
    features = splits["test"].features
    np.testing.assert_array_equal(models.predict(resumed, features), models.predict(whole, features))
    assert not checkpoint.exists()


def test_the_checkpoint_of_another_training_is_left_alone(
    splits: Splits, schema: data.Schema, turned: params.Params, tmp_path: Path
) -> None:
    checkpoint = tmp_path / "deep.pt"
    torch.save({"mark": "another", "epoch": 99}, checkpoint)
    few = network(turned, epochs=2)
    history = models.fit("deep", splits["train"], schema, few, checkpoint).history
    assert len(history) == 3


def test_every_test_row_is_answered_alike_by_the_export(
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
