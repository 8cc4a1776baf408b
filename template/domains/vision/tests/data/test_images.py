"""Image files are decoded whatever their format, and unusable files are rejected with a message."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from project_package.data.images import ImageSpec, InvalidInputError, block_means, decode_data_url, decode_image

from ..image_files import encode


def scene() -> Image.Image:
    """A smooth color image: green at the top, red on the right."""
    down, across = np.mgrid[0:1:240j, 0:1:320j]
    return Image.fromarray((np.stack([across, 1 - down, 0.5 + across / 4], axis=2) * 255).astype(np.uint8))


def decoded(content: bytes) -> np.ndarray:
    return np.asarray(decode_image(content).resize((32, 24)), dtype=float)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda image: image, "JPEG"),
        (lambda image: image, "WEBP"),
        (lambda image: image, "BMP"),
        (lambda image: image, "TIFF"),
        (lambda image: image, "PPM"),
        (lambda image: image.quantize(256), "PNG"),
        (lambda image: image.convert("RGBA"), "PNG"),
        (lambda image: image.convert("CMYK"), "JPEG"),
        (lambda image: image.resize((3200, 2400)), "JPEG"),
    ],
    ids=["jpeg", "webp", "bmp", "tiff", "ppm", "palette", "alpha", "cmyk", "large"],
)
def test_file_format_does_not_matter(change: Callable[[Image.Image], Image.Image], kind: str) -> None:
    assert np.abs(decoded(encode(change(scene()), kind)) - decoded(encode(scene()))).mean() < 5


def test_exif_rotation_is_applied() -> None:
    exif = Image.Exif()
    exif[274] = 6  # orientation: rotate by 90 degrees
    rotated = encode(scene().rotate(90, expand=True), "JPEG", exif=exif)
    assert np.abs(decoded(rotated) - decoded(encode(scene(), "JPEG"))).mean() < 5


def test_sixteen_bit_values_are_scaled_to_eight_bits() -> None:
    values = np.linspace(1000, 3000, 64 * 64).reshape(64, 64).astype(np.uint16)
    gray = decoded(encode(Image.fromarray(values)))[..., 0]
    assert gray[0].mean() < 0.1 * 255
    assert gray[-1].mean() > 0.9 * 255


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (encode(Image.new("1", (8000, 8000))), "maximum is 30 megapixels"),
        (encode(Image.new("1", (20000, 10000))), "maximum is 30 megapixels"),
        (bytes(25_000_000), "has 25 MB; the maximum is 20 MB"),
        (b"", "not a readable image"),
        (b"hello", "not a readable image"),
        (encode(scene())[:200], "not a readable image"),
        (b"%PDF-1.7", "not a readable image"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "not a readable image"),
    ],
    ids=["64 megapixels", "decompression bomb", "25 MB", "empty", "text", "truncated", "pdf", "svg"],
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_unusable_files_are_rejected(content: bytes, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        decode_image(content)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "no image yet"),
        ("https://example.com/image.png", "no image yet"),
        ("data:image/png;base64,%%%", "base64 of the data URL is invalid"),
    ],
)
def test_urls_without_an_image_are_rejected(url: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        decode_data_url(url)


def test_block_means() -> None:
    spec = ImageSpec(height=32, width=32, channels=3)
    pixels = np.random.default_rng(0).random((3, *spec.shape))
    means = block_means(pixels, spec)
    assert means.shape == (3, 8, 8, 3)
    assert means[1, 2, 5, 0] == pytest.approx(pixels[1, 8:12, 20:24, 0].mean())
