"""What the champion's record says beside its scores: the input, some test pictures, and what typical ones look like."""

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from .data import Pictures, Schema, Split, encode_target
from .params import Params
from .pictures import Grid, as_url, to_picture
from .serving import as_text, distances, grey

# Typical pictures: of a class, enough for its ways of being written; of all, few enough to be kept in the record.
WAYS, MOST_TYPICAL = 10, 100
# Of real pictures, this share lies no further from a typical one than the distance in the record.
FAMILIAR = 0.99
# A gallery of more classes is no choice.
MOST_EXAMPLES = 12


def brief_of(
    _exported: bytes,
    predictions: dict[str, NDArray[np.float64]],
    splits: dict[str, Split],
    schema: Schema,
    params: Params,
) -> dict[str, Any]:
    """What the demo needs of the data: the picture that it starts with, examples, typical pictures.

    Args:
        predictions: of the champion, by split.
        splits: the pictures.
        schema: their size and classes.
        params: gives the seed.
    """
    grid = schema.picture
    examples = pick_examples(splits["test"], predictions["test"], schema) if schema.examples else []
    # The mean of all is nobody's picture.
    default = examples[0]["inputs"]["picture"] if examples else in_full(splits["train"].features.mean(axis=0), grid)
    typical = typical_pictures(splits["train"], schema, params.evaluate.seed)
    real = distances(grey(splits["validation"].features, grid), typical)
    return {
        "inputs": [{"name": "picture", "label": "Picture", "kind": "picture", "default": default}],
        "grid": asdict(grid),
        "examples": examples,
        "typical": [as_text(one) for one in typical],
        "familiar_within": max(round(float(np.quantile(real, FAMILIAR)), 3), 0.001),
    }


def pick_examples(test: Split, prediction: NDArray[np.float64], schema: Schema) -> list[dict[str, Any]]:
    """Of each frequent class the test picture that the model is as sure of as of most, then the two it doubts most."""
    target = encode_target(test.target, schema)
    sure = prediction[np.arange(len(target)), target]
    counts = np.bincount(target, minlength=len(schema.classes))
    rows = []
    for index in sorted(counts.argsort(kind="stable")[::-1][:MOST_EXAMPLES]):
        own = np.flatnonzero(target == index)
        rows += own[sure[own].argsort(kind="stable")[len(own) // 2 :][:1]].tolist()
    rows += sure.argsort(kind="stable")[:2].tolist()
    return [
        {"inputs": {"picture": in_full(test.features[row], schema.picture)}, "truth": str(test.target[row])}
        for row in rows
    ]


def in_full(picture: Pictures, grid: Grid) -> str:
    """The picture, a pixel a cell, as a `data:` address."""
    return as_url(to_picture(picture, grid, shown=grid.height))


def typical_pictures(train: Split, schema: Schema, seed: int) -> NDArray[np.float64]:
    """The centres of the training pictures of each class (k-means), as `serving.grey` sees them, rounded."""
    seen = grey(train.features, schema.picture)
    ways = max(1, min(WAYS, MOST_TYPICAL // len(schema.classes)))
    centres = []
    with threadpool_limits(limits=1):
        for label in schema.classes:
            own = seen[train.target == label].reshape(-1, seen[0].size)
            clusters = KMeans(n_clusters=min(ways, len(own)), n_init=1, random_state=seed)
            centres.append(clusters.fit(own).cluster_centers_)
    return np.vstack(centres).round().reshape(-1, *seen.shape[1:])
