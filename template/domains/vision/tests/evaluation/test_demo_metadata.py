"""The record says enough for the demo, and its pictures are pictures of the data."""

import dataclasses
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from .package import brief, data, params, serving

pictures: Any = import_module(f"{data.__package__}.pictures")

Splits = dict[str, data.Split]


def shown(example: dict[str, dict[str, str]], predictor: serving.Predictor) -> data.Pictures:
    """What the model is shown of an example."""
    read: data.Pictures = predictor.read(pictures.from_url(example["inputs"]["picture"])).pixels
    return read


def test_examples_are_test_pictures_with_their_truth(
    predictor: serving.Predictor, splits: Splits, schema: data.Schema
) -> None:
    examples = predictor.champion.record["examples"]
    frequent = {example["truth"] for example in examples[:-2]}
    assert len(frequent) == min(len(schema.classes), brief.MOST_EXAMPLES)
    known = {
        np.round(part * 255).tobytes(): truth
        for part, truth in zip(splits["test"].features, splits["test"].target, strict=True)
    }
    for example in examples:
        assert known[np.round(shown(example, predictor) * 255).tobytes()] == example["truth"]


def test_the_last_examples_are_the_hardest(predictor: serving.Predictor, splits: Splits, schema: data.Schema) -> None:
    target = data.encode_target(splits["test"].target, schema)
    scores = predictor.scores(splits["test"].features)[np.arange(len(target)), target]
    for example, row in zip(predictor.champion.record["examples"][-2:], scores.argsort()[:2], strict=True):
        np.testing.assert_allclose(shown(example, predictor), splits["test"].features[row], atol=0.5 / 255)


def test_nobody_is_shown_where_the_schema_forbids_it(
    predictor: serving.Predictor, splits: Splits, schema: data.Schema, turned: params.Params
) -> None:
    silent = dataclasses.replace(schema, examples=False)
    answers = {name: predictor.scores(part.features) for name, part in splits.items()}
    told = brief.brief_of(b"", answers, splits, silent, turned)
    assert told["examples"] == []
    default = pictures.read(pictures.from_url(told["inputs"][0]["default"]), schema.picture).pixels
    np.testing.assert_allclose(default, splits["train"].features.mean(axis=0), atol=1 / schema.picture.maximum)


def test_numbers_survive_being_written() -> None:
    counts = np.arange(12.0).reshape(3, 4)
    np.testing.assert_array_equal(serving.from_text(serving.as_text(counts)), counts)


def test_real_pictures_are_familiar_and_noise_is_not(
    predictor: serving.Predictor, splits: Splits, schema: data.Schema
) -> None:
    strange = np.array([predictor.strangeness(picture) for picture in splits["test"].features])
    assert (strange > 1).mean() < 0.1
    steps = np.random.default_rng(0).integers(0, 2, size=(50, *schema.picture.shape))
    coarse = steps[:, :: schema.picture.block, :: schema.picture.block].astype(np.float32)
    side = schema.picture.block
    checks = coarse.repeat(side, axis=1).repeat(side, axis=2)
    assert min(predictor.strangeness(picture) for picture in checks) > 1


def test_a_distance_is_to_the_nearest() -> None:
    typical = np.zeros((2, 8, 8))
    typical[1, 0, 0] = 4
    picture = np.zeros((1, 8, 8))
    picture[0, 0, 0] = 3
    assert serving.distances(picture, typical)[0] == pytest.approx(1)
