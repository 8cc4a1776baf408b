"""Image files: decoding, and conversion between images, pixel arrays and data URLs.

Used by the pipeline and by the demo, so it imports neither pandas nor scikit-learn.
"""

import base64
import io
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

Pixels = NDArray[np.float32]
Array = NDArray[Any]

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
MAX_BYTES = 20_000_000
MAX_PIXELS = 30_000_000
WORKING_SIZE = 512  # larger images are reduced to about this many pixels per side before preprocessing


class InvalidInputError(ValueError):
    """The input can't be used for a prediction; the message is shown to the user."""


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class ImageSpec:
    """The model's input: an image of `height` × `width` pixels with 1 (gray) or 3 (RGB) channels.

    `maximum` is the largest integer value of a pixel in the data. `drawn` marks drawings, whose pixels count ink
    (0 is blank paper) and which fill the full height; other images have tones (0 is black).
    """

    height: Annotated[int, Field(ge=8, multiple_of=4)]
    width: Annotated[int, Field(ge=8, multiple_of=4)]
    channels: Annotated[int, Field(ge=1, le=3)] = 1
    maximum: Annotated[int, Field(ge=1, le=255)] = 255
    drawn: bool = False

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels."""
        return self.height, self.width, self.channels

    @property
    def block(self) -> int:
        """Side length of the pixel blocks in which images are compared and predictions are explained."""
        side = min(self.height, self.width)
        return 4 if side >= 24 else 2 if side >= 16 else 1


class RawImage(NamedTuple):
    """An image file: its path in the folder or archive, its class, and a function that reads its content."""

    name: str
    label: str
    read: Callable[[], bytes]


class Preprocessed(NamedTuple):
    """The model's input, with the shape of the spec and values from 0 to 1, and warnings for the user."""

    pixels: Pixels
    warnings: tuple[str, ...] = ()


def decode_image(content: bytes) -> Image.Image:
    """Decode an image file to RGBA, rotated as its EXIF data says and reduced to about `WORKING_SIZE`.

    Raises:
        InvalidInputError: The file is too large or not a supported image.
    """
    if len(content) > MAX_BYTES:
        raise InvalidInputError(
            f"The file has {len(content) / 1e6:.0f} MB; the maximum is {MAX_BYTES // 1_000_000} MB. Send a smaller one."
        )
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
        if image.width * image.height > MAX_PIXELS:
            raise Image.DecompressionBombError
        image.draft("RGB", (2 * WORKING_SIZE, 2 * WORKING_SIZE))  # decodes a large JPEG at a lower resolution
        return _to_rgba(ImageOps.exif_transpose(image))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InvalidInputError(
            f"The image is too large: the maximum is {MAX_PIXELS // 1_000_000} megapixels. Resize it."
        ) from error
    except Exception as error:  # decoders raise many types for a broken file
        raise InvalidInputError(
            f"The file is not a readable image. Supported formats: {', '.join(FORMATS)}."
        ) from error


def _to_rgba(image: Image.Image) -> Image.Image:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):  # more than 8 bits: scale the range of values
        values = np.nan_to_num(np.asarray(image, dtype=np.float32), posinf=0, neginf=0)
        value_range = max(float(np.ptp(values)), 1e-9)
        image = Image.fromarray(((values - values.min()) * (255 / value_range)).astype(np.uint8))
    return image.convert("RGBA").reduce(max(1, -(-max(image.size) // WORKING_SIZE)))


def flatten_alpha(image: Image.Image, background: str) -> Image.Image:
    """Return the RGBA image on a background color."""
    canvas = Image.new("RGBA", image.size, background)
    canvas.alpha_composite(image)
    return canvas


def block_means(pixels: Array, spec: ImageSpec) -> Array:
    """Return the mean of each block, shape (rows, blocks down, blocks across, channels)."""
    side = spec.block
    blocks = pixels.reshape(len(pixels), spec.height // side, side, spec.width // side, side, spec.channels)
    return np.asarray(blocks.mean(axis=(2, 4)))


def upscale(values: Array, factor: int) -> Array:
    """Repeat each row and column `factor` times."""
    return values.repeat(factor, axis=0).repeat(factor, axis=1)


def encode_data_url(image: Image.Image) -> str:
    """Return the image as a PNG in a `data:` URL."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def decode_data_url(url: str) -> bytes:
    """Return the content of a base64 `data:` URL.

    Raises:
        InvalidInputError: The URL is of another kind, or its base64 is invalid.
    """
    header, _, body = url.partition(",")
    if not (header.startswith("data:") and header.endswith(";base64")):
        raise InvalidInputError("There is no image yet. Draw or upload one.")
    try:
        return base64.b64decode(body, validate=True)
    except ValueError:
        raise InvalidInputError("The base64 of the data URL is invalid. Encode the file again.") from None
