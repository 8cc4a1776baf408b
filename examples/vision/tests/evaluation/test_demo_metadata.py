"""The demo's entries of champion.json."""

import dataclasses

import numpy as np
import pytest

from digit_reader.config import Params
from digit_reader.data.images import Pixels, decode_data_url
from digit_reader.data.novelty import center_from_text, center_to_text, distance_to_nearest
from digit_reader.data.schema import Schema
from digit_reader.data.splits import Split, encode_target
from digit_reader.evaluation.candidate import Candidate
from digit_reader.evaluation.demo_metadata import (
    MAX_ERRORS,
    MAX_EXAMPLES,
    demo_metadata,
    describe_samples,
    select_errors,
)
from digit_reader.serving.predictor import Predictor

Splits = dict[str, Split]


def example_pixels(predictor: Predictor, index: int) -> Pixels:
    url = predictor.champion.record["examples"][index]["inputs"]["picture"]
    return predictor.preprocess(decode_data_url(url)).pixels


def test_examples_are_test_images_with_their_true_class(predictor: Predictor, splits: Splits, schema: Schema) -> None:
    examples = predictor.champion.record["examples"]
    assert len({example["truth"] for example in examples[:-2]}) == min(len(schema.classes), MAX_EXAMPLES)
    test = splits["test"]
    classes = {np.round(image * 255).tobytes(): label for image, label in zip(test.features, test.target, strict=True)}
    for index, example in enumerate(examples):
        assert classes[np.round(example_pixels(predictor, index) * 255).tobytes()] == example["truth"]


def test_last_two_examples_have_the_lowest_probability(predictor: Predictor, splits: Splits, schema: Schema) -> None:
    test = splits["test"]
    probabilities = predictor.predict_proba(test.features)[
        np.arange(len(test.target)), encode_target(test.target, schema)
    ]
    for index, row in zip((-2, -1), probabilities.argsort()[:2], strict=True):
        np.testing.assert_allclose(example_pixels(predictor, index), test.features[row], atol=0.5 / 255)


def test_errors_are_wrong_predictions_the_most_confident_first(splits: Splits, schema: Schema) -> None:
    test = splits["test"]
    target = encode_target(test.target, schema)
    prediction = np.eye(len(schema.classes))[target]
    assert select_errors(test, prediction, schema) == []
    for row, confidence in ((3, 0.7), (5, 0.9)):
        prediction[row] = (1 - confidence) / (len(schema.classes) - 1)
        prediction[row, target[row] - 1] = confidence
    expected = describe_samples(test, [5, 3], schema)
    assert select_errors(test, prediction, schema) == expected
    assert len(select_errors(test, np.roll(prediction, 1, axis=1), schema)) == min(MAX_ERRORS, len(target))


def test_no_examples_if_the_schema_forbids_them(
    predictor: Predictor, splits: Splits, schema: Schema, params: Params
) -> None:
    private = dataclasses.replace(schema, examples=False)
    predictions = {name: predictor.predict_proba(part.features) for name, part in splits.items()}
    metadata = demo_metadata(Candidate(b"", predictions), None, splits, private, params)
    assert metadata["examples"] == metadata["errors"] == []
    default = predictor.preprocess(decode_data_url(metadata["inputs"][0]["default"])).pixels
    mean_image = splits["train"].features.mean(axis=0)
    np.testing.assert_allclose(default, mean_image, atol=1 / schema.picture.maximum)


def test_test_images_are_familiar_and_noise_is_novel(predictor: Predictor, splits: Splits, schema: Schema) -> None:
    assert np.mean([predictor.novelty(image) > 1 for image in splits["test"].features]) < 0.1
    down, across, channels = schema.picture.shape
    side = schema.picture.block
    blocks = np.random.default_rng(0).integers(0, 2, size=(50, down // side, across // side, channels))
    noise = blocks.repeat(side, axis=1).repeat(side, axis=2).astype(np.float32)
    assert min(predictor.novelty(image) for image in noise) > 1


def test_distance_is_that_to_the_nearest_center() -> None:
    centers, image = np.zeros((2, 8, 8)), np.zeros((1, 8, 8))
    centers[1, 0, 0], image[0, 0, 0] = 4, 3
    assert distance_to_nearest(image, centers)[0] == pytest.approx(1)


def test_centers_are_parsed_as_formatted() -> None:
    center = np.arange(12.0).reshape(3, 4)
    np.testing.assert_array_equal(center_from_text(center_to_text(center)), center)
