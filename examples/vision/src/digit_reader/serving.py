"""Serving: a picture becomes what the data set holds, then predict, explain.

Needs NumPy, Pillow and ONNX Runtime, nothing of the training side.

The makers of the data had digits on a form turned into bitmaps of 32 × 32 pixels by the programs of NIST, and counted
the ink of each 4 × 4 pixels. A picture is only read well if the same is done to it: see `to_bitmap`.
"""

import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image, ImageOps

from .champion import Champion, load_champion

Array = NDArray[Any]

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
MOST_BYTES = 20_000_000
MOST_PIXELS = 30_000_000  # what an unpacked picture may take of the memory
WORKING_SIDE = 512  # longer pictures are reduced to this before they are looked at

# Tones between 0 (black) and 255 (white).
FAINTEST = 32.0  # less between ink and paper is noise
# Of the variance of the tones, what two tones alone explain (Otsu, 1979): ink on paper has more, a photo less. Small
# pictures of ink are all edges, and these are grey.
TWO_TONES, TWO_TONES_SMALL = 0.88, 0.8
SMALL_SIDE = 64
SMALLEST = 6  # pixels; a dot has no shape

# The normalisation by NIST (M. Garris and others, "NIST form-based handprint recognition system", NISTIR 5469, 1994):
# the box around the ink is stretched to 20 × 32 pixels; too little ink is thickened, too much thinned.
BITMAP = 32
BOX_WIDTH = 20
# NIST thickens below 256 pixels. A mouse draws thinner lines than the pens of the data; most of those left over 290.
THIN, THICK, THICK_TWICE = 290, 412, 560
THICKENED_AT_MOST = 3
WIDEST = 1.8  # width to height; what is wider was no single digit

UNSURE = 0.6  # below this probability the answer is a guess, and the page says so


class InvalidInputError(ValueError):
    """A picture that the model must not be asked about; the message is for the person who sent it."""


