"""Duplicates are removed, and the rest is split reproducibly and stratified."""

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest

from digit_reader.config import Params
from digit_reader.data.duplicates import find_duplicates
from digit_reader.data.loading import read_raw
from digit_reader.data.schema import Schema
from digit_reader.data.splits import Split, read_splits, split, write_splits
from digit_reader.data.validation import validate
from digit_reader.errors import UserError
from digit_reader.paths import ProjectPaths

Splits = dict[str, Split]


@pytest.fixture(scope="module")
def images(project: ProjectPaths, schema: Schema) -> Split:
    return validate(read_raw(project.raw, schema), schema)


def test_block_means_miss_no_duplicate(splits: Splits, schema: Schema) -> None:
    originals = splits["train"].features[:40]
    noise = np.random.default_rng(0).normal(0, 0.02, originals.shape)
    pixels = np.concatenate([originals, (originals + noise).clip(0, 1)]).astype(np.float32)
    first = find_duplicates(pixels, schema.picture, 0.03)
    for row in range(len(pixels)):
        close = [i for i in range(row) if np.sqrt(((pixels[i] - pixels[row]) ** 2).mean()) <= 0.03]
        assert first[row] == (close[0] if close else row)
    assert (first[40:] < 40).mean() > 0.9


def test_duplicates_are_removed_and_conflicting_classes_reported(
    images: Split, schema: Schema, params: Params, splits: Splits, capsys: pytest.CaptureFixture[str]
) -> None:
    nearly_equal = images.features.copy()
    nearly_equal[:, 4, 4] = np.abs(nearly_equal[:, 4, 4] - 0.1)  # one pixel
    other_target = np.roll(images.target, 1)
    doubled = Split(
        np.concatenate([images.features, nearly_equal]),
        np.concatenate([images.target, other_target]),
        (*images.names, *(f"copy of {name}" for name in images.names)),
    )
    kept = [name for part in split(doubled, schema, params.prepare).values() for name in part.names]
    assert len(kept) == sum(len(part.target) for part in splits.values())
    assert not [name for name in kept if name.startswith("copy of")]
    conflict = images.names[int(np.flatnonzero(images.target != other_target)[0])]
    assert f"another class than the image kept: {conflict} and copy of {conflict}" in capsys.readouterr().out


def test_a_class_that_is_too_small_is_an_error(images: Split, schema: Schema, params: Params) -> None:
    rare = schema.classes[-1]
    rows = np.concatenate([np.flatnonzero(images.target != rare), np.flatnonzero(images.target == rare)[:2]])
    with pytest.raises(UserError, match=rf"too few images .*: {re.escape(rare)} \(\d\)"):
        split(images.take(rows), schema, params.prepare)


def test_splits_have_the_configured_sizes_and_the_same_class_shares(
    splits: Splits, schema: Schema, params: Params
) -> None:
    target = np.concatenate([part.target for part in splits.values()])
    assert len(splits["test"].target) == pytest.approx(params.prepare.test_share * len(target), abs=1)
    assert len(splits["validation"].target) == pytest.approx(params.prepare.validation_share * len(target), abs=1)
    for part in splits.values():
        for label in schema.classes:
            share = (target == label).mean()
            assert (part.target == label).mean() == pytest.approx(share, abs=2 / len(part.target))


def test_the_seed_decides_the_split(images: Split, schema: Schema, params: Params) -> None:
    prepare = params.prepare
    same = [split(images, schema, prepare)["test"].names for _ in range(2)]
    other = split(images, schema, dataclasses.replace(prepare, seed=prepare.seed + 1))["test"].names
    assert same[0] == same[1] != other


def test_splits_are_read_as_written(splits: Splits, schema: Schema, tmp_path: Path) -> None:
    write_splits(splits, tmp_path)
    for name, part in read_splits(tmp_path, schema).items():
        np.testing.assert_array_equal(part.features, splits[name].features)
        np.testing.assert_array_equal(part.target, splits[name].target)
