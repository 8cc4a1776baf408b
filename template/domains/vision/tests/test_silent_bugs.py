"""Bugs that crash nothing and ruin everything: a leak, a lost channel, a model that is not the trained one."""

import dataclasses
import io
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from .package import data, metrics, models, params, serving

pictures: Any = import_module(f"{data.__package__}.pictures")

Splits = dict[str, data.Split]
ACCURACY = metrics.CLASSIFICATION["accuracy"]


def right(model: Any, features: data.Pictures, split: data.Split, schema: data.Schema) -> float:
    return ACCURACY.score(data.encode_target(split.target, schema), models.predict(model, features))


def frequent(splits: Splits) -> float:
    """The share of the most frequent class: what is right without a look."""
    return float(np.unique(splits["train"].target, return_counts=True)[1].max() / len(splits["train"].target))


def test_shuffled_labels_teach_nothing(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    """A model that still scores well has seen the answers by another way."""
    scores = []
    for seed in range(3):
        target = np.random.default_rng(seed).permutation(splits["train"].target)
        model = models.fit("shallow", dataclasses.replace(splits["train"], target=target), schema, turned.train)
        scores.append(right(model, splits["test"].features, splits["test"], schema))
    assert np.mean(scores) < frequent(splits) + 0.15
    honest = models.fit("shallow", splits["train"], schema, turned.train)
    assert right(honest, splits["test"].features, splits["test"], schema) > frequent(splits) + 0.25


def test_a_tiny_batch_is_learnt_by_heart(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    """A model that cannot is not connected to its inputs or its labels."""
    train = splits["train"]
    rows = np.concatenate([np.flatnonzero(train.target == label)[:3] for label in schema.classes])
    tiny = data.Split(train.features[rows], train.target[rows])
    eager = dataclasses.replace(turned.train, shallow=params.Shallow(n_components=60, C=1e5))
    model = models.fit("shallow", tiny, schema, eager)
    # The machine before its distances become probabilities: three pictures of a class are too few for those.
    components, calibrated = model
    machine = calibrated.calibrated_classifiers_[0].estimator
    assert machine.predict(components.transform(models.flat(tiny.features))).tolist() == tiny.target.tolist()


def test_no_picture_is_in_two_splits_and_none_is_nearly(
    splits: Splits, schema: data.Schema, turned: params.Params
) -> None:
    every = np.concatenate([part.features for part in splits.values()])
    assert len(np.unique(models.flat(every), axis=0)) == len(every)
    np.testing.assert_array_equal(data.first_like(every, schema, turned.prepare.apart), np.arange(len(every)))


def test_copies_are_found_by_their_blocks_as_they_are_cell_by_cell(splits: Splits, schema: data.Schema) -> None:
    """The quick way leaves out no pair that the slow way finds."""
    some = splits["train"].features[:40]
    rng = np.random.default_rng(0)
    near = (some + rng.normal(0, 0.02, some.shape)).clip(0, 1).astype(np.float32)
    both = np.concatenate([some, near])
    first = data.first_like(both, schema, 0.03)
    for row in range(len(both)):
        alike = [at for at in range(row) if np.sqrt(((both[at] - both[row]) ** 2).mean()) <= 0.03]
        assert first[row] == (alike[0] if alike else row)
    assert (first[len(some) :] < len(some)).mean() > 0.9


def test_the_served_model_is_the_trained_one(
    predictor: serving.Predictor, splits: Splits, schema: data.Schema, turned: params.Params
) -> None:
    """Trained, exported, hashed, loaded, asked by way of a picture file as the demo asks: the same answers."""
    model = models.fit(predictor.champion.record["model"], splits["train"], schema, turned.train)
    features = splits["test"].features
    read = np.stack([predictor.read(file_of(picture, schema)).pixels for picture in features])
    np.testing.assert_allclose(read, features, atol=0.51 / schema.picture.maximum)
    # The cells of a file are whole numbers, those of the data are what whole numbers were averaged to.
    whole = models.predict(model, read)
    np.testing.assert_allclose(predictor.scores(read), whole, atol=1e-5)
    assert (whole.argmax(axis=1) == models.predict(model, features).argmax(axis=1)).mean() > 0.98


def file_of(picture: data.Pictures, schema: data.Schema) -> bytes:
    """The picture as a file that a person could send."""
    buffer = io.BytesIO()
    pictures.to_picture(picture, schema.picture).save(buffer, "PNG")
    return buffer.getvalue()


def test_scores_are_of_the_served_model(predictor: serving.Predictor, splits: Splits, schema: data.Schema) -> None:
    """What the README claims is what these bytes score."""
    answers = predictor.scores(splits["test"].features)
    target = data.encode_target(splits["test"].target, schema)
    for name, metric in metrics.metrics_for(schema.task).items():
        claimed = predictor.champion.record["metrics"][name]["value"]
        scaled = answers / answers.sum(axis=1, keepdims=True)
        assert metric.score(target, scaled) == pytest.approx(claimed, rel=1e-4), name


def test_every_part_of_a_picture_reaches_the_model(predictor: serving.Predictor, splits: Splits) -> None:
    """A half, or a channel, that was lost on the way crashes nothing."""
    some = splits["test"].features[:50]
    whole = predictor.scores(some)
    down, across = some.shape[1] // 2, some.shape[2] // 2
    parts = [np.s_[:, :down], np.s_[:, down:], np.s_[:, :, :across], np.s_[:, :, across:]]
    for part in [*parts, *(np.s_[..., channel] for channel in range(some.shape[3]))]:
        changed = some.copy()
        changed[part] = 1 - changed[part]
        assert np.abs(predictor.scores(changed) - whole).max() > 0.01


def test_the_order_of_the_pictures_is_no_input(predictor: serving.Predictor, splits: Splits) -> None:
    features = splits["test"].features
    backwards = predictor.scores(features[::-1])
    np.testing.assert_allclose(backwards[::-1], predictor.scores(features), atol=1e-6)