@dataclass(frozen=True)
class Reading:
    """What the model is shown of a picture: counts of ink (height, width), and doubts that came up on the way."""

    counts: Array
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What the model says of one picture: probabilities by class, what it was shown, and reasons for distrust."""

    label: str
    probabilities: dict[str, float]
    reading: Reading
    doubts: tuple[str, ...]


class Predictor:
    """The champion, ready to answer."""

    def __init__(self, champion: Champion, model: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # one picture at a time: more threads only wait for each other
        self.champion = champion
        self.classes: tuple[str, ...] = tuple(champion.record["classes"])
        self.input: dict[str, Any] = champion.record["inputs"][0]
        self._typical = np.stack([from_text(text) for text in champion.record["typical"]])
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._output = self._session.get_outputs()[-1].name

    def read(self, picture: bytes | None = None) -> Reading:
        """The picture as the model takes it; without one, a picture from the test split.

        Raises:
            InvalidInputError: it is no picture, too large, blank, or no drawing.
        """
        if picture is None:
            return Reading(from_text(self.input["default"]))
        return read(picture, self.input["height"], self.input["width"], self.input["maximum"])

    def scores(self, pictures: Array) -> NDArray[np.float64]:
        """Probabilities of shape (rows, classes), for counts of shape (rows, height, width)."""
        cells = np.ascontiguousarray(pictures, dtype=np.float32).reshape(len(pictures), -1)
        return np.asarray(self._session.run([self._output], {"picture": cells})[0], dtype=np.float64)

    def predict(self, picture: bytes | None = None) -> Answer:
        """The answer for one picture, a file's bytes; without one, for a picture from the test split.

        Raises:
            InvalidInputError: it is no picture, too large, blank, or no drawing.
        """
        return self.answer(self.read(picture))

    def answer(self, reading: Reading) -> Answer:
        """The answer for a picture that was read, with the reasons to distrust it."""
        scores = self.scores(reading.counts[None])[0]
        probabilities = {name: float(score) for name, score in zip(self.classes, scores, strict=True)}
        likeliest = max(probabilities, key=probabilities.__getitem__)
        doubts = [*reading.doubts]
        if self.strangeness(reading.counts) > 1:
            doubts.append(
                "It looks unlike the pictures that the model learnt from: it may be none of these, whatever the "
                "percentages say."
            )
        elif probabilities[likeliest] < UNSURE:
            doubts.append("The model is not sure: take this as a guess.")
        return Answer(likeliest, probabilities, reading, tuple(doubts))

    def strangeness(self, counts: Array) -> float:
        """The distance to the nearest typical picture; 1 is where 99 % of real pictures end."""
        nearest = np.sqrt(((self._typical - counts) ** 2).sum(axis=(1, 2))).min()
        return float(nearest / self.champion.record["familiar_within"])

    def explain(self, counts: Array) -> NDArray[np.float64]:
        """How much the likeliest class owes to each cell of the picture. Shape (height, width).

        Each square of 2 × 2 cells is wiped out in turn and the fall of the probability read off (occlusion: M. Zeiler
        and R. Fergus, 2014); a cell has the mean of its squares. Negative where the ink speaks against the answer.
        """
        height, width = counts.shape
        corners = [(row, column) for row in range(-1, height) for column in range(-1, width)]
        squares = [np.s_[max(row, 0) : row + 2, max(column, 0) : column + 2] for row, column in corners]
        wiped = np.repeat(counts[None], len(squares) + 1, axis=0)
        for position, square in enumerate(squares, start=1):
            wiped[position][square] = 0
        scores = self.scores(wiped)
        falls = scores[0].max() - scores[1:, scores[0].argmax()]
        shifts = np.zeros((height, width))
        for fall, square in zip(falls, squares, strict=True):
            shifts[square] += fall / 4  # each cell lies in four squares
        return shifts


def load_predictor(folder: Path) -> Predictor:
    """The champion in `folder`.

    Raises:
        ChampionError: it is missing, or not the file that `champion.json` was written for.
    """
    champion, model = load_champion(folder)
    return Predictor(champion, model)


def from_text(text: str) -> Array:
    """The counts of a picture as `champion.json` writes it: rows divided by bars."""
    return np.array([row.split() for row in text.split("|")], dtype=np.float32)


def to_picture(counts: Array, maximum: int, cell: int = 32) -> Image.Image:
    """The counts as even squares of `cell` pixels, dark on white; `read` takes exactly these counts from it."""
    tones = (255 - np.round(counts * (255 / maximum))).astype(np.uint8)
    return Image.fromarray(np.kron(tones, np.ones((cell, cell), dtype=np.uint8)))


def read(data: bytes, height: int, width: int, maximum: int) -> Reading:
    """The counts of ink in a picture file: of a drawing as the data's makers counted, of a mosaic as they stand.

    Raises:
        InvalidInputError: it is no picture, too large, blank, or no drawing.
    """
    tones = decode(data)
    if np.ptp(tones) < FAINTEST:
        raise InvalidInputError("There is nothing to see: the picture is blank.")
    if (counts := from_mosaic(tones, height, width, maximum)) is not None:
        return Reading(counts)
    ink = find_ink(tones)
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    box = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    if max(box.shape) < SMALLEST:
        raise InvalidInputError("There is only a dot: draw or show a digit at least a few times as large.")
    doubts = ("It is wider than a single digit: show one at a time.",) if box.shape[1] > WIDEST * box.shape[0] else ()
    return Reading(count_ink(to_bitmap(box), height, width, maximum), doubts)


def decode(data: bytes) -> Array:
    """The tones of a picture file, 0 (black) to 255 (white), on white where it is transparent. Shape (rows, columns).

    Raises:
        InvalidInputError: it is no picture in a known format, or too large.
    """
    if len(data) > MOST_BYTES:
        raise InvalidInputError(f"The file is too large: at most {MOST_BYTES // 1_000_000} MB are read.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Pillow's limit: ours is lower
            picture = Image.open(io.BytesIO(data), formats=FORMATS)
        if picture.width * picture.height > MOST_PIXELS:
            raise InvalidInputError(
                f"The picture is too large: {picture.width} × {picture.height} pixels, "
                f"and at most {MOST_PIXELS // 1_000_000} million are read."
            )
        picture.draft("RGB", (2 * WORKING_SIDE, 2 * WORKING_SIDE))  # a JPEG is made smaller as it is read
        return _tones(ImageOps.exif_transpose(picture))
    except InvalidInputError:
        raise
    except Image.DecompressionBombError as error:
        raise InvalidInputError("The picture is too large to be read.") from error
    except Exception as error:  # a broken file can fail in any way that a decoder knows
        known = ", ".join(FORMATS)
        raise InvalidInputError(f"This is no picture that can be read. Known formats: {known}.") from error


def _tones(picture: Image.Image) -> Array:
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):  # more than 256 tones: their range becomes ours
        values = np.nan_to_num(np.asarray(picture, dtype=np.float32), posinf=0, neginf=0)
        spread = max(float(np.ptp(values)), 1e-9)
        picture = Image.fromarray(((values - values.min()) * (255 / spread)).astype(np.uint8))
    picture = picture.convert("RGBA")
    picture = picture.reduce(max(1, -(-max(picture.size) // WORKING_SIDE)))
    on_white, on_black = (_on_paper(picture, colour) for colour in ("white", "black"))
    # White ink on nothing can only be seen on black.
    return on_black if np.ptp(on_white) < FAINTEST else on_white


def _on_paper(picture: Image.Image, colour: str) -> Array:
    sheet = Image.new("RGBA", picture.size, colour)
    sheet.alpha_composite(picture)
    return np.asarray(sheet.convert("L"), dtype=np.float32)


def from_mosaic(tones: Array, height: int, width: int, maximum: int) -> Array | None:
    """The counts, if the picture is made of even squares, one a cell, as the data's pictures are; else None."""
    cell = tones.shape[0] // height
    if tones.shape != (height * cell, width * cell):
        return None
    squares = tones.reshape(height, cell, width, cell)
    if np.ptp(squares, axis=(1, 3)).max() > 0:
        return None
    cells = squares[:, 0, :, 0]
    paper_is_light = cells[:, [0, -1]].mean() > 255 / 2
    counts = np.round((255 - cells if paper_is_light else cells) * (maximum / 255)).astype(np.float32)
    # Like every picture of the data, it must fill its height; a small drawing in even squares is still a drawing.
    return counts if counts[0].any() and counts[-1].any() else None


