"""Bugs that crash nothing and ruin everything: a leak, a turned picture, a model that is not the trained one."""

import dataclasses
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from .package import data, metrics, models, params, serving

Splits = dict[str, data.Split]
ACCURACY = metrics.CLASSIFICATION["accuracy"]


def right(model: Any, pictures: data.Pictures, split: data.Split, schema: data.Schema) -> float:
    return ACCURACY.score(data.encode_target(split.target, schema), models.predict(model, pictures))


def served(predictor: serving.Predictor, pictures: data.Pictures, split: data.Split, schema: data.Schema) -> float:
    return ACCURACY.score(data.encode_target(split.target, schema), predictor.scores(pictures))


def test_shuffled_labels_teach_nothing(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    """A model that still scores well has seen the answers by another way."""
    scores = []
    for seed in range(3):
        target = np.random.default_rng(seed).permutation(splits["train"].target)
        model = models.fit("shallow", dataclasses.replace(splits["train"], target=target), schema, turned.train)
        scores.append(right(model, splits["test"].features, splits["test"], schema))
    assert np.mean(scores) < 0.2
    honest = models.fit("shallow", splits["train"], schema, turned.train)
    assert right(honest, splits["test"].features, splits["test"], schema) > 0.9


def test_a_tiny_batch_is_learnt_by_heart(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    """A model that cannot is not connected to its inputs or its labels."""
    tiny = data.Split(splits["train"].features[:24], splits["train"].target[:24])
    labels = dataclasses.replace(schema.target, choices=tuple(sorted(set(tiny.target.tolist()))))
    eager = dataclasses.replace(turned.train, shallow=params.Shallow(C=100.0, max_iter=1000))
    model = models.fit("shallow", tiny, schema, eager)
    assert right(model, tiny.features, tiny, dataclasses.replace(schema, target=labels)) == 1


def test_no_picture_is_in_two_splits_and_none_is_nearly(
    splits: Splits, schema: data.Schema, turned: params.Params
) -> None:
    every = data.Split(
        np.concatenate([part.features for part in splits.values()]),
        np.concatenate([part.target for part in splits.values()]),
    )
    assert len(np.unique(models.flat(every.features), axis=0)) == len(every.target)
    assert len(data.first_of_its_kind(every.features, turned.prepare.apart)) == len(every.target)


def test_the_served_model_is_the_trained_one(
    predictor: serving.Predictor, splits: Splits, schema: data.Schema, turned: params.Params
) -> None:
    """Trained, exported, hashed, loaded, asked by way of a picture file as the demo asks: the same answers."""
    model = models.fit(predictor.champion.record["model"], splits["train"], schema, turned.train)
    pictures = splits["test"].features
    read = [predictor.read(file_of(picture)).counts for picture in pictures]
    np.testing.assert_allclose(predictor.scores(np.stack(read)), models.predict(model, pictures), atol=1e-5)


def file_of(picture: data.Pictures) -> bytes:
    """The picture as a file that a person could send."""
    buffer = io.BytesIO()
    serving.to_picture(picture, 16).save(buffer, "PNG")
    return buffer.getvalue()


def test_scores_are_of_the_served_model(predictor: serving.Predictor, splits: Splits, schema: data.Schema) -> None:
    """What the README claims is what these bytes score."""
    answers = predictor.scores(splits["test"].features)
    target = data.encode_target(splits["test"].target, schema)
    for name, metric in metrics.metrics_for(schema.task).items():
        claimed = predictor.champion.record["metrics"][name]["value"]
        scaled = answers / answers.sum(axis=1, keepdims=True)
        assert metric.score(target, scaled) == pytest.approx(claimed, rel=1e-4), name


def test_turned_pictures_are_read_worse(predictor: serving.Predictor, splits: Splits, schema: data.Schema) -> None:
    """Where rows and columns were swapped on the way, every shape would still fit; the score would not."""
    test = splits["test"]
    upright = served(predictor, test.features, test, schema)
    assert upright > 0.9
    assert served(predictor, test.features.transpose(0, 2, 1), test, schema) < 0.6
    assert served(predictor, test.features[:, ::-1], test, schema) < 0.7
    assert served(predictor, test.features[:, :, ::-1], test, schema) < 0.7


def test_counts_are_not_shares(predictor: serving.Predictor, splits: Splits, schema: data.Schema) -> None:
    """A picture scaled to 0 to 1 twice crashes nothing."""
    test = splits["test"]
    shares = (test.features / 16).astype(np.float32)
    assert served(predictor, shares, test, schema) < served(predictor, test.features, test, schema) - 0.1


def test_a_little_more_ink_changes_little(predictor: serving.Predictor, splits: Splits, schema: data.Schema) -> None:
    test = splits["test"]
    more, less = test.features.copy(), test.features.copy()
    more[more > 0] = np.minimum(more[more > 0] + 1, 16)
    less[less > 1] -= 1
    for changed in (more, less):
        assert served(predictor, changed, test, schema) > served(predictor, test.features, test, schema) - 0.04


def test_a_small_turn_changes_little(predictor: serving.Predictor, splits: Splits, schema: data.Schema) -> None:
    """By 6 degrees, as a sheet lies on a table; by 90 it is another digit."""
    test = splits["test"]

    def turned_by(angle: float) -> data.Pictures:
        pictures = [Image.fromarray(picture).rotate(angle, Image.Resampling.BILINEAR) for picture in test.features]
        return np.stack([np.asarray(picture, dtype=np.float32) for picture in pictures])

    assert served(predictor, turned_by(6), test, schema) > served(predictor, test.features, test, schema) - 0.06
    assert served(predictor, turned_by(90), test, schema) < 0.6


def test_no_single_cell_is_the_answer(splits: Splits, schema: data.Schema) -> None:
    target = data.encode_target(splits["train"].target, schema)
    cells = models.flat(splits["train"].features)
    for cell in cells.T:
        best = sum(np.bincount(target[cell == count]).max() for count in np.unique(cell))
        assert best < 0.6 * len(target), "one cell gives the answer away"


def test_the_order_of_the_pictures_is_no_input(predictor: serving.Predictor, splits: Splits) -> None:
    pictures = splits["test"].features
    backwards = predictor.scores(pictures[::-1])
    np.testing.assert_allclose(backwards[::-1], predictor.scores(pictures), atol=1e-6)
