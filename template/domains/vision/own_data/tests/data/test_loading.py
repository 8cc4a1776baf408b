"""The raw images are found in a folder or a zip archive; their folders are their classes."""

import dataclasses
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from project_package.data.images import RawImage
from project_package.data.loading import read_raw, stratified_sample
from project_package.data.schema import Reading, Schema
from project_package.data.splits import MIN_CLASS_SIZE
from project_package.errors import UserError

FILES = ["a/1.png", "b/2.PNG", "deeper/b/3.jpg"]
IGNORED = ["notes.txt", "no_class.png", "__MACOSX/a/4.png", "a/.hidden.png", "a/notes.txt", "too rare/5.png"]


def write_folder(folder: Path) -> str:
    for name in [*FILES, *IGNORED]:
        (folder / "images" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "images" / name).write_text(name)
    return "images"


def write_archive(folder: Path) -> str:
    with zipfile.ZipFile(folder / "images.zip", "w") as archive:
        for name in [*FILES, *IGNORED]:
            archive.writestr(name, name)
    return "images.zip"


@pytest.mark.parametrize("write", [write_folder, write_archive])
def test_folder_names_are_classes(schema: Schema, tmp_path: Path, write: Callable[[Path], str]) -> None:
    changed = dataclasses.replace(schema, reading=Reading(file=write(tmp_path)), too_rare=("too rare",))
    images = read_raw(tmp_path, changed)
    assert [image.name for image in images] == FILES
    assert [image.label for image in images] == ["a", "b", "b"]
    assert [image.read().decode() for image in images] == FILES


def test_missing_data_is_reported(schema: Schema, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is missing; run: uv run dvc pull"):
        read_raw(tmp_path, schema)


def test_sample_is_stratified_and_reproducible() -> None:
    counts = {"common": 600, "other": 300, "rare": MIN_CLASS_SIZE}
    images = [
        RawImage(f"{label}/{number:03}.png", label, bytes) for label, count in counts.items() for number in range(count)
    ]
    sample = stratified_sample(images, 300)
    assert {label: sum(image.label == label for image in sample) for label in counts} == {
        "common": 199,
        "other": 99,
        "rare": MIN_CLASS_SIZE,
    }
    assert sample == stratified_sample(images, 300)
    assert stratified_sample(images, None) == stratified_sample(images, 1000) == images
