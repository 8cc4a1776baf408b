"""Bugs that raise no error: leaks, lost channels, a served model that is not the trained one."""

import dataclasses

import numpy as np
import pytest

from digit_reader.config import Params
from digit_reader.data.duplicates import find_duplicates
from digit_reader.data.schema import Schema
from digit_reader.data.splits import Split, encode_target
from digit_reader.evaluation.metrics import METRICS
from digit_reader.models import svm
from digit_reader.models.base import Model, TrainingContext, fit_model
from digit_reader.models.sklearn_model import flatten
from digit_reader.serving.predictor import Predictor

from .conftest import MODELS
from .image_files import encode_pixels

Splits = dict[str, Split]
TRAINED = [name for name in MODELS if name != "baseline"]


def fit(name: str, train: Split, schema: Schema, params: Params) -> Model:
    return fit_model(name, train, schema, params.train, TrainingContext(params.train.seed))


def accuracy(model: Model, split: Split, schema: Schema) -> float:
    return float((model.predict(split.features).argmax(axis=1) == encode_target(split.target, schema)).mean())


@pytest.mark.parametrize("name", TRAINED)
def test_shuffled_labels_score_at_chance(splits: Splits, schema: Schema, params: Params, name: str) -> None:
    train, test = splits["train"], splits["test"]
    chance = np.unique(train.target, return_counts=True)[1].max() / len(train.target)
    shuffled = dataclasses.replace(train, target=np.random.default_rng(0).permutation(train.target))
    assert accuracy(fit(name, shuffled, schema, params), test, schema) < chance + 0.2
    assert accuracy(fit(name, train, schema, params), test, schema) > chance + 0.25


def test_overfits_a_small_batch(splits: Splits, schema: Schema) -> None:
    target = splits["train"].target
    small = splits["train"].take(np.concatenate([np.flatnonzero(target == label)[:3] for label in schema.classes]))
    model = svm.fit(small, schema, svm.Params(n_components=60, C=1e5), TrainingContext(seed=0))
    # Platt scaling needs more images per class, so the support vector machine is tested without it.
    components, calibrated = model.classifier
    machine = calibrated.calibrated_classifiers_[0].estimator
    assert machine.predict(components.transform(flatten(small.features))).tolist() == small.target.tolist()


def test_splits_are_disjoint(splits: Splits, schema: Schema, params: Params) -> None:
    images = np.concatenate([part.features for part in splits.values()])
    first = find_duplicates(images, schema.picture, params.prepare.duplicate_distance)
    np.testing.assert_array_equal(first, np.arange(len(images)))


def test_no_pixel_is_the_target(splits: Splits, schema: Schema) -> None:
    pixels = splits["train"].features.reshape(len(splits["train"].target), -1)
    target = encode_target(splits["train"].target, schema)
    for values in pixels[:, pixels.std(axis=0) > 0].T:
        assert abs(np.corrcoef(values, target)[0, 1]) < 0.99


def test_served_predictions_equal_trained_predictions(
    predictor: Predictor, splits: Splits, schema: Schema, params: Params
) -> None:
    model = fit(predictor.champion.record["model"], splits["train"], schema, params)
    features = splits["test"].features
    # An image file holds integers, while pixels may be means of integers.
    files = [encode_pixels(pixels, schema.picture) for pixels in features]
    uploaded = np.stack([predictor.preprocess(file).pixels for file in files])
    np.testing.assert_allclose(uploaded, features, atol=0.51 / schema.picture.maximum)
    expected = model.predict(uploaded)
    np.testing.assert_allclose(predictor.predict_proba(uploaded), expected, atol=1e-5)
    assert (expected.argmax(axis=1) == model.predict(features).argmax(axis=1)).mean() > 0.98


def test_published_scores_are_those_of_the_served_model(predictor: Predictor, splits: Splits, schema: Schema) -> None:
    probabilities = predictor.predict_proba(splits["test"].features)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    target = encode_target(splits["test"].target, schema)
    for name, metric in METRICS.items():
        published = predictor.champion.record["metrics"][name]["value"]
        assert metric.score(target, probabilities) == pytest.approx(published, rel=1e-4), name


def test_predictions_of_the_demo_are_as_good_as_published(predictor: Predictor, splits: Splits, schema: Schema) -> None:
    test = splits["test"]
    images = [predictor.preprocess(encode_pixels(pixels, schema.picture)) for pixels in test.features]
    right = [predictor.predict_pixels(image).label == truth for image, truth in zip(images, test.target, strict=True)]
    # An image file holds integers, while pixels may be means of integers.
    assert np.mean(right) == pytest.approx(predictor.champion.record["metrics"]["accuracy"]["value"], abs=0.02)


def test_every_part_of_an_image_affects_the_prediction(predictor: Predictor, splits: Splits) -> None:
    images = splits["test"].features[:50]
    before = predictor.predict_proba(images)
    down, across = images.shape[1] // 2, images.shape[2] // 2
    halves = [np.s_[:, :down], np.s_[:, down:], np.s_[:, :, :across], np.s_[:, :, across:]]
    channels = [np.s_[..., channel] for channel in range(images.shape[3])]
    for part in [*halves, *channels]:
        changed = images.copy()
        changed[part] = 1 - changed[part]
        assert np.abs(predictor.predict_proba(changed) - before).max() > 0.01
