"""How a picture file becomes what a model is shown: by the same code when the data is prepared and when it serves.

Needs NumPy, Pillow and pydantic, nothing of the training side.
"""

import base64
import io
import warnings
from dataclasses import field
from importlib import import_module
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

Array = NDArray[Any]

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
MOST_BYTES = 20_000_000
MOST_PIXELS = 30_000_000  # what an unpacked picture may take of the memory
WORKING_SIDE = 512  # longer pictures are reduced to this before they are looked at
SHOWN_SIDE = 256  # how large a picture of the model's is shown, in pixels

# A picture of so many cells is looked at in blocks of this side: to compare it with others, to explain an answer.
BLOCKS = ((24, 4), (16, 2), (0, 1))


class InvalidInputError(ValueError):
    """A picture that the model must not be asked about; the message is for the person who sent it."""


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Grid:
    """What a model is shown: the size in cells, a multiple of 4; 1 channel (grey) or 3 (red, green, blue).

    A cell holds a whole number from 0 to `maximum`. Where pictures are `drawn`, it counts ink (0 is paper), and every
    picture fills its height; else it is a tone (0 is black).
    """

    height: Annotated[int, Field(ge=8, multiple_of=4)]
    width: Annotated[int, Field(ge=8, multiple_of=4)]
    channels: Annotated[int, Field(ge=1, le=3)] = 1
    maximum: Annotated[int, Field(ge=1, le=255)] = 255
    drawn: bool = False

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width, channels."""
        return self.height, self.width, self.channels

    @property
    def block(self) -> int:
        """The side of the squares of cells in which a picture is compared and explained."""
        return next(side for least, side in BLOCKS if min(self.height, self.width) >= least)


@dataclass(frozen=True, config=ConfigDict(arbitrary_types_allowed=True))
class Reading:
    """What the model is shown of a picture, and doubts that came up on the way.

    `pixels` has the grid's shape; each is a share of the grid's maximum, from 0 to 1.
    """

    pixels: Array
    doubts: tuple[str, ...] = field(default=())


def read(content: bytes, grid: Grid) -> Reading:
    """What the model is shown of a picture file.

    Raises:
        InvalidInputError: it is no picture, too large, or, where pictures are drawn, blank or no drawing.
    """
    picture = opened(content)
    if grid.drawn:
        # Only a project of drawn pictures has the module.
        reading: Reading = import_module(".ink", __package__).read(picture, grid)
        return reading
    return Reading(scaled(picture, grid))


def opened(content: bytes) -> Image.Image:
    """The picture in a file, upright, in RGBA, at most `WORKING_SIDE` pixels long.

    Raises:
        InvalidInputError: it is no picture in a known format, or too large.
    """
    if len(content) > MOST_BYTES:
        raise InvalidInputError(f"The file is too large: at most {MOST_BYTES // 1_000_000} MB are read.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Pillow's limit: ours is lower
            picture = Image.open(io.BytesIO(content), formats=FORMATS)
        if picture.width * picture.height > MOST_PIXELS:
            raise InvalidInputError(
                f"The picture is too large: {picture.width} × {picture.height} pixels, "
                f"and at most {MOST_PIXELS // 1_000_000} million are read."
            )
        picture.draft("RGB", (2 * WORKING_SIDE, 2 * WORKING_SIDE))  # a JPEG is made smaller as it is read
        return _plain(ImageOps.exif_transpose(picture))
    except InvalidInputError:
        raise
    except Image.DecompressionBombError as error:
        raise InvalidInputError("The picture is too large to be read.") from error
    except Exception as error:  # a broken file can fail in any way that a decoder knows
        known = ", ".join(FORMATS)
        raise InvalidInputError(f"This is no picture that can be read. Known formats: {known}.") from error


def _plain(picture: Image.Image) -> Image.Image:
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):  # more than 256 tones: their range becomes ours
        values = np.nan_to_num(np.asarray(picture, dtype=np.float32), posinf=0, neginf=0)
        spread = max(float(np.ptp(values)), 1e-9)
        picture = Image.fromarray(((values - values.min()) * (255 / spread)).astype(np.uint8))
    picture = picture.convert("RGBA")
    return picture.reduce(max(1, -(-max(picture.size) // WORKING_SIDE)))


def on_paper(picture: Image.Image, colour: str) -> Image.Image:
    """The picture with a colour behind it where it is transparent."""
    sheet = Image.new("RGBA", picture.size, colour)
    sheet.alpha_composite(picture)
    return sheet


def scaled(picture: Image.Image, grid: Grid) -> Array:
    """The middle of a picture in the grid's size, each cell the mean of what it covers. Shares; the grid's shape.

    Cut to the grid's proportions, not filled up to them: bars at the edges would tell a model how a picture was cut,
    which says more of the camera than of what it shows.
    """
    plain = on_paper(picture, "white").convert("RGB" if grid.channels == 3 else "L")
    fitted = ImageOps.fit(plain, (grid.width, grid.height), Image.Resampling.BOX)
    return np.asarray(fitted, dtype=np.float32).reshape(grid.shape) / np.float32(255)


def blocks(pixels: Array, grid: Grid) -> Array:
    """The mean of each block of each picture. Shape (rows, blocks down, blocks across, channels)."""
    side = grid.block
    parts = pixels.reshape(len(pixels), grid.height // side, side, grid.width // side, side, grid.channels)
    return np.asarray(parts.mean(axis=(2, 4)))


def to_picture(pixels: Array, grid: Grid, shown: int = SHOWN_SIDE) -> Image.Image:
    """The cells as even squares, about `shown` pixels high; `read` takes exactly these cells from it."""
    counts = np.round(pixels * grid.maximum)
    tones = np.round(counts * (255 / grid.maximum)).astype(np.uint8)
    tones = 255 - tones if grid.drawn else tones
    cell = max(1, shown // grid.height)
    squares = tones.repeat(cell, axis=0).repeat(cell, axis=1)
    return Image.fromarray(squares[..., 0] if grid.channels == 1 else squares)


def as_url(picture: Image.Image) -> str:
    """The picture as a `data:` address, which needs no file."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def from_url(url: str) -> bytes:
    """The file that a `data:` address holds.

    Raises:
        InvalidInputError: it is no such address, or broken.
    """
    head, _, body = url.partition(",")
    if not (head.startswith("data:") and head.endswith(";base64")):
        raise InvalidInputError("There is no picture yet: draw or send one.")
    try:
        return base64.b64decode(body, validate=True)
    except ValueError:
        raise InvalidInputError("The picture's base64 is broken.") from None
