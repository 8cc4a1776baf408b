"""The raw data of the small project: made-up pictures of the classes in `schema.yaml`, so that the tests need neither
the data nor DVC.

Each class has a pattern of soft colours of its own; a picture is that pattern with noise, in some size and some format.
"""

from pathlib import Path

import numpy as np
import yaml
from PIL import Image

from .package import Layout, data

OF_A_CLASS, AT_LEAST = 10, 240
# The size of the files, in pixels; a model is shown less.
SIZES = ((64, 64), (96, 72), (48, 80))
FORMATS = (".png", ".jpg", ".bmp")


def write(layout: Layout) -> None:
    """Fill `data/raw/`, and have the small project's schema read it from a folder."""
    schema = data.load_schema(layout.schema)
    written = yaml.safe_load(layout.schema.read_text(encoding="utf-8"))
    written["reading"] = {"file": "pictures"}
    # Some tests look at the examples.
    written["examples"] = True
    layout.schema.write_text(yaml.safe_dump(written, allow_unicode=True), encoding="utf-8")
    draw(layout.raw / "pictures", schema, seed=0)


def draw(folder: Path, schema: data.Schema, seed: int) -> None:
    """Write the pictures of each class to a folder of its name, and a file that is none."""
    rng = np.random.default_rng(seed)
    classes = [*schema.classes, *schema.too_rare]
    each = max(OF_A_CLASS, AT_LEAST // len(classes))
    # Patterns of one channel too: colours alone would be lost where the schema says grey.
    patterns = rng.uniform(0.2, 0.8, size=(len(classes), 4, 4, 3))
    for label, pattern in zip(classes, patterns, strict=True):
        (folder / label).mkdir(parents=True)
        for number in range(each):
            soft = pattern + rng.normal(0, 0.08, size=pattern.shape)
            tones = (soft.clip(0, 1) * 255).astype(np.uint8)
            picture = Image.fromarray(tones).resize(SIZES[number % len(SIZES)], Image.Resampling.BILINEAR)
            picture.save(folder / label / f"{number:03}{FORMATS[number % len(FORMATS)]}")
    (folder / schema.classes[0] / "broken.png").write_bytes(b"no picture")
