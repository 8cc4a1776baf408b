"""Inputs that add nothing are found and removed; those that something needs stay."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

from late_flights.config import Params, load_params
from late_flights.data.schema import Column, Schema, load_schema
from late_flights.data.splits import Split
from late_flights.errors import UserError
from late_flights.paths import ProjectPaths
from late_flights.pipeline import prune
from late_flights.pipeline.prune import Pruning, find_inputs, remove_inputs

NOISE = [f"noise_{number}" for number in range(4)]


@pytest.fixture(scope="module")
def noisy(params: Params, schema: Schema, splits: dict[str, Split]) -> Pruning:
    """The data with random columns, and a linear model."""
    rng = np.random.default_rng(0)
    model = params.train.models[1]
    parts = {}
    for part, rows in splits.items():
        noise = {name: rng.normal(size=len(rows.target)).astype(np.float32) for name in NOISE}
        parts[part] = dataclasses.replace(rows, features=rows.features.assign(**noise))
    columns = [Column(name=name, label=name, kind="number") for name in NOISE]
    params = dataclasses.replace(params, evaluate=dataclasses.replace(params.evaluate, margin=1e9))
    return Pruning(model, params, dataclasses.replace(schema, features=(*schema.features, *columns)), parts)


def test_inputs_that_add_less_than_the_margin_are_found(noisy: Pruning) -> None:
    names, comparison = find_inputs(noisy)
    assert set(NOISE) <= set(names)
    assert len(names) < len(noisy.schema.features)
    assert comparison is not None
    assert comparison.gain.high < comparison.margin


def test_without_a_margin_inputs_stay(noisy: Pruning) -> None:
    params = dataclasses.replace(noisy.params, evaluate=dataclasses.replace(noisy.params.evaluate, margin=0.0))
    ranked = noisy.rank_inputs()
    names, comparison = find_inputs(dataclasses.replace(noisy, params=params))
    assert comparison is None or comparison.gain.high < 0
    assert names == ranked[: len(names)]


def test_too_few_rows_are_an_error(noisy: Pruning) -> None:
    part = noisy.splits["validation"]
    few = dataclasses.replace(part, features=part.features[:9], target=part.target[:9], cases=None)
    with pytest.raises(UserError, match=r"has 9 independent rows, .*raise prepare\.validation_share"):
        find_inputs(dataclasses.replace(noisy, splits={**noisy.splits, "validation": few}))


def test_columns_of_slices_stay(noisy: Pruning) -> None:
    evaluate = dataclasses.replace(noisy.params.evaluate, slices=[NOISE[0]])
    pruning = dataclasses.replace(noisy, params=dataclasses.replace(noisy.params, evaluate=evaluate))
    ranked = pruning.rank_inputs()
    assert NOISE[0] not in ranked
    assert set(NOISE[1:]) <= set(ranked)


def test_removed_inputs_are_left_out_of_the_schema(project: ProjectPaths, tmp_path: Path) -> None:
    path = tmp_path / "schema.yaml"
    shutil.copy(project.schema, path)
    before = load_schema(path)
    first, *_, last = (column for column in before.features if column.name != before.time)
    remove_inputs(path, [first.name, last.name])
    after = load_schema(path)
    assert after.features == tuple(column for column in before.features if column not in (first, last))
    assert {entry.column for entry in after.left_out} - {entry.column for entry in before.left_out} == {
        first.file_name,
        last.file_name,
    }
    kept = [line for line in project.schema.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    assert set(kept) <= set(path.read_text(encoding="utf-8").splitlines())


def test_the_command_names_inputs_or_says_that_there_are_none(
    project: ProjectPaths, copy: ProjectPaths, capsys: pytest.CaptureFixture[str]
) -> None:
    prune.main([], copy)
    output = capsys.readouterr().out
    assert ("No input of " in output) != ("uv run prune --write" in output)
    assert load_params(copy.params) == load_params(project.params)
    prune.main(["--write"], copy)
    removed = len(load_schema(project.schema).features) - len(load_schema(copy.schema).features)
    assert (f"does without {removed} of" in capsys.readouterr().out) == (removed > 0)
