"""Synthetic raw data for the tests: images of the classes in schema.yaml, so that the tests need no real data."""

from pathlib import Path

import numpy as np
import yaml
from PIL import Image

from project_package.data.schema import Schema, load_schema
from project_package.paths import ProjectPaths

MIN_PER_CLASS, MIN_IMAGES = 10, 240
SIZES = ((64, 64), (96, 72), (48, 80))
SUFFIXES = (".png", ".jpg", ".bmp")


def write_raw_data(paths: ProjectPaths) -> None:
    """Write images to `data/raw/images/`, and point the schema to them."""
    schema = load_schema(paths.schema)
    document = yaml.safe_load(paths.schema.read_text(encoding="utf-8"))
    document |= {"reading": {"file": "images"}, "examples": True}
    paths.schema.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    write_images(paths.raw / "images", schema)


def write_images(folder: Path, schema: Schema) -> None:
    """Write a folder per class, and one unreadable file. A class has a pattern of its own, an image some noise."""
    rng = np.random.default_rng(0)
    classes = [*schema.classes, *schema.too_rare]
    # The patterns differ in brightness, too, for schemas with gray images.
    patterns = rng.uniform(0.2, 0.8, size=(len(classes), 4, 4, 3))
    for label, pattern in zip(classes, patterns, strict=True):
        (folder / label).mkdir(parents=True)
        for number in range(max(MIN_PER_CLASS, MIN_IMAGES // len(classes))):
            noisy = (pattern + rng.normal(0, 0.08, size=pattern.shape)).clip(0, 1)
            image = Image.fromarray((noisy * 255).astype(np.uint8))
            image = image.resize(SIZES[number % len(SIZES)], Image.Resampling.BILINEAR)
            image.save(folder / label / f"{number:03}{SUFFIXES[number % len(SUFFIXES)]}")
    (folder / schema.classes[0] / "broken.png").write_bytes(b"not an image")
