"""The transformer: initial loss, overfitting, shuffled labels, resuming, padding, held-out groups."""

import math
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
import torch

from project_package.config import Params
from project_package.data.cleaning import words_of
from project_package.data.schema import Schema
from project_package.data.splits import Split, encode_target
from project_package.models import transformer
from project_package.models.base import TrainingContext, hyperparameters
from project_package.serving import predictor

Splits = dict[str, Split]


@pytest.fixture(scope="module")
def small(params: Params) -> transformer.Params:
    """The hyperparameters of the small project."""
    loaded: transformer.Params = hyperparameters("transformer", params.train)
    return loaded


@pytest.fixture(scope="module")
def trained(splits: Splits, schema: Schema, small: transformer.Params) -> transformer.TransformerModel:
    return transformer.fit(splits["train"], schema, small, TrainingContext(0))


def sample(split: Split, rows: int) -> Split:
    chosen = split.features.sample(rows, random_state=0).index
    return replace(split, features=split.features.loc[chosen], target=split.target.loc[chosen])


def test_initial_loss_is_that_of_equal_probabilities(trained: transformer.TransformerModel, schema: Schema) -> None:
    assert trained.log.metrics["initial_loss"] == pytest.approx(math.log(len(schema.classes)), abs=0.02)


def test_overfits_a_small_batch(splits: Splits, schema: Schema, small: transformer.Params) -> None:
    unregularized = replace(small, dropout=0.0, word_dropout=0.0, weight_decay=0.0)
    long = replace(unregularized, epochs=200, patience=200, batch_size=32, learning_rate=0.01)
    history = transformer.fit(sample(splits["train"], 24), schema, long, TrainingContext(0)).log.history
    assert history[-1]["loss"] < 0.02 * history[0]["loss"]


def test_shuffled_labels_score_at_chance(
    trained: transformer.TransformerModel, splits: Splits, schema: Schema, small: transformer.Params
) -> None:
    train, test = splits["train"], splits["test"]
    labels = train.target.sample(frac=1, random_state=0).set_axis(train.target.index)
    shuffled = transformer.fit(replace(train, target=labels), schema, small, TrainingContext(0))
    truth = encode_target(test.target, schema)
    accuracy, chance = (
        float((model.predict(test.features).argmax(axis=1) == truth).mean()) for model in (trained, shuffled)
    )
    majority = float(test.target.value_counts(normalize=True).max())
    deviation = 3 * math.sqrt(majority * (1 - majority) / len(truth))
    assert chance < majority + deviation
    assert accuracy > majority + max(0.15, deviation)


def test_padding_is_ignored(trained: transformer.TransformerModel, splits: Splits, schema: Schema) -> None:
    words = words_of(splits["test"].features["text"].iloc[0], schema)[:5]
    tokens = torch.tensor([trained.tokenizer.encode(" ".join(words)).ids])
    assert (tokens == 0).any()
    weight: Any = trained.network.token_embedding.weight
    with torch.no_grad():
        before = trained.network.eval()(tokens)
        weight[0] += 5
        after = trained.network(tokens)
        weight[0] -= 5
    torch.testing.assert_close(before, after)


def test_held_out_texts_are_whole_groups(splits: Splits, small: transformer.Params) -> None:
    groups, fraction = splits["train"].features["group"], small.validation_fraction
    held_out = transformer.hold_out_groups(groups, fraction, seed=0)
    assert not set(groups[held_out]) & set(groups[~held_out])
    assert fraction - groups.value_counts(normalize=True).max() <= held_out.mean() <= fraction


@pytest.mark.parametrize(
    ("groups", "count"),
    [
        (["a", "b"], 1),  # at least one group
        (["a"] * 20, 2),  # a single group: texts one by one
        (["large"] * 70 + [f"small {number}" for number in range(30)], 10),
    ],
)
def test_groups_are_held_out_up_to_the_fraction(groups: list[str], count: int) -> None:
    for seed in range(20):
        assert transformer.hold_out_groups(pd.Series(groups), 0.1, seed).sum() == count


def test_d_model_must_be_divisible_by_nhead(small: transformer.Params) -> None:
    with pytest.raises(ValueError, match=r"d_model \(10\) must be divisible by nhead \(4\)"):
        replace(small, d_model=10, nhead=4)


def test_serving_does_not_import_pytorch() -> None:
    code = f"import sys, {predictor.__name__}; print('torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
