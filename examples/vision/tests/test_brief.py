"""The record says enough for the demo, and its pictures are pictures of the data."""

import numpy as np

from .package import brief, data, serving

Splits = dict[str, data.Split]


def test_examples_are_test_pictures_with_their_truth(
    predictor: serving.Predictor, splits: Splits, schema: data.Schema
) -> None:
    examples = predictor.champion.record["examples"]
    assert [example["truth"] for example in examples[: len(schema.classes)]] == list(schema.classes)
    known = {part.tobytes(): truth for part, truth in zip(splits["test"].features, splits["test"].target, strict=True)}
    for example in examples:
        assert known[serving.from_text(example["inputs"]["picture"]).tobytes()] == example["truth"]


def test_the_last_examples_are_the_hardest(predictor: serving.Predictor, splits: Splits, schema: data.Schema) -> None:
    target = data.encode_target(splits["test"].target, schema)
    scores = predictor.scores(splits["test"].features)[np.arange(len(target)), target]
    hardest = [example["inputs"]["picture"] for example in predictor.champion.record["examples"][-2:]]
    assert hardest == [brief.as_text(splits["test"].features[row]) for row in scores.argsort()[:2]]


def test_a_picture_survives_being_written(splits: Splits) -> None:
    picture = splits["test"].features[0]
    np.testing.assert_array_equal(serving.from_text(brief.as_text(picture)), picture)


def test_real_pictures_are_familiar_and_noise_is_not(predictor: serving.Predictor, splits: Splits) -> None:
    strange = np.array([predictor.strangeness(picture) for picture in splits["test"].features])
    assert (strange > 1).mean() < 0.05
    noise = np.random.default_rng(0).integers(0, 17, size=(50, 8, 8)).astype(np.float32)
    assert min(predictor.strangeness(picture) for picture in noise) > 1


def test_a_distance_is_to_the_nearest() -> None:
    typical = np.zeros((2, 8, 8), dtype=np.float32)
    typical[1, 0, 0] = 4
    picture = np.zeros((1, 8, 8), dtype=np.float32)
    picture[0, 0, 0] = 3
    assert brief.distances(picture, typical)[0] == 1
