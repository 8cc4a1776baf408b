"""Ink on paper, for data that is drawn: the strokes of a picture become counts as the makers of the data counted them.

They had digits on a form turned into bitmaps of 32 × 32 pixels by the programs of NIST, and counted the ink of each
4 × 4 pixels. A picture is only read well if the same is done to it: see `to_bitmap`.
"""

import numpy as np
from PIL import Image

from .pictures import Array, Grid, InvalidInputError, Reading, on_paper

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


def read(picture: Image.Image, grid: Grid) -> Reading:
    """The ink in a picture: of a drawing as the data's makers counted, of a picture of the data as it stands.

    Raises:
        InvalidInputError: it is blank, or no drawing.
    """
    tones = tones_of(picture)
    if np.ptp(tones) < FAINTEST:
        raise InvalidInputError("Nothing to read yet: the picture is blank. Draw a digit, or choose a picture of one.")
    if (pixels := from_mosaic(tones, grid)) is not None:
        return Reading(pixels)
    ink = find_ink(tones)
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    box = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    if max(box.shape) < SMALLEST:
        raise InvalidInputError("There is only a dot: draw or show a digit at least a few times as large.")
    doubts = ("It is wider than a single digit: show one at a time.",) if box.shape[1] > WIDEST * box.shape[0] else ()
    return Reading(count_ink(to_bitmap(box), grid), doubts)


def as_it_stands(picture: Image.Image, grid: Grid) -> Reading:
    """The ink in a picture of the data itself, with which nothing may be done.

    Raises:
        InvalidInputError: it is not what the makers of the data wrote.
    """
    tones = tones_of(picture)
    if np.ptp(tones) < FAINTEST:
        raise InvalidInputError("There is nothing to see: the picture is blank.")
    if (pixels := from_mosaic(tones, grid)) is None:
        raise InvalidInputError(
            f"Not {grid.height} × {grid.width} cells with ink in the first line and the last, as every picture of the "
            "data has: is it turned, shifted or drawn by hand?"
        )
    return Reading(pixels)


def tones_of(picture: Image.Image) -> Array:
    """The tones of a picture, 0 (black) to 255 (white), on white where it is transparent. Shape (rows, columns)."""
    on_white, on_black = (
        np.asarray(on_paper(picture, colour).convert("L"), dtype=np.float32) for colour in ("white", "black")
    )
    # White ink on nothing can only be seen on black.
    return on_black if np.ptp(on_white) < FAINTEST else on_white


def from_mosaic(tones: Array, grid: Grid) -> Array | None:
    """The shares of ink, if the picture is made of even squares, one a cell, as the data's pictures are; else None."""
    cell = tones.shape[0] // grid.height
    if tones.shape != (grid.height * cell, grid.width * cell):
        return None
    squares = tones.reshape(grid.height, cell, grid.width, cell)
    if np.ptp(squares, axis=(1, 3)).max() > 0:
        return None
    cells = squares[:, 0, :, 0]
    paper_is_light = cells[:, [0, -1]].mean() > 255 / 2
    counts = np.round((255 - cells if paper_is_light else cells) * (grid.maximum / 255))
    # Like every picture of the data, it must fill its height; a small drawing in even squares is still a drawing.
    return shares(counts, grid) if counts[0].any() and counts[-1].any() else None


def shares(counts: Array, grid: Grid) -> Array:
    """Counts of shape (height, width) as shares of the most, in the grid's shape."""
    return (counts / grid.maximum).astype(np.float32).reshape(grid.shape)


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


def count_ink(bitmap: Array, grid: Grid) -> Array:
    """How much of each cell has ink: shares of the most, in the grid's shape."""
    down, across = BITMAP // grid.height, BITMAP // grid.width
    counts = bitmap.reshape(grid.height, down, grid.width, across).sum(axis=(1, 3))
    return shares(counts.clip(0, grid.maximum), grid)
