"""Novelty detection: how far an image is from typical training images (k-means centers, see `demo_metadata`)."""

import numpy as np
from numpy.typing import NDArray

from .images import Array, ImageSpec, block_means


def coarse_gray(pixels: Array, spec: ImageSpec) -> Array:
    """Return gray block means, rounded to integers from 0 to `spec.maximum`. Shape (rows, blocks down, across)."""
    return np.asarray(np.round(block_means(pixels, spec).mean(axis=-1) * spec.maximum), dtype=np.float64)


def distance_to_nearest(coarse: Array, centers: Array) -> NDArray[np.float64]:
    """Return the Euclidean distance of each coarse image to the nearest center, shape (rows,)."""
    flat, flat_centers = (part.reshape(len(part), -1) for part in (coarse, centers))
    squared = (flat**2).sum(axis=1)[:, None] - 2 * flat @ flat_centers.T + (flat_centers**2).sum(axis=1)
    return np.asarray(np.sqrt(squared.clip(0).min(axis=1)))


def center_to_text(center: Array) -> str:
    """Format integers of shape (down, across) as one readable line of JSON text, for example `0 1 | 2 3`."""
    return " | ".join(" ".join(str(int(value)) for value in row) for row in center)


def center_from_text(text: str) -> Array:
    """Parse the result of `center_to_text`."""
    return np.array([row.split() for row in text.split("|")], dtype=np.float64)