def find_ink(tones: Array) -> Array:
    """Where there is ink: the darker of two tones, or the lighter if the picture's edge is dark. Booleans, same shape.

    Raises:
        InvalidInputError: the picture does not fall into two tones.
    """
    threshold, separation = otsu(tones)
    if separation < (TWO_TONES if max(tones.shape) > SMALL_SIDE else TWO_TONES_SMALL):
        raise InvalidInputError(
            "This looks like a photo, not like ink on paper: show one digit, drawn with a pen on an even ground."
        )
    dark = tones < threshold
    edge = np.concatenate([dark[0], dark[-1], dark[:, 0], dark[:, -1]])
    return ~dark if edge.mean() > 0.5 else dark


def otsu(tones: Array) -> tuple[float, float]:
    """The threshold that parts the tones best, and the share of their variance that it explains (N. Otsu, 1979)."""
    counts, edges = np.histogram(tones, bins=256, range=(0, 256))
    middles = (edges[:-1] + edges[1:]) / 2
    below = counts.cumsum()
    above = below[-1] - below
    sums = (counts * middles).cumsum()
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2 / below[-1] ** 2
    between = np.nan_to_num(between)
    # Between two tones that stand far apart any threshold is the best one: the middle of these.
    best = np.flatnonzero(np.isclose(between, between.max()))
    variance = float((counts * (middles - sums[-1] / below[-1]) ** 2).sum() / below[-1])
    return float(edges[best + 1].mean()), float(between.max()) / max(variance, 1e-9)


def to_bitmap(box: Array) -> Array:
    """The ink of a box as NIST's programs normalise it: stretched, thickened or thinned, upright. (32, 32) booleans."""
    shares = Image.fromarray(box.astype(np.float32)).resize((BOX_WIDTH, BITMAP), Image.Resampling.BOX)
    covered = np.asarray(shares)
    # Half of what the stroke covers where it is thickest: a hairline never covers half a pixel.
    level = np.quantile(covered[covered > 0], 0.9) / 2
    bitmap = np.zeros((BITMAP, BITMAP), dtype=bool)
    left = (BITMAP - BOX_WIDTH) // 2
    bitmap[:, left : left + BOX_WIDTH] = covered >= level
    return upright(even_ink(bitmap))


def even_ink(bitmap: Array) -> Array:
    """Thickened or thinned, a pixel on each side at a time, so that the ink of all pens is about the same."""
    ink = bitmap.sum()
    for limit in (THICK, THICK_TWICE):
        bitmap = np.logical_and.reduce(neighbours(bitmap)) if ink > limit else bitmap
    for _ in range(THICKENED_AT_MOST):
        bitmap = np.logical_or.reduce(neighbours(bitmap)) if bitmap.sum() < THIN else bitmap
    return bitmap


def neighbours(bitmap: Array) -> Array:
    """The bitmap and itself shifted by one pixel in each of the four directions; outside of it is paper."""
    padded = np.pad(bitmap, 1)
    return np.stack([bitmap, padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]])


def upright(bitmap: Array) -> Array:
    """Each line moved sideways, so that the leftmost ink near the top and near the bottom stand above each other."""
    inked = np.flatnonzero(bitmap.any(axis=1))
    if len(inked) <= 5:
        return bitmap
    top, bottom = inked[0] + 2, inked[-1] - 2  # the very ends are often ragged
    if not (bitmap[top].any() and bitmap[bottom].any()):
        return bitmap
    slant = (int(bitmap[top].argmax()) - int(bitmap[bottom].argmax())) / (bottom - top)
    moved = np.zeros_like(bitmap)
    for row, line in enumerate(bitmap):
        shift = round((row - BITMAP // 2) * slant)
        columns = np.flatnonzero(line) + shift
        moved[row, columns[(columns >= 0) & (columns < BITMAP)]] = True
    return moved


def count_ink(bitmap: Array, height: int, width: int, maximum: int) -> Array:
    """The pixels with ink in each cell. Shape (height, width)."""
    cells = bitmap.reshape(height, BITMAP // height, width, BITMAP // width)
    return np.asarray(cells.sum(axis=(1, 3)).clip(0, maximum), dtype=np.float32)
