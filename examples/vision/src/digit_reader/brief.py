"""What the champion's record says beside its scores: the input, some test pictures, and what typical ones look like."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from .data import Pictures, Schema, Split, encode_target
from .params import Params

# Typical pictures of a class: enough for its ways of being written, few enough to be read in the record.
WAYS = 10
# Of real pictures, this share lies no further from a typical one than the distance in the record.
FAMILIAR = 0.99


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
    examples = pick_examples(splits["test"], predictions["test"], schema)
    typical = typical_pictures(splits["train"], schema, params.evaluate.seed)
    grid = schema.picture
    picture = {
        "name": "picture",
        "label": "Picture",
        "kind": "picture",
        "height": grid.height,
        "width": grid.width,
        "maximum": grid.maximum,
        "default": examples[0]["inputs"]["picture"],
    }
    return {
        "inputs": [picture],
        "examples": examples,
        "typical": [as_text(one) for one in typical],
        "familiar_within": round(float(np.quantile(distances(splits["validation"].features, typical), FAMILIAR)), 3),
    }


def pick_examples(test: Split, prediction: NDArray[np.float64], schema: Schema) -> list[dict[str, Any]]:
    """Of each class the test picture that the model is as sure of as of most, then the two that it is least sure of."""
    target = encode_target(test.target, schema)
    sure = prediction[np.arange(len(target)), target]
    rows = []
    for index in range(len(schema.classes)):
        own = np.flatnonzero(target == index)
        rows.append(own[sure[own].argsort(kind="stable")[len(own) // 2]])
    rows += sure.argsort(kind="stable")[:2].tolist()
    return [{"inputs": {"picture": as_text(test.features[row])}, "truth": str(test.target[row])} for row in rows]


def typical_pictures(train: Split, schema: Schema, seed: int) -> Pictures:
    """The centres of the training pictures of each class (k-means), as whole counts. Shape (rows, height, width)."""
    centres = []
    with threadpool_limits(limits=1):
        for label in schema.classes:
            own = train.features[train.target == label]
            clusters = KMeans(n_clusters=min(WAYS, len(own)), n_init=1, random_state=seed)
            centres.append(clusters.fit(own.reshape(len(own), -1)).cluster_centers_)
    height, width = train.features.shape[1:]
    return np.vstack(centres).round().astype(np.float32).reshape(-1, height, width)


def distances(pictures: Pictures, typical: Pictures) -> NDArray[np.float64]:
    """How far each picture is from the nearest typical one (Euclidean, in counts). Shape (rows,)."""
    differences = pictures[:, None].astype(np.float64) - typical[None]
    return np.asarray(np.sqrt((differences**2).sum(axis=(2, 3))).min(axis=1))


def as_text(picture: Pictures) -> str:
    """The counts as a person can read them: rows divided by bars."""
    return " | ".join(" ".join(str(int(count)) for count in row) for row in picture)
