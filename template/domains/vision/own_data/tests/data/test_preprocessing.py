"""Images are cropped and resized, not distorted."""

import numpy as np
import pytest
from PIL import Image

from project_package.data.images import ImageSpec, decode_image
from project_package.data.preprocessing import preprocess, to_image
from project_package.data.schema import Schema
from project_package.data.splits import Split

from ..image_files import encode


def test_the_center_is_cropped_without_distortion() -> None:
    image = Image.new("L", (300, 100), "black")
    image.paste("white", (110, 0, 190, 100))
    pixels = preprocess(image.convert("RGBA"), ImageSpec(height=20, width=20)).pixels
    assert pixels[:, 3:17].min() == 1, "80 of the 100 pixels in the center"
    assert pixels[:, [0, 19]].max() == 0


def test_channels_keep_their_order() -> None:
    pixels = preprocess(Image.new("RGBA", (40, 40), (255, 128, 0, 255)), ImageSpec(8, 8, channels=3)).pixels
    np.testing.assert_allclose(pixels[4, 4], [1, 0.5, 0], atol=0.01)


def test_transparent_pixels_become_white() -> None:
    pixels = preprocess(Image.new("RGBA", (40, 40), (0, 0, 0, 0)), ImageSpec(8, 8, channels=3)).pixels
    np.testing.assert_array_equal(pixels, 1)


@pytest.mark.parametrize("height", [1, 64, 256])
def test_preprocessing_reverts_to_image(schema: Schema, splits: dict[str, Split], height: int) -> None:
    for pixels in splits["test"].features[:20]:
        exact = np.round(pixels * 255) / 255
        image = decode_image(encode(to_image(exact, schema.picture, height)))
        np.testing.assert_allclose(preprocess(image, schema.picture).pixels, exact, atol=1e-6)
