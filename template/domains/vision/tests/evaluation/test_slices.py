"""Slices of the test split."""

import numpy as np
import pytest

from project_package.config import Params
from project_package.data.schema import Schema
from project_package.data.splits import Split
from project_package.errors import UserError
from project_package.evaluation.slices import MEASURES, bin_by_terciles, slice_labels


def test_each_image_is_in_one_slice_per_property(splits: dict[str, Split], schema: Schema, params: Params) -> None:
    slices = slice_labels(splits, schema, ["class", *MEASURES])
    assert list(slices) == [schema.target.label, "Brightness", "Contrast", "Ink", "Stroke"]
    for labels in slices.values():
        assert len(labels) == len(splits["test"].target)
        assert labels.notna().all()
    assert set(params.evaluate.slices) <= {"class", *MEASURES}


def test_unknown_slice_is_an_error(splits: dict[str, Split], schema: Schema) -> None:
    with pytest.raises(UserError, match="unknown slice 'hue'; choose from class, brightness, contrast, ink, stroke"):
        slice_labels(splits, schema, ["hue"])


def test_measures_of_pixels() -> None:
    line = np.zeros((1, 8, 8, 1), dtype=np.float32)
    line[:, 2:4] = 0.5
    measured = {name: float(measure(line)[0]) for name, measure in MEASURES.items()}
    assert measured == pytest.approx({"brightness": 0.125, "contrast": 0.2165, "ink": 0.125, "stroke": 0.5}, abs=1e-4)


def test_terciles_are_those_of_the_training_split() -> None:
    assert list(bin_by_terciles(np.array([0.0, 5.0, 9.0]), np.arange(10.0))) == ["below 3", "3 to 6", "above 6"]
