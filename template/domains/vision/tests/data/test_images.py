"""A picture becomes what the model is shown, whatever file it comes in; what is none is refused in words."""

import io
import math
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from PIL import Image

from .package import data

pictures: Any = import_module(f"{data.__package__}.pictures")

InvalidInputError = pictures.InvalidInputError
COLOUR = pictures.Grid(height=32, width=32, channels=3)
GREY = pictures.Grid(height=16, width=24)


def file_of(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The picture as the bytes of a file."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def scene() -> Image.Image:
    """Soft colours, darker to the bottom and redder to the right."""
    down, across = np.mgrid[0:1:240j, 0:1:320j]
    red, green, blue = across, 1 - down, 0.5 + 0.3 * np.sin(6 * across)
    return Image.fromarray((np.stack([red, green, blue], axis=2) * 255).astype(np.uint8))


@pytest.mark.parametrize("grid", [COLOUR, GREY], ids=["colour", "grey"])
@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda picture: picture, "PNG"),
        (lambda picture: picture, "JPEG"),
        (lambda picture: picture, "WEBP"),
        (lambda picture: picture, "BMP"),
        (lambda picture: picture, "TIFF"),
        (lambda picture: picture, "PPM"),
        (lambda picture: picture.quantize(256), "PNG"),
        (lambda picture: picture.convert("RGBA"), "PNG"),
        (lambda picture: picture.resize((3200, 2400)), "JPEG"),
    ],
    ids=["png", "jpeg", "webp", "bmp", "tiff", "ppm", "palette", "alpha", "large"],
)
def test_the_kind_of_file_does_not_matter(grid: Any, change: Callable[[Image.Image], Image.Image], kind: str) -> None:
    plain = pictures.read(file_of(scene()), grid).pixels
    other = pictures.read(file_of(change(scene()), kind), grid).pixels
    assert plain.shape == other.shape == grid.shape
    assert np.abs(plain - other).mean() < 0.02
    assert np.ptp(plain) > 0.5


def test_a_picture_keeps_its_place_and_its_colours() -> None:
    pixels = pictures.read(file_of(scene()), COLOUR).pixels
    assert pixels[16, -1, 0] > pixels[16, 0, 0] + 0.5, "redder to the right"
    assert pixels[0, 16, 1] > pixels[-1, 16, 1] + 0.5, "greener at the top"


def test_the_middle_is_shown_and_nothing_is_stretched() -> None:
    sheet = Image.new("L", (300, 100), "black")
    sheet.paste("white", (110, 0, 190, 100))
    pixels = pictures.read(file_of(sheet), pictures.Grid(height=20, width=20)).pixels
    assert pixels[:, 3:17].min() == 1, "80 of the 100 middle pixels"
    assert pixels[:, [0, 19]].max() == 0


def test_what_is_transparent_is_white() -> None:
    pixels = pictures.read(file_of(Image.new("RGBA", (40, 40), (0, 0, 0, 0))), COLOUR).pixels
    np.testing.assert_array_equal(pixels, np.ones(COLOUR.shape))


def test_sixteen_bits_are_taken_by_their_range() -> None:
    tones = np.linspace(1000, 3000, 64 * 64).reshape(64, 64).astype(np.uint16)
    pixels = pictures.read(file_of(Image.fromarray(tones)), GREY).pixels
    assert pixels[0].mean() < 0.2
    assert pixels[-1].mean() > 0.8


def test_a_photo_held_sideways_is_turned() -> None:
    exif = Image.Exif()
    exif[274] = 6  # turn by 90 degrees to look at it
    sideways = scene().rotate(90, expand=True)
    plain = pictures.read(file_of(scene(), "JPEG"), COLOUR).pixels
    turned = pictures.read(file_of(sideways, "JPEG", exif=exif), COLOUR).pixels
    assert np.abs(plain - turned).mean() < 0.02


@pytest.mark.parametrize("shown", [1, 64, 256])
def test_what_the_model_is_shown_can_be_sent_back(
    schema: data.Schema, splits: dict[str, data.Split], shown: int
) -> None:
    """A picture of the page, uploaded again, is exactly what it was."""
    grid = schema.picture
    for picture in splits["test"].features[:20]:
        exact = np.round(picture * grid.maximum) / grid.maximum
        read = pictures.read(file_of(pictures.to_picture(exact, grid, shown)), grid).pixels
        np.testing.assert_allclose(read, exact, atol=1e-6)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (file_of(Image.new("1", (8000, 8000))), "8000 × 8000 pixels, and at most 30 million"),
        (file_of(Image.new("1", (20000, 10000))), "too large"),
        (bytes(20_000_001), "at most 20 MB"),
        (b"", "no picture that can be read"),
        (b"hello", "no picture that can be read"),
        (file_of(scene())[:200], "no picture that can be read"),
        (b"%PDF-1.7 and so on", "no picture that can be read"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "no picture that can be read"),
    ],
    ids=["64 million pixels", "a bomb", "20 MB", "empty", "text", "half a file", "pdf", "svg"],
)
def test_what_is_no_picture_is_refused_in_words(schema: data.Schema, file: bytes, said: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        pictures.read(file, schema.picture)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_block_has_the_mean_of_its_cells() -> None:
    cells = np.random.default_rng(0).random((3, *COLOUR.shape))
    assert COLOUR.block == 4
    means = pictures.blocks(cells, COLOUR)
    assert means.shape == (3, 8, 8, 3)
    assert means[1, 2, 5, 0] == pytest.approx(cells[1, 8:12, 20:24, 0].mean())
    assert math.prod(means.shape) * 16 == cells.size


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "There is no picture yet"),
        ("data:image/png;base64,%%%", "base64 is broken"),
        ("https://x/y.png", "no picture"),
    ],
)
def test_an_address_without_a_picture_is_told(url: str, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        pictures.from_url(url)
