"""What goes wrong with networks without a word: a first loss that is off, inputs not connected, a false resume."""

import dataclasses
import math
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from .package import champion, data, models, params, serving, train

Splits = dict[str, data.Split]


def network(turned: params.Params, **changed: Any) -> params.Train:
    """The parameters of training, with some of the network's changed."""
    assert turned.train.deep is not None
    return dataclasses.replace(turned.train, deep=dataclasses.replace(turned.train.deep, **changed))


def some(split: data.Split, rows: int) -> data.Split:
    """Some of the texts, drawn at random."""
    chosen = split.features.sample(rows, random_state=0).index
    return dataclasses.replace(split, features=split.features.loc[chosen], target=split.target.loc[chosen])


@pytest.fixture(scope="module")
def honest(splits: Splits, schema: data.Schema, turned: params.Params) -> Any:
    """The network of the small project."""
    return models.fit("deep", splits["train"], schema, turned.train)


def test_first_loss_is_that_of_knowing_nothing(honest: Any, schema: data.Schema) -> None:
    assert honest.facts["expected_initial_loss"] == pytest.approx(math.log(len(schema.classes)))
    assert honest.facts["initial_loss"] == pytest.approx(math.log(len(schema.classes)), abs=0.02)


def test_a_tiny_batch_is_learnt_by_heart(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    eager = network(
        turned,
        epochs=200,
        patience=200,
        batch_size=32,
        learning_rate=0.01,
        dropout=0.0,
        word_dropout=0.0,
        weight_decay=0.0,
    )
    history = models.fit("deep", some(splits["train"], 24), schema, eager).history
    assert history[-1]["loss"] < 0.02 * history[0]["loss"]


def test_shuffled_labels_teach_nothing(honest: Any, splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    target = splits["train"].target.sample(frac=1, random_state=0).set_axis(splits["train"].target.index)
    shuffled = models.fit("deep", dataclasses.replace(splits["train"], target=target), schema, turned.train)
    truth = data.encode_target(splits["test"].target, schema)
    right, noise = (
        float((models.predict(model, splits["test"].features).argmax(axis=1) == truth).mean())
        for model in (honest, shuffled)
    )
    most = float(splits["test"].target.value_counts(normalize=True).max())
    by_chance = 3 * math.sqrt(most * (1 - most) / len(truth))
    assert noise < most + by_chance
    assert right > most + max(0.15, by_chance)


def test_an_interrupted_training_ends_where_the_other_does(
    splits: Splits, schema: data.Schema, turned: params.Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few, rows = network(turned, epochs=4, patience=4), some(splits["train"], 400)
    whole = models.fit("deep", rows, schema, few)
    checkpoint = tmp_path / "deep.pt"
    save, saved = torch.save, []

    def interrupted(state: Any, path: Path) -> None:
        save(state, path)
        saved.append(state["epoch"])
        if len(saved) == 2:
            Path(path).replace(checkpoint)  # written; then the power goes
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", interrupted)
        with pytest.raises(KeyboardInterrupt):
            models.fit("deep", rows, schema, few, checkpoint)
    resumed = models.fit("deep", rows, schema, few, checkpoint)
    assert saved == [1, 2]
    assert resumed.history == whole.history
    features = splits["test"].features.head(100)
    np.testing.assert_array_equal(models.predict(resumed, features), models.predict(whole, features))
    assert not checkpoint.exists()


def test_every_test_row_is_answered_alike_by_the_export(honest: Any, splits: Splits, schema: data.Schema) -> None:
    exported = train.canonical(models.export_onnx(honest, schema))
    assert models.export_difference(honest, exported, splits["test"].features, schema) < 1e-5
    assert champion.sha256(exported) == champion.sha256(train.canonical(models.export_onnx(honest, schema)))
    assert np.ptp(models.predict_onnx(exported, splits["test"].features, schema), axis=0).max() > 0.1


def test_what_fills_up_a_row_is_not_read(honest: Any, splits: Splits, schema: data.Schema) -> None:
    """The zeros behind a few words carry nothing."""
    words = data.words_of(splits["test"].features["text"].iloc[0], schema)[:5]
    full = torch.tensor([honest.tokenizer.encode(" ".join(words)).ids])
    assert (full == 0).any()
    changed = honest.network.tokens.weight.detach().clone()
    before = honest.network.eval()(full)
    with torch.no_grad():
        honest.network.tokens.weight[0] += 5
        after = honest.network(full)
        honest.network.tokens.weight.copy_(changed)
    torch.testing.assert_close(before, after)


def test_texts_held_out_are_whole_groups(splits: Splits, turned: params.Params) -> None:
    deep = import_module(".deep", models.__package__)
    assert turned.train.deep is not None
    groups, share = splits["train"].features["group"], turned.train.deep.check_share
    held_out = deep.hold_out_groups(groups, share, seed=0)
    assert not set(groups[held_out]) & set(groups[~held_out])
    largest = groups.value_counts(normalize=True).max()
    assert share - largest <= held_out.mean() <= share
    assert (deep.hold_out_groups(pd.Series(["a", "b"]), 0.1, seed=0)).sum() == 1, "never none, never all"
    assert deep.hold_out_groups(pd.Series(["a"] * 20), 0.1, seed=0).sum() == 2, "one by one if need be"
    huge = pd.Series(["huge"] * 70 + [f"small {number}" for number in range(30)])
    for seed in range(20):
        assert deep.hold_out_groups(huge, 0.1, seed).sum() == 10, "a large group is none to hold out"


def test_serving_loads_no_pytorch() -> None:
    code = f"import sys, {serving.__name__}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_heads_that_do_not_share_the_width_are_an_error(
    splits: Splits, schema: data.Schema, turned: params.Params
) -> None:
    with pytest.raises(ValueError, match=r"the width \(10\) must be a multiple of the heads \(4\)"):
        models.fit("deep", splits["train"], schema, network(turned, width=10, heads=4))
