"""Pictures that break the schema are refused in words, and no picture is on both sides of a split."""

import dataclasses
import io
import zipfile
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from .package import Layout, data, params

pictures: Any = import_module(f"{data.__package__}.pictures")

Splits = dict[str, data.Split]


@pytest.fixture
def found(project: Layout, schema: data.Schema) -> list[data.Found]:
    return data.read_raw(project.raw, schema)


@pytest.fixture
def valid(found: list[data.Found], schema: data.Schema) -> data.Split:
    return data.validate(found, schema)


def file_of(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def one_of(schema: data.Schema, splits: Splits) -> bytes:
    """A picture of the data as a file."""
    return file_of(pictures.to_picture(splits["test"].features[0], schema.picture))


def as_archive(folder: Path, schema: data.Schema, files: dict[str, bytes]) -> data.Schema:
    """Write files into an archive; returns the schema of a project that reads it."""
    with zipfile.ZipFile(folder / "some.zip", "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return dataclasses.replace(schema, reading=data.Reading(file="some.zip"))


def as_folder(folder: Path, schema: data.Schema, files: dict[str, bytes]) -> data.Schema:
    """Write files into a folder; returns the schema of a project that reads it."""
    for name, content in files.items():
        path = folder / "some" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return dataclasses.replace(schema, reading=data.Reading(file="some"))


def test_the_data_is_valid(valid: data.Split, schema: data.Schema) -> None:
    assert valid.features.shape[1:] == schema.picture.shape
    assert valid.features.dtype == np.float32, "what the served model computes with"
    assert 0 <= valid.features.min() < valid.features.max() <= 1
    assert set(valid.target) == set(schema.classes)
    assert len(valid.names) == len(valid.target) == len(valid.features)


@pytest.mark.parametrize("write", [as_archive, as_folder], ids=["archive", "folder"])
def test_a_folder_is_a_class_wherever_it_lies(
    schema: data.Schema, splits: Splits, tmp_path: Path, write: Callable[..., data.Schema]
) -> None:
    content = one_of(schema, splits)
    files = {f"here/{label}/1.png": content for label in schema.classes}
    files |= {f"{schema.classes[0]}/2.PNG": content}
    passed_over = {
        "notes.txt": b"seen",
        "loose.png": content,
        f"__MACOSX/{schema.classes[0]}/1.png": content,
        f"{schema.classes[0]}/.hidden.png": content,
        f"{schema.classes[0]}/read me.txt": b"seen",
    }
    found = data.read_raw(tmp_path, write(tmp_path, schema, files | passed_over))
    assert {one.name for one in found} == set(files)
    assert {one.label for one in found} == set(schema.classes)
    assert all(one.content() == content for one in found)


@pytest.mark.parametrize("write", [as_archive, as_folder], ids=["archive", "folder"])
def test_classes_that_came_or_went_are_named(
    schema: data.Schema, splits: Splits, tmp_path: Path, write: Callable[..., data.Schema]
) -> None:
    content = one_of(schema, splits)
    files = {f"{label}/1.png": content for label in schema.classes[1:]}
    files |= {"quite new/1.png": content, "quite new/2.png": content}
    with pytest.raises(data.DataError) as caught:
        data.read_raw(tmp_path, write(tmp_path, schema, files))
    assert str(caught.value).splitlines() == [
        "folders that schema.yaml lists as no class: quite new (2)",
        f"classes of schema.yaml that have no pictures: {schema.classes[0]}",
    ]


def test_data_that_is_not_there_is_fetched_by_dvc(schema: data.Schema, tmp_path: Path) -> None:
    with pytest.raises(data.DataError, match="`dvc pull` fetches it"):
        data.read_raw(tmp_path, schema)


def test_too_many_files_that_are_no_pictures_are_an_error(found: list[data.Found], schema: data.Schema) -> None:
    broken = [dataclasses.replace(one, content=partial(bytes, b"no picture")) for one in found]
    with pytest.raises(data.DataError) as caught:
        data.validate(broken, schema)
    first, second, *_, last = str(caught.value).splitlines()
    assert first == f"{len(found)} of {len(found)} pictures can't be taken:"
    assert second.startswith(f"{found[0].name}: This is no picture that can be read")
    assert last == "..."


def test_a_sample_keeps_rare_classes_and_is_the_same_each_time() -> None:
    counts = {"usual": 600, "other": 300, "rare": data.LEAST_OF_A_CLASS}
    every = [data.Found(f"{label}/{at}.png", label, bytes) for label, count in counts.items() for at in range(count)]
    sample = data.sampled(every, 300)
    shares = {label: sum(one.label == label for one in sample) for label in counts}
    assert shares == {"usual": 199, "other": 99, "rare": data.LEAST_OF_A_CLASS}
    assert sample == data.sampled(every, 300)
    assert data.sampled(every, None) == data.sampled(every, len(every)) == every


def test_a_typo_in_the_schema_is_an_error(project: Layout, tmp_path: Path) -> None:
    written = project.schema.read_text(encoding="utf-8")
    for right, wrong in (("label:", "lable:"), ("height:", "hieght:")):
        (tmp_path / "schema.yaml").write_text(written.replace(right, wrong, 1), encoding="utf-8")
        with pytest.raises(ValueError, match=wrong[:-1]):
            data.load_schema(tmp_path / "schema.yaml")


def test_a_copy_and_a_near_copy_are_one_picture(
    valid: data.Split,
    schema: data.Schema,
    turned: params.Params,
    splits: Splits,
    capsys: pytest.CaptureFixture[str],
) -> None:
    near = valid.features.copy()
    near[:, 4, 4] = np.abs(near[:, 4, 4] - 0.1)  # one cell
    other = np.roll(valid.target, 1)
    both = data.Split(
        np.concatenate([valid.features, near]),
        np.concatenate([valid.target, other]),
        (*valid.names, *(f"near {name}" for name in valid.names)),
    )
    again = data.split(both, schema, turned.prepare)
    kept = [name for part in again.values() for name in part.names]
    assert len(kept) == sum(len(part.target) for part in splits.values())
    assert not [name for name in kept if name.startswith("near")]
    torn = next(at for at, (one, two) in enumerate(zip(valid.target, other, strict=True)) if one != two)
    said = capsys.readouterr().out
    assert "of another class than their like: " in said
    assert f"{valid.names[torn]} and near {valid.names[torn]}" in said


def test_too_few_pictures_of_a_class_are_said_so(valid: data.Split, schema: data.Schema, turned: params.Params) -> None:
    rare = schema.classes[-1]
    rows = np.concatenate([np.flatnonzero(valid.target != rare), np.flatnonzero(valid.target == rare)[:2]])
    with pytest.raises(data.DataError, match=rf"too few pictures remain of '{rare}' \(\d\)"):
        data.split(data.Split(valid.features[rows], valid.target[rows]), schema, turned.prepare)


def test_shares_are_those_of_the_parameters(splits: Splits, turned: params.Params) -> None:
    rows = {name: len(part.target) for name, part in splits.items()}
    total = sum(rows.values())
    assert rows["test"] == pytest.approx(turned.prepare.test_share * total, abs=1)
    assert rows["validation"] == pytest.approx(turned.prepare.validation_share * total, abs=1)


def test_classes_keep_their_shares(splits: Splits, schema: data.Schema) -> None:
    whole = np.concatenate([part.target for part in splits.values()])
    for part in splits.values():
        for label in schema.classes:
            assert (part.target == label).mean() == pytest.approx((whole == label).mean(), abs=2 / len(part.target))


def test_same_seed_same_split(valid: data.Split, schema: data.Schema, turned: params.Params) -> None:
    once, again = (data.split(valid, schema, turned.prepare)["test"] for _ in range(2))
    other = data.split(valid, schema, dataclasses.replace(turned.prepare, seed=turned.prepare.seed + 1))["test"]
    np.testing.assert_array_equal(once.features, again.features)
    assert once.names == again.names
    assert not np.array_equal(once.features, other.features)


def test_splits_survive_the_disk(splits: Splits, schema: data.Schema, tmp_path: Path) -> None:
    data.write_splits(splits, tmp_path)
    for name, part in data.read_splits(tmp_path, schema).items():
        np.testing.assert_array_equal(part.features, splits[name].features)
        np.testing.assert_array_equal(part.target, splits[name].target)


def test_slices_cover_every_picture_once(splits: Splits, schema: data.Schema, turned: params.Params) -> None:
    every = dataclasses.replace(turned.evaluate, slices=["class", "brightness", "contrast"])
    for evaluate in (turned.evaluate, every):
        slices = data.slices_of(splits, schema, evaluate)
        assert len(slices) == len(evaluate.slices)
        for labels in slices.values():
            assert len(labels) == len(splits["test"].target)
            assert labels.notna().all()
    assert list(slices) == [schema.target.label, "Brightness", "Contrast"]
    assert list(slices[schema.target.label].categories) == list(schema.classes)


def test_a_lighter_picture_is_brighter_and_a_flat_one_has_no_contrast() -> None:
    dark, light = np.full((1, 8, 8, 1), 0.25, dtype=np.float32), np.full((1, 8, 8, 1), 0.75, dtype=np.float32)
    assert (data.mean_of(dark)[0], data.mean_of(light)[0]) == (0.25, 0.75)
    assert data.contrast_of(dark)[0] == 0
    assert data.contrast_of(np.concatenate([dark, light], axis=1))[0] == 0.25
    assert list(data.thirds(np.array([0.0, 5.0, 9.0]), np.arange(10.0))) == ["below 3", "3 to 6", "above 6"]
