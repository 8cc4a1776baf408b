"""Entries of `champion.json` for the demo: example images, and typical images for novelty detection."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from ..config import Params
from ..data.images import ImageSpec, Pixels, encode_data_url
from ..data.novelty import center_to_text, coarse_gray, distance_to_nearest
from ..data.preprocessing import to_image
from ..data.schema import Schema
from ..data.splits import Split, encode_target
from .candidate import Candidate
from .decision import predicted_classes

MAX_EXAMPLES = 12  # plus the two with the lowest probability of the true class
MAX_ERRORS = 6
CENTERS_PER_CLASS, MAX_CENTERS = 10, 100
# Quantile of the validation images' distances above which an image counts as novel.
FAMILIAR_QUANTILE = 0.99


def demo_metadata(
    selected: Candidate, decision: Any, splits: dict[str, Split], schema: Schema, params: Params
) -> dict[str, Any]:
    """Return the demo's entries of `champion.json`."""
    spec = schema.picture
    test, predictions = splits["test"], selected.predictions["test"]
    examples = select_examples(test, predictions, schema) if schema.examples else []
    mean_image = to_data_url(splits["train"].features.mean(axis=0), spec)
    centers = fit_centers(splits["train"], schema, params.evaluate.seed)
    distances = distance_to_nearest(coarse_gray(splits["validation"].features, spec), centers)
    default = examples[0]["inputs"]["picture"] if examples else mean_image
    return {
        "inputs": [{"name": "picture", "label": "Image", "kind": "picture", "default": default}],
        "grid": asdict(spec),
        "examples": examples,
        "errors": select_errors(test, predictions, schema, decision) if schema.examples else [],
        "typical": [center_to_text(center) for center in centers],
        "familiar_within": max(round(float(np.quantile(distances, FAMILIAR_QUANTILE)), 3), 0.001),
    }


def select_examples(test: Split, prediction: NDArray[np.float64], schema: Schema) -> list[dict[str, Any]]:
    """Return test images with their true classes.

    For each of the most frequent classes this is the image with the median probability of the true class; the two
    images with the lowest probability follow.
    """
    target = encode_target(test.target, schema)
    probability = prediction[np.arange(len(target)), target]
    frequent = np.bincount(target, minlength=len(schema.classes)).argsort(kind="stable")[::-1][:MAX_EXAMPLES]
    rows: list[int] = []
    for index in sorted(frequent):
        members = np.flatnonzero(target == index)
        rows += members[probability[members].argsort(kind="stable")][len(members) // 2 :][:1].tolist()
    rows += probability.argsort(kind="stable")[:2].tolist()
    return describe_samples(test, rows, schema)


def select_errors(
    test: Split, prediction: NDArray[np.float64], schema: Schema, decision: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Return the test images with the most confident wrong predictions, with their true classes."""
    predicted = predicted_classes(prediction, schema, decision)
    wrong = np.flatnonzero(predicted != encode_target(test.target, schema))
    ranked = wrong[(-prediction[wrong, predicted[wrong]]).argsort(kind="stable")]
    return describe_samples(test, ranked[:MAX_ERRORS].tolist(), schema)


def describe_samples(split: Split, rows: list[int], schema: Schema) -> list[dict[str, Any]]:
    """Return images with their true classes."""
    return [
        {"inputs": {"picture": to_data_url(split.features[row], schema.picture)}, "truth": str(split.target[row])}
        for row in rows
    ]


def to_data_url(pixels: Pixels, spec: ImageSpec) -> str:
    """Return the image in its original size as a `data:` URL."""
    return encode_data_url(to_image(pixels, spec, height=spec.height))


def fit_centers(train: Split, schema: Schema, seed: int) -> NDArray[np.float64]:
    """Return k-means centers of each class's coarse images, rounded, shape (centers, blocks down, blocks across)."""
    coarse = coarse_gray(train.features, schema.picture)
    per_class = max(1, min(CENTERS_PER_CLASS, MAX_CENTERS // len(schema.classes)))
    centers = []
    with threadpool_limits(limits=1):
        for label in schema.classes:
            members = coarse[train.target == label].reshape(-1, coarse[0].size)
            clusters = KMeans(n_clusters=min(per_class, len(members)), n_init=1, random_state=seed)
            centers.append(clusters.fit(members).cluster_centers_)
    return np.vstack(centers).round().reshape(-1, *coarse.shape[1:])
