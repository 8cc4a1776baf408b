"""The bundled data set."""

import numpy as np
from sklearn.datasets import load_digits

from project_package.data.loading import read_raw
from project_package.data.schema import Schema
from project_package.data.validation import validate
from project_package.paths import ProjectPaths


def test_pixels_equal_the_published_counts(project: ProjectPaths, schema: Schema) -> None:
    images = validate(read_raw(project.raw, schema), schema)
    digits = load_digits()
    rows = [int(name[2:6]) for name in images.names]
    np.testing.assert_array_equal(images.features[..., 0] * 16, digits.images[rows].astype(np.float32))
    assert images.target.tolist() == [str(digits.target[row]) for row in rows]
