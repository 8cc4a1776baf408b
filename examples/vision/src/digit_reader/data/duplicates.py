"""Detection of duplicate images, which would leak from the training split into the others."""

import numpy as np
from numpy.typing import NDArray

from .images import ImageSpec, Pixels, block_means


def find_duplicates(pixels: Pixels, spec: ImageSpec, distance: float) -> NDArray[np.int64]:
    """Return for each image the index of the first one that it duplicates, or its own index. Shape (rows,).

    Duplicates differ by at most `distance` (root mean square over the pixels). The distance between block means is
    never larger than that and much cheaper to compute, so only pairs whose block means are close are compared pixel
    by pixel.
    """
    from sklearn.neighbors import NearestNeighbors  # slow to import, and only the prepare stage needs it

    means = block_means(pixels, spec).reshape(len(pixels), -1)
    radius = distance * np.sqrt(means.shape[1]) + 1e-6
    neighbors = NearestNeighbors(radius=radius).fit(means).radius_neighbors(means, return_distance=False)
    first = np.arange(len(pixels))
    for row, indices in enumerate(neighbors):
        earlier = np.sort(indices[indices < row])
        if len(earlier):
            squared = ((pixels[earlier] - pixels[row]) ** 2).mean(axis=(1, 2, 3))
            duplicates = earlier[squared <= distance**2]
            first[row] = duplicates[0] if len(duplicates) else row
    return first
