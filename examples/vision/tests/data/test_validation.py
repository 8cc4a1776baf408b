"""Images that don't match the schema are reported before anything is trained."""

from functools import partial

import numpy as np
import pytest

from digit_reader.data.images import RawImage
from digit_reader.data.loading import read_raw
from digit_reader.data.schema import Schema, load_schema
from digit_reader.data.splits import Split
from digit_reader.data.validation import validate
from digit_reader.errors import DataError, UserError
from digit_reader.paths import ProjectPaths


@pytest.fixture
def raw(project: ProjectPaths, schema: Schema) -> list[RawImage]:
    return read_raw(project.raw, schema)


def test_valid_images_become_pixels_from_zero_to_one(raw: list[RawImage], schema: Schema) -> None:
    images: Split = validate(raw, schema)
    assert images.features.shape == (len(images.target), *schema.picture.shape)
    assert images.features.dtype == np.float32
    assert 0 <= images.features.min() < images.features.max() <= 1
    assert set(images.target) == set(schema.classes)
    assert len(images.names) == len(images.target)


def test_unknown_and_missing_classes_are_listed(raw: list[RawImage], schema: Schema) -> None:
    first = schema.classes[0]
    changed = [image._replace(label="new") if image.label == first else image for image in raw]
    count = sum(image.label == "new" for image in changed)
    with pytest.raises(DataError) as caught:
        validate(changed, schema)
    assert str(caught.value).splitlines() == [
        f"folders that are not listed as classes: new ({count} images); add them to `choices`",
        f"classes without images: {first}; add images or remove them from `choices`",
    ]


def test_many_unreadable_files_are_an_error(raw: list[RawImage], schema: Schema) -> None:
    broken = [image._replace(read=partial(bytes, b"not an image")) for image in raw]
    with pytest.raises(DataError) as caught:
        validate(broken, schema)
    first, second, *_, last = str(caught.value).splitlines()
    assert first == f"{len(raw)} of {len(raw)} images can't be used:"
    assert second.startswith(f"{raw[0].name}: The file is not a readable image")
    assert last == "..."


@pytest.mark.parametrize(("key", "typo"), [("label:", "lable:"), ("height:", "hieght:")])
def test_typos_in_the_schema_are_reported(project: ProjectPaths, key: str, typo: str) -> None:
    path = project.root / "typo.yaml"
    path.write_text(project.schema.read_text(encoding="utf-8").replace(key, typo, 1), encoding="utf-8")
    with pytest.raises(UserError, match=typo[:-1]):
        load_schema(path)
