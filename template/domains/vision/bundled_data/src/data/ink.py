"""Segmentation and normalization of ink, following the preprocessing of the digits data set.

Its authors used NIST's programs: each digit is stretched to a fixed box, its stroke width is evened out, it is
deslanted, and the ink of each 4 × 4 block of the 32 × 32 bitmap is counted (M. Garris and others, "NIST form-based
handprint recognition system", NISTIR 5469, 1994).
"""

import numpy as np
from PIL import Image

from .images import Array, ImageSpec, InvalidInputError

# Minimum share of the variance of the tones that Otsu's threshold explains: photos have less than ink on paper.
# Small images consist mostly of gray edges.
MIN_SEPARATION, MIN_SEPARATION_SMALL = 0.88, 0.8
SMALL_SIZE = 64

BITMAP_SIZE = 32
BOX_WIDTH = 20
# Pixels of ink. NIST dilates below 256; a mouse draws thinner lines than the pens of the data set, in which most
# digits have more than 290.
MIN_INK, MAX_INK, FAR_TOO_MUCH_INK = 290, 412, 560
MAX_DILATIONS = 3


def find_ink(tones: Array) -> Array:
    """Return a Boolean mask of the ink: the darker of two tones, or the lighter one if the border is dark.

    Raises:
        InvalidInputError: The image has more than two tones.
    """
    threshold, separation = otsu_threshold(tones)
    if separation < (MIN_SEPARATION if max(tones.shape) > SMALL_SIZE else MIN_SEPARATION_SMALL):
        raise InvalidInputError(
            "This looks like a photo. Use a drawing of one digit on a plain background, without shadows."
        )
    dark = tones < threshold
    border = np.concatenate([dark[0], dark[-1], dark[:, 0], dark[:, -1]])
    return ~dark if border.mean() > 0.5 else dark


def otsu_threshold(tones: Array) -> tuple[float, float]:
    """Return the threshold that separates the tones best, and the share of their variance that it explains.

    N. Otsu, "A threshold selection method from gray-level histograms", 1979.
    """
    counts, edges = np.histogram(tones, bins=256, range=(0, 256))
    centers = (edges[:-1] + edges[1:]) / 2
    below = counts.cumsum()
    above = below[-1] - below
    sums = (counts * centers).cumsum()
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2 / below[-1] ** 2
    between = np.nan_to_num(between)
    # All thresholds between two distant tones are equally good: use the middle.
    best = np.flatnonzero(np.isclose(between, between.max()))
    variance = float((counts * (centers - sums[-1] / below[-1]) ** 2).sum() / below[-1])
    return float(edges[best + 1].mean()), float(between.max()) / max(variance, 1e-9)


def crop(mask: Array) -> Array:
    """Return the bounding box of the ink."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def normalize(box: Array) -> Array:
    """Return the ink in a bounding box as a 32 × 32 bitmap: stretched, with an even stroke width, deslanted."""
    stretched = Image.fromarray(box.astype(np.float32)).resize((BOX_WIDTH, BITMAP_SIZE), Image.Resampling.BOX)
    coverage = np.asarray(stretched)
    # Relative to the thickest parts, because a thin line never covers half a pixel.
    threshold = np.quantile(coverage[coverage > 0], 0.9) / 2
    margin = (BITMAP_SIZE - BOX_WIDTH) // 2
    bitmap = np.pad(coverage >= threshold, ((0, 0), (margin, margin)))
    return deslant(even_stroke_width(bitmap))


def even_stroke_width(bitmap: Array) -> Array:
    """Erode or dilate the ink, so that all pens give about the same amount."""
    amount = bitmap.sum()
    for limit in (MAX_INK, FAR_TOO_MUCH_INK):
        if amount > limit:
            bitmap = np.logical_and.reduce(_with_neighbors(bitmap))
    for _ in range(MAX_DILATIONS):
        if bitmap.sum() < MIN_INK:
            bitmap = np.logical_or.reduce(_with_neighbors(bitmap))
    return bitmap


def _with_neighbors(bitmap: Array) -> Array:
    """Return the bitmap and its copies shifted by one pixel in four directions."""
    padded = np.pad(bitmap, 1)
    return np.stack([bitmap, padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]])


def deslant(bitmap: Array) -> Array:
    """Shear the bitmap, so that its leftmost pixels near the top and near the bottom are in one column."""
    inked = np.flatnonzero(bitmap.any(axis=1))
    if len(inked) <= 5:
        return bitmap
    top, bottom = inked[0] + 2, inked[-1] - 2  # the ends of strokes are often ragged
    if not (bitmap[top].any() and bitmap[bottom].any()):
        return bitmap
    slant = (int(bitmap[top].argmax()) - int(bitmap[bottom].argmax())) / (bottom - top)
    sheared = np.zeros_like(bitmap)
    for row, line in enumerate(bitmap):
        columns = np.flatnonzero(line) + round((row - BITMAP_SIZE // 2) * slant)
        sheared[row, columns[(columns >= 0) & (columns < BITMAP_SIZE)]] = True
    return sheared


def count_ink(bitmap: Array, spec: ImageSpec) -> Array:
    """Return the number of ink pixels in each block, at most `spec.maximum`. Shape (height, width)."""
    down, across = BITMAP_SIZE // spec.height, BITMAP_SIZE // spec.width
    counts = bitmap.reshape(spec.height, down, spec.width, across).sum(axis=(1, 3))
    return np.asarray(counts.clip(0, spec.maximum))
