"""Drawings are converted to what the data set contains; other images are rejected."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_images

from digit_reader.data.images import InvalidInputError, RawImage
from digit_reader.data.preprocessing import to_image
from digit_reader.data.schema import Schema
from digit_reader.data.splits import Split, encode_target
from digit_reader.data.validation import validate
from digit_reader.errors import DataError
from digit_reader.serving.predictor import Predictor

from ..drawings import DIGITS, Box, draw, draw_strokes
from ..image_files import encode

Splits = dict[str, Split]
Change = Callable[[Image.Image], Image.Image]


@pytest.mark.parametrize("pen", [10, 18, 30])
@pytest.mark.parametrize("box", [(20, 150, 75, 110), (60, 30, 160, 220), (150, 20, 90, 130)], ids=str)
def test_drawn_digits_are_recognized(predictor: Predictor, box: Box, pen: int) -> None:
    pen = min(pen, box[2] // 4)
    correct = [predictor.predict(encode(draw(digit, box, pen))).label == digit for digit in DIGITS]
    assert sum(correct) >= 8


@pytest.mark.parametrize("pen", [6, 14, 26])
def test_drawings_have_as_much_ink_as_the_data(predictor: Predictor, splits: Splits, pen: int) -> None:
    low, high = np.quantile(splits["train"].features.mean(axis=(1, 2, 3)), [0.01, 0.99])
    for digit in DIGITS:
        pixels = predictor.preprocess(encode(draw(digit, pen=pen))).pixels
        assert 0 <= pixels.min() <= pixels.max() <= 1
        assert low * 0.9 <= pixels.mean() <= high * 1.1, digit
        assert pixels[0].any()
        assert pixels[-1].any()
        assert pixels[:, 0].sum() + pixels[:, -1].sum() < 0.15 * pixels.sum()


def test_position_and_size_do_not_matter(predictor: Predictor) -> None:
    pixels = predictor.preprocess(encode(draw("5", (30, 20, 100, 160)))).pixels
    moved = predictor.preprocess(encode(draw("5", (150, 90, 100, 160)))).pixels
    np.testing.assert_array_equal(moved, pixels)
    enlarged = predictor.preprocess(encode(draw("5", (30, 20, 100, 160)).resize((1400, 1400)))).pixels
    assert np.abs(enlarged - pixels).mean() < 0.03


def test_a_slanted_one_becomes_upright(predictor: Predictor) -> None:
    prediction = predictor.predict(encode(draw_strokes([[(170, 60), (110, 220)]], 20)))
    assert prediction.label == "1"
    assert (prediction.pixels[..., 0] > 0.5).any(axis=0).sum() <= 4, "columns with ink"


def invert(image: Image.Image) -> Image.Image:
    return Image.eval(image, lambda tone: 255 - tone)


def on_transparent(image: Image.Image, color: str) -> Image.Image:
    canvas = Image.new("RGBA", image.size, (0, 0, 0, 0))
    canvas.paste(color, mask=invert(image))
    return canvas


@pytest.mark.parametrize(
    "change",
    [
        invert,
        lambda image: image.convert("1"),
        lambda image: image.convert("LA"),
        lambda image: Image.fromarray(np.asarray(image, dtype=np.uint16) * 257),
        partial(on_transparent, color="black"),
        partial(on_transparent, color="white"),
        partial(on_transparent, color="navy"),
    ],
    ids=["white on black", "1 bit", "alpha", "16 bits", "black ink", "white ink", "color ink"],
)
def test_colors_of_ink_and_paper_do_not_matter(predictor: Predictor, change: Change) -> None:
    expected = predictor.preprocess(encode(draw("3"))).pixels
    assert np.abs(predictor.preprocess(encode(change(draw("3")))).pixels - expected).mean() < 0.02


@pytest.mark.parametrize("height", [8, 32, 256])
def test_images_of_the_data_set_are_not_changed(predictor: Predictor, splits: Splits, height: int) -> None:
    for pixels in splits["test"].features[:50]:
        file = encode(to_image(pixels, predictor.spec, height))
        np.testing.assert_array_equal(predictor.preprocess(file).pixels, pixels)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (Image.new("RGB", (280, 280), "white"), "image is blank"),
        (Image.new("RGB", (280, 280), "black"), "image is blank"),
        (Image.new("RGBA", (280, 280), (0, 0, 0, 0)), "image is blank"),
        (Image.new("L", (1, 1)), "image is blank"),
        (draw_strokes([[(100, 100)]], 3), r"only \d × \d pixels. Draw a larger digit"),
        (Image.linear_gradient("L"), "looks like a photo"),
        (Image.effect_noise((1700, 1700), 100), "looks like a photo"),
        *((Image.fromarray(photo), "looks like a photo") for photo in load_sample_images().images),
    ],
    ids=["white", "black", "transparent", "one pixel", "dot", "gradient", "noise", "temple", "flower"],
)
def test_images_without_a_drawing_are_rejected(predictor: Predictor, image: Image.Image, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        predictor.predict(encode(image))


def test_drawings_that_are_no_digit_have_a_warning(predictor: Predictor) -> None:
    points = [(float(x), float(y)) for x, y in np.random.default_rng(1).uniform(40, 240, size=(25, 2))]
    assert predictor.predict(encode(draw_strokes([points], 10))).warnings
    dash = predictor.predict(encode(draw_strokes([[(60, 140), (220, 140)]], 14)))
    assert "wider than a digit" in dash.warnings[0]


def test_blank_paper_is_not_explained(predictor: Predictor) -> None:
    pixels = np.zeros((8, 8, 1), dtype=np.float32)
    pixels[:, 2:4] = 0.75
    support = predictor.explain(pixels)
    assert np.abs(support[pixels[..., 0] == 0]).max() == 0
    assert np.abs(support[:, 2:4]).max() > 0


@pytest.mark.parametrize(
    "change",
    [
        lambda image: Image.new("L", image.size, "white"),
        lambda image: image.transpose(Image.Transpose.TRANSPOSE),
        lambda image: image.transform(image.size, Image.Transform.AFFINE, (1, 0, 0, 0, 1, -1), fillcolor="white"),
        lambda image: image.resize((9, 8)),
    ],
    ids=["blank", "transposed", "shifted", "resized"],
)
def test_changed_raw_images_are_an_error(splits: Splits, schema: Schema, change: Change) -> None:
    """Their size and values may be valid, but every image of the data set has ink in its first and last row."""
    test = splits["test"]
    ones = [change(to_image(pixels, schema.picture, height=8)) for pixels in test.features[test.target == "1"][:20]]
    raw = [RawImage(f"1/{i}.png", "1", partial(bytes, encode(image))) for i, image in enumerate(ones)]
    others = [label for label in schema.classes if label != "1"]
    raw += [
        RawImage(f"{label}/0.png", label, partial(bytes, encode(image_of(label, test, schema)))) for label in others
    ]
    with pytest.raises(DataError, match="ink in the first and the last row"):
        validate(raw, schema)


def image_of(label: str, split: Split, schema: Schema) -> Image.Image:
    return to_image(split.features[split.target == label][0], schema.picture, height=8)


def accuracy(predictor: Predictor, pixels: np.ndarray, split: Split, schema: Schema) -> float:
    return float((predictor.predict_proba(pixels).argmax(axis=1) == encode_target(split.target, schema)).mean())


@pytest.mark.parametrize(
    ("change", "limit"),
    [
        (lambda pixels: pixels.transpose(0, 2, 1, 3), 0.6),
        (lambda pixels: pixels[:, ::-1], 0.7),
        (lambda pixels: pixels[:, :, ::-1], 0.7),
        (lambda pixels: pixels / 16, 0.85),
    ],
    ids=["transposed", "upside down", "mirrored", "scaled twice"],
)
def test_wrong_orientation_or_scale_lowers_the_accuracy(
    predictor: Predictor, splits: Splits, schema: Schema, change: Callable[[np.ndarray], np.ndarray], limit: float
) -> None:
    test = splits["test"]
    assert accuracy(predictor, test.features, test, schema) > 0.95
    assert accuracy(predictor, change(test.features), test, schema) < limit


def rotate(pixels: np.ndarray, degrees: float) -> np.ndarray:
    images = [Image.fromarray(image[..., 0]).rotate(degrees, Image.Resampling.BILINEAR) for image in pixels]
    return np.stack([np.asarray(image) for image in images])[..., None]


@pytest.mark.parametrize(
    "change",
    [
        lambda pixels: np.where(pixels > 0, np.minimum(pixels + 1 / 16, 1), 0),
        lambda pixels: np.where(pixels > 1 / 16, pixels - 1 / 16, pixels),
        lambda pixels: rotate(pixels, 6),
    ],
    ids=["more ink", "less ink", "rotated by 6 degrees"],
)
def test_small_changes_hardly_lower_the_accuracy(
    predictor: Predictor, splits: Splits, schema: Schema, change: Callable[[np.ndarray], np.ndarray]
) -> None:
    test = splits["test"]
    before = accuracy(predictor, test.features, test, schema)
    assert accuracy(predictor, change(test.features), test, schema) > before - 0.06


def test_no_single_pixel_predicts_the_class(splits: Splits, schema: Schema) -> None:
    target = encode_target(splits["train"].target, schema)
    for pixel in splits["train"].features.reshape(len(target), -1).T:
        best = sum(np.bincount(target[pixel == value]).max() for value in np.unique(pixel))
        assert best < 0.6 * len(target)
