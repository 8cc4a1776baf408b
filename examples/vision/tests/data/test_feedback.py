"""Feedback that is exported has the form of the raw images: a folder per class."""

from pathlib import Path

import numpy as np
import pytest

from digit_reader.data.feedback import to_record
from digit_reader.data.feedback_file import write_records
from digit_reader.data.images import RawImage, decode_image
from digit_reader.data.preprocessing import preprocess_raw
from digit_reader.data.schema import Schema
from digit_reader.errors import UserError
from digit_reader.serving.payloads import stored_inputs
from digit_reader.serving.predictor import Predictor


def test_images_are_files_in_folders_of_their_class(schema: Schema, predictor: Predictor, tmp_path: Path) -> None:
    label = schema.classes[-1]
    record = to_record(stored_inputs(predictor, {}), label, schema)
    assert record
    write_records([record, record], schema, tmp_path / "feedback")
    (path,) = (tmp_path / "feedback").rglob("*.png")
    assert path.parent.name == label
    image = RawImage(path.name, label, path.read_bytes)
    pixels = preprocess_raw(decode_image(image.read()), schema.picture)
    np.testing.assert_allclose(pixels, predictor.predict().pixels, atol=1e-6)


def test_a_folder_is_required(schema: Schema) -> None:
    with pytest.raises(UserError, match="--output FOLDER"):
        write_records([], schema, None)


def test_what_differs_from_the_schema_is_left_out(schema: Schema, predictor: Predictor) -> None:
    assert to_record(stored_inputs(predictor, {}), "../no class", schema) is None
    assert to_record({"picture": "data:image/png;base64,AAAA"}, schema.classes[0], schema) is None
    assert to_record({}, schema.classes[0], schema) is None
