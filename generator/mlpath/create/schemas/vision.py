"""Schema of images: their classes, and the size in which a model sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlpath.create.schemas import common
from mlpath.dataset import names

if TYPE_CHECKING:
    from mlpath.dataset import DatasetProfile

COMMENT = """\
# A model sees the center of each image, resized to `picture` (multiples of 4); larger sizes show
# more and train longer. `examples: false` keeps test images out of the demo.
"""
MAX_SIDE, MIN_SIDE = 32, 8
"""Pixels. A network on two cores trains for hours on larger images."""
MAX_UNSCALED = 48
"""Images up to this size are not scaled."""
MAX_IMAGES = 20_000


def build_schema(profile: DatasetProfile, source: str, license_name: str) -> dict[str, Any]:
    """Return the content of `schema.yaml`.

    Raises:
        MlpathError: The images are not enough to train a model.
    """
    common.require_rows(profile, "images")
    rare = common.rare_classes(profile)
    reading: dict[str, Any] = {"file": names.file_name(profile.path.resolve())}
    if profile.rows > MAX_IMAGES:
        reading["most_pictures"] = MAX_IMAGES
    schema: dict[str, Any] = {
        "source": source,
        "licence": license_name,
        "reading": reading,
        "picture": image_shape(profile),
        "target": {"name": "label", "label": "Class", "choices": common.class_names(profile)},
    }
    return schema | ({"too_rare": rare} if rare else {})


def image_shape(profile: DatasetProfile) -> dict[str, int]:
    """Return the shape in which a model sees an image, with the median proportions."""
    width, height = profile.images["width"][1], profile.images["height"][1]
    longest = max(width, height)
    scale = 1.0 if longest <= MAX_UNSCALED else MAX_SIDE / longest
    return {
        "height": max(MIN_SIDE, round(height * scale / 4) * 4),
        "width": max(MIN_SIDE, round(width * scale / 4) * 4),
        "channels": 3 if profile.images["color"] else 1,
    }


def data_answers(profile: DatasetProfile) -> dict[str, Any]:
    """Return metric and slices."""
    return common.class_answers(profile, "class", ["brightness", "contrast"])
